import { existsSync } from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'
import { exec } from './exec.ts'

/**
 * Whether git could take a file. `outside`: in no work tree (or in the `.git` directory of one); `ignored`: git
 * passes it over; `tracked-or-visible`: it is committed, or `git add .` would take it, or git can't tell.
 * The file and its directory need not exist.
 */
export async function insideGit(
  path: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<'outside' | 'ignored' | 'tracked-or-visible'> {
  const root = workTreeOf(dirname(path))
  if (root === undefined || relative(root, path).split(sep)[0] === '.git') return 'outside'
  try {
    const own = withoutGit(env)
    const { exitCode } = await exec('git', ['check-ignore', '--quiet', '--', relative(root, path)], {
      cwd: root,
      env: own,
    })
    return exitCode === 0 ? 'ignored' : 'tracked-or-visible'
  } catch {
    return 'tracked-or-visible'
  }
}

/**
 * The files below a directory that git has committed or staged although its `.gitignore` passes them over, as paths from there,
 * and the directories on the way to them, with a `/` behind: what is in the index is never ignored. Empty outside of a work
 * tree, and where there is no git to ask.
 */
export function trackedThoughIgnored(directory: string): ReadonlySet<string> {
  // Most runs do without, and loading it takes longer than what they do.
  const { spawnSync } = process.getBuiltinModule('node:child_process')
  const words = ['ls-files', '-z', '--cached', '--ignored', '--exclude-standard']
  const { status, stdout } = spawnSync('git', words, {
    cwd: directory,
    env: withoutGit(process.env),
    stdio: ['ignore', 'pipe', 'ignore'],
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  })
  const tracked = new Set<string>()
  for (const path of status === 0 ? stdout.split('\0') : []) {
    if (path === '') continue
    tracked.add(path)
    for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
      const above = path.slice(0, end + 1)
      if (tracked.has(above)) break
      tracked.add(above)
    }
  }
  return tracked
}

/** Without GIT_DIR and the like: they would make git speak of another repository. */
const withoutGit = (env: Readonly<Record<string, string | undefined>>): Record<string, string | undefined> =>
  Object.fromEntries(Object.entries(env).filter(([name]) => !/^GIT_/.test(name)))

function workTreeOf(directory: string): string | undefined {
  if (existsSync(join(directory, '.git'))) return directory
  const parent = dirname(directory)
  return parent === directory ? undefined : workTreeOf(parent)
}
