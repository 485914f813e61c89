import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { resolve } from 'node:path'

/**
 * A path as ansible-core's `unfrackpath(path, follow=False)` makes it: `$NAME` and `${NAME}` that are set, then
 * `~` and `~user`, then absolute from `base`, without `.` and `..`. Links are not followed.
 */
export async function ansiblePath(
  path: string,
  base: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<string> {
  const expanded = path.replace(/\$(?:(\w+)|\{([^}]*)\})/g, (all, bare?: string, braced?: string) => {
    return env[bare ?? braced ?? ''] ?? all
  })
  const [tilde, user] = /^~([^/\\]*)/.exec(expanded) ?? []
  if (tilde === undefined) return resolve(base, expanded)
  const home = user === '' ? (env.HOME ?? homedir()) : await homeOf(user ?? '')
  return resolve(
    base,
    home === undefined ? expanded : home.replace(/[/\\]+$/, '') + expanded.slice(tilde.length),
  )
}

/** As Python looks it up where no directory service is in use. */
async function homeOf(user: string): Promise<string | undefined> {
  const accounts = await readFile('/etc/passwd', 'utf8').catch(() => '')
  return accounts
    .split('\n')
    .map((line) => line.split(':'))
    .find(([name]) => name === user)?.[5]
}
