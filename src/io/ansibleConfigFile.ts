import { constants } from 'node:fs'
import { access, readFile, stat } from 'node:fs/promises'
import { platform } from 'node:os'
import { extname, join } from 'node:path'
import { UserError } from '../errors.ts'
import { ansiblePath } from './ansiblePath.ts'

export interface FoundConfig {
  /** Absolute. */
  readonly path: string
  readonly text: string
}

export interface ConfigSearch {
  /** Absolute: where Ansible will run. */
  readonly projectDir: string
  /** Absolute: what a relative `ANSIBLE_CONFIG` starts from. */
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
}

/**
 * The one ansible.cfg that Ansible would read: `ANSIBLE_CONFIG`, the directory it runs in unless everybody may
 * write there, `~/.ansible.cfg`, `/etc/ansible/ansible.cfg`; the first that is there and readable.
 * (ansible-core, config/manager.py, `find_ini_config_file`.)
 */
export async function ansibleConfigFile({
  projectDir,
  cwd,
  env,
}: ConfigSearch): Promise<{ found: FoundConfig | undefined; warnings: readonly string[] }> {
  const fromEnv =
    env.ANSIBLE_CONFIG === undefined ? undefined : await ansiblePath(env.ANSIBLE_CONFIG, cwd, env)
  const named = fromEnv !== undefined && (await isDirectory(fromEnv)) ? join(fromEnv, 'ansible.cfg') : fromEnv
  const local = join(projectDir, 'ansible.cfg')
  const isOpenToAll = await isWorldWritable(projectDir)
  const candidates = [
    ...(named === undefined ? [] : [named]),
    ...(isOpenToAll ? [] : [local]),
    await ansiblePath('~/.ansible.cfg', projectDir, env),
    '/etc/ansible/ansible.cfg',
  ]
  for (const path of candidates) {
    if (!(await isReadable(path))) continue
    const warnings = path !== named && isOpenToAll ? await ignored(local, projectDir) : []
    return { found: { path, text: await configText(path) }, warnings }
  }
  return { found: undefined, warnings: isOpenToAll ? await ignored(local, projectDir) : [] }
}

async function configText(path: string): Promise<string> {
  if (!['.cfg', '.ini'].includes(extname(path)))
    throw new UserError(
      `Ansible can't use ${path} as its configuration: the name ends in neither .cfg nor .ini`,
      {
        fix: 'point ANSIBLE_CONFIG at a file whose name ends in .cfg',
      },
    )
  let bytes: Buffer
  try {
    bytes = await readFile(path)
  } catch (cause) {
    throw new UserError(`${path} can't be read`, {
      fix: 'make it a readable file, or remove it',
      at: path,
      cause,
    })
  }
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw new UserError(`${path} is not UTF-8, so Ansible can't read it`, {
      fix: 'save it as UTF-8',
      at: path,
    })
  }
}

async function ignored(local: string, projectDir: string): Promise<readonly string[]> {
  if (!(await isReadable(local))) return []
  return [
    `Ansible ignores ${local}, because everybody may write to ${projectDir}: chmod o-w ${projectDir}, or set ANSIBLE_CONFIG`,
  ]
}

const isDirectory = async (path: string): Promise<boolean> =>
  (await stat(path).catch(() => undefined))?.isDirectory() ?? false

const isReadable = async (path: string): Promise<boolean> =>
  access(path, constants.R_OK).then(
    () => true,
    () => false,
  )

async function isWorldWritable(path: string): Promise<boolean> {
  if (platform() === 'win32') return false
  const stats = await stat(path).catch(() => undefined)
  return stats !== undefined && (stats.mode & 0o002) !== 0
}
