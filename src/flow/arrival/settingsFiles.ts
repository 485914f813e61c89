import { defaultConfigFile, type K3sSetting, k3sSettings } from '../../facts/k3sSettings.ts'
import type { Atom, Atoms } from '../atoms.ts'
import { mayBeIn, type PaperFile } from '../files.ts'
import { readConfig } from './config.ts'
import { envFileParts } from './envFiles.ts'
import { type Letters, paperSource, tracedText } from './letters.ts'
import { lookupIn, shellOn } from './shellProcess.ts'

/** Where units have their env files: the install script puts them there, and its units name them. */
const OF_SYSTEMD = /^\/etc\/(?:systemd\/system|default|sysconfig)\/[^/]+$/
/** What a shell reads for OpenRC. */
const OF_OPENRC = /^\/etc\/conf\.d\/[^/]+$|^\/etc\/rancher\/k3s\/[^/]+\.env$/
const OF_K3S = new RegExp(`^${defaultConfigFile.replaceAll('.', '\\.')}(?:\\.d/[^/]+\\.ya?ml)?$`)

const TOKENS: readonly K3sSetting[] = [k3sSettings.token, k3sSettings.agentToken]

/** What a config file of K3s, or an env file of a service, gives as a token, whether the unit that reads it is known or not. */
export function tokensIn(path: string, file: PaperFile, atoms: Atoms): readonly Atom[] {
  const content = mayBeIn(file.content)
  if (atoms.in(content).length === 0) return []
  return tokenTexts(path, { ...file, content }, atoms).flatMap((text) =>
    tracedText(text, atoms).marks.map(({ atom }) => atom),
  )
}

function tokenTexts(path: string, file: PaperFile, atoms: Atoms): readonly Letters[] {
  const source = paperSource(path, file)
  if (OF_K3S.test(path))
    return readConfig([{ path, file, source }], atoms).flatMap(({ flag: key, value }) =>
      value !== undefined && TOKENS.some(({ flag, short }) => key === flag || key === short) ? [value] : [],
    )
  if (OF_SYSTEMD.test(path))
    return envFileParts(file, source, [], atoms).flatMap(({ name, value }) =>
      TOKENS.some(({ variable }) => name === variable) ? [value] : [],
    )
  if (!OF_OPENRC.test(path)) return []
  const { run, content } = shellOn(lookupIn(new Map([[path, file]])), [], paperSource, atoms)
  const text = content(path)
  if (text !== undefined) run.run(text)
  return TOKENS.flatMap(({ variable }) => run.variables.get(variable) ?? [])
}
