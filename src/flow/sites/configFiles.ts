import { configKeys } from '../../facts/tokenVariables.ts'
import { entryOf, type YamlText } from '../../syntax/yaml.ts'
import { withoutComments } from './around.ts'
import { isTemplate } from './places.ts'
import type { Setting, TokenUse } from './site.ts'
import { readValue } from './value.ts'
import { writtenYaml } from './written.ts'

/** Whether a file is a config.yaml of K3s or RKE2, or a template of one: `templates` are those that tasks make one of. */
export function isConfig(path: string, text: string, templates: ReadonlySet<string>): boolean {
  const made = path.replace(/\.j2$/, '')
  if (/(^|\/)templates\//.test(path) && templates.has(path.slice(path.lastIndexOf('/') + 1))) return true
  if (!/config[^/]*\.ya?ml$|config\.yaml\.d\/[^/]*\.ya?ml$/.test(made) || !text.includes('token'))
    return false
  if (/^[ \t]*(?:apiVersion|kind):/m.test(text)) return false
  if (/(?:k3s|rke2)\/config\.ya?ml$/.test(made)) return true
  const keys = [...text.matchAll(/^["']?([a-z-]+)["']?:/gm)].filter(([, key = '']) => configKeys.has(key))
  return keys.length >= (/k3s|rke2/.test(path) ? 1 : 2)
}

/** The tokens of a config.yaml, read line by line: a template of one is no YAML yet. */
export function* configSettings(
  path: string,
  text: string,
  yaml: () => YamlText | undefined,
): Generator<Setting> {
  const lines = withoutComments(text, 'yaml')
  for (const match of lines.matchAll(/^["']?(token|agent-token)["']?:[ \t]+/gm)) {
    const value = readValue(path, lines, match.index + match[0].length, 'yaml', false)
    if (value === undefined || /^[|>!&*]/.test(value.raw)) continue
    const { style } = value.written
    const name = match[1] ?? 'token'
    const use: TokenUse =
      name === 'agent-token' ? 'agent-token' : /agent|worker|node/i.test(path) ? 'agent' : 'both'
    const node = isTemplate(path) ? undefined : entryOf(yaml()?.root, name)?.value
    const written = node?.kind === 'scalar' ? writtenYaml(node, text) : value.written
    yield {
      name,
      carrier: 'config',
      // What a finished file says is known: only a template is filled in without looking.
      sink:
        node !== undefined
          ? undefined
          : style === 'single'
            ? 'yaml-single-quoted'
            : style === 'double'
              ? 'yaml-double-quoted'
              : 'yaml-plain',
      use,
      isArgument: false,
      file: 'yaml',
      raw: value.raw,
      written,
    }
  }
}
