import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path'
import { parseAnsibleConfig } from '../../ansible/config.ts'
import { vaultSources } from '../../ansible/vaultSources.ts'
import { UserError } from '../../errors.ts'
import { ansibleConfigFile } from '../../io/ansibleConfigFile.ts'
import { ansiblePath } from '../../io/ansiblePath.ts'
import { realPath } from '../../io/bundle/tree.ts'
import { inventoryPaths, nameOf, pathKind, readBytes, readTexts } from '../../io/files.ts'
import type { Session } from '../session.ts'

export interface InventoryFile {
  readonly absolute: string
  /** As it lies below the inventory's directory, with `/`. */
  readonly path: string
  readonly bytes: Buffer
}

export interface PackedInventory {
  /** Absolute: the directory that holds all sources. */
  readonly base: string
  /** As `-i` names them from there. */
  readonly sources: readonly string[]
  readonly files: readonly InventoryFile[]
  /** What lies among them and stays behind, with the reason. */
  readonly left: readonly { readonly path: string; readonly why: string }[]
}

/** The inventory with its group_vars and host_vars, without what lies in `directory`. Throws `UserError`. */
export function packedInventory(
  { cwd }: Session,
  named: readonly string[],
  directory: string,
): PackedInventory {
  const sources = named.map((source) => {
    const path = resolve(cwd, source)
    if (source.includes(',') && pathKind(path) === 'absent')
      throw new UserError('a list of hosts has no file to pack', {
        at: source,
        fix: 'name an inventory file or directory with -i',
      })
    if (pathKind(path) === 'absent')
      throw new UserError('there is no such inventory', { at: source, fix: 'check -i' })
    return path
  })
  const base = commonDirectory(sources.map((path) => dirname(path)))
  const { texts, passedOver } = readTexts(base, sources.flatMap(inventoryPaths))
  const isInside = (name: string): boolean => isBelow(directory, resolve(base, name))
  const files = [...texts.keys()]
    .filter((path) => !isInside(path))
    .map((path) => {
      const absolute = resolve(base, path)
      return { absolute, path, bytes: readBytes(absolute) ?? Buffer.alloc(0) }
    })
  return {
    base,
    sources: sources.map((path) => nameOf(base, path)),
    files,
    left: passedOver.filter(({ path }) => !isInside(path)),
  }
}

/** Absolute, with links followed: the files that Ansible would take vault passwords from here. */
export async function vaultPasswordFiles(
  { cwd, env }: Session,
  projectDir: string,
): Promise<ReadonlySet<string>> {
  const { found } = await ansibleConfigFile({ projectDir, cwd, env })
  const sources = vaultSources({
    vaultIds: [],
    passwordFiles: [],
    askVaultPass: false,
    env,
    config: found && parseAnsibleConfig(found.path, found.text),
    cwd,
    projectDir,
    configDir: found && dirname(found.path),
  })
  const paths = sources.flatMap(({ path, base }) =>
    path === undefined ? [] : [ansiblePath(path, base ?? cwd, env)],
  )
  return new Set((await Promise.all(paths)).map(realPath))
}

/** Whether a path is a directory or lies in it. */
export function isBelow(directory: string, path: string): boolean {
  const name = relative(directory, path)
  return name === '' || (name !== '..' && !name.startsWith(`..${sep}`) && !isAbsolute(name))
}

function commonDirectory(directories: readonly string[]): string {
  const [first = '', ...others] = directories
  let common = first
  for (const directory of others)
    while (!isBelow(common, directory) && dirname(common) !== common) common = join(common, '..')
  return common
}
