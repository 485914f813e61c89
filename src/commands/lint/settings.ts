import { dirname, join, resolve } from 'node:path'
import { UserError } from '../../errors.ts'
import { nameOf, pathKind, readText } from '../../io/files.ts'
import type { LintConfig } from '../../lint/config.ts'
import type { Session } from '../session.ts'

export interface Settings {
  readonly config: LintConfig
  /** Absolute: what the paths in the configuration are relative to. */
  readonly directory: string
}

/** In the order in which they are looked for in a directory; of package.json the key `k3seal`. */
const NAMES = ['.k3seal.yml', '.k3seal.yaml', '.config/k3seal.yml', '.config/k3seal.yaml', 'package.json']

/** The configuration that is named, or the nearest one from the project upwards to the top of the work tree. */
export async function settingsFor(
  { cwd }: Pick<Session, 'cwd'>,
  root: string,
  named: string | undefined,
  ruleIds: () => Promise<readonly string[]>,
): Promise<Settings> {
  if (named !== undefined) {
    const path = resolve(cwd, named)
    const text = readText(path)
    if (text === undefined) throw new UserError('does not exist', { at: named, fix: 'check --config' })
    const config = await read(nameOf(cwd, path), text, ruleIds)
    if (config === undefined)
      throw new UserError('has no key k3seal', { at: named, fix: 'add one, or name another file' })
    return { config, directory: dirname(path) }
  }
  for (let at = root; ; at = dirname(at)) {
    for (const name of NAMES) {
      const path = join(at, name)
      if (pathKind(path) !== 'file') continue
      const config = await read(nameOf(cwd, path), readText(path) ?? '', ruleIds)
      if (config !== undefined) return { config, directory: at }
    }
    if (pathKind(join(at, '.git')) !== 'absent' || dirname(at) === at) return { config: {}, directory: root }
  }
}

/** Loads what reads YAML, and the rules, only where there is a configuration. */
async function read(
  name: string,
  text: string,
  ruleIds: () => Promise<readonly string[]>,
): Promise<LintConfig | undefined> {
  if (name.endsWith('package.json') && !text.includes('"k3seal"')) return undefined
  const { readConfig } = await import('../../lint/config.ts')
  return readConfig(name, text, await ruleIds())
}
