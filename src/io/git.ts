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
    // Without GIT_DIR and the like: they would make git speak of another repository.
    const own = Object.fromEntries(Object.entries(env).filter(([name]) => !/^GIT_/.test(name)))
    const { exitCode } = await exec('git', ['check-ignore', '--quiet', '--', relative(root, path)], {
      cwd: root,
      env: own,
    })
    return exitCode === 0 ? 'ignored' : 'tracked-or-visible'
  } catch {
    return 'tracked-or-visible'
  }
}

function workTreeOf(directory: string): string | undefined {
  if (existsSync(join(directory, '.git'))) return directory
  const parent = dirname(directory)
  return parent === directory ? undefined : workTreeOf(parent)
}
