import { dirname, join, resolve } from 'node:path'
import { UserError } from '../../errors.ts'
import { Cache } from '../../io/cache.ts'
import { nameOf, pathKind, readText } from '../../io/files.ts'
import type { LintConfig } from '../../lint/config.ts'
import { ownRules } from '../../lint/ownRules.ts'
import { cachedConfig, cachedConfigText, configKey } from '../../lint/resultCache.ts'
import { ruleIds } from '../../rules/ids.ts'
import type { Session } from '../session.ts'
import type { LintFlags } from './flags.ts'

export interface Settings {
  readonly config: LintConfig
  /** Absolute: what the paths in the configuration are relative to. */
  readonly directory: string
}

/** Of every rule that a setting or an option may name. */
export const knownIds: readonly string[] = [...ruleIds, ...ownRules.map(({ id }) => id)].sort()

/** In the order in which they are looked for in a directory; of package.json the key `k3seal`. */
const NAMES = ['.k3seal.yml', '.k3seal.yaml', '.config/k3seal.yml', '.config/k3seal.yaml', 'package.json']

/** The configuration that is named, or the nearest one from the project upwards to the top of the work tree. */
export async function settingsFor(
  cwd: string,
  root: string,
  named: string | undefined,
  cache?: Session['cache'],
): Promise<Settings> {
  if (named !== undefined) {
    const path = resolve(cwd, named)
    const text = readText(path)
    if (text === undefined) throw new UserError('does not exist', { at: named, fix: 'check --config' })
    const config = await read(nameOf(cwd, path), text, cache)
    if (config === undefined)
      throw new UserError('has no key k3seal', { at: named, fix: 'add one, or name another file' })
    return { config, directory: dirname(path) }
  }
  for (let at = root; ; at = dirname(at)) {
    for (const name of NAMES) {
      const path = join(at, name)
      if (pathKind(path) !== 'file') continue
      const config = await read(nameOf(cwd, path), readText(path) ?? '', cache)
      if (config !== undefined) return { config, directory: at }
    }
    if (pathKind(join(at, '.git')) !== 'absent' || dirname(at) === at) return { config: {}, directory: root }
  }
}

/** Loads what reads YAML only where there is a configuration that was not read before. */
async function read(name: string, text: string, cache: Session['cache']): Promise<LintConfig | undefined> {
  const isPackage = name.endsWith('package.json')
  if (isPackage && !text.includes('"k3seal"')) return undefined
  const kept = cache === undefined ? undefined : new Cache(cache.directory)
  const key = cache === undefined ? '' : configKey(cache.build, isPackage, text)
  const entry = kept?.get(key)
  if (entry !== undefined) return cachedConfig(entry)
  const { readConfig } = await import('../../lint/config.ts')
  const config = readConfig(name, text, knownIds)
  if (config !== undefined) kept?.put(key, cachedConfigText(config))
  return config
}

const BASELINE = '.k3seal-baseline.json'

/** Absolute: the baseline that is named, or the one that lies beside the configuration. */
export function baselinePath(cwd: string, flags: LintFlags, { config, directory }: Settings): string {
  if (flags.baseline !== undefined) return resolve(cwd, flags.baseline)
  return join(directory, config.baseline ?? BASELINE)
}
