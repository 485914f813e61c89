import { configVariables, tokenSettings } from '../../facts/tokenVariables.ts'
import { type Expression, parseTemplate, yamlTemplate } from '../../syntax/jinja/index.ts'
import type { YamlNode, YamlScalar, YamlText } from '../../syntax/yaml.ts'
import type { Setting, TokenUse } from './site.ts'
import { useByPath } from './use.ts'
import { writtenYaml } from './written.ts'

/** In quotes or not, in YAML or in a dictionary of a template; a key behind `?` has its colon on the next line. */
const TOKEN_KEY = /token["']?\s*:/

/**
 * Token settings that are keys of YAML: `environment:` of tasks, compose files, CI jobs, launch configurations of MicroK8s,
 * variables that hold a config.yaml, and dictionaries in templates (`combine({'token': …})`).
 */
export function* yamlSettings(
  path: string,
  text: string,
  yaml: () => YamlText | undefined,
): Generator<Setting> {
  const isPossible =
    Object.keys(tokenSettings).some((name) => text.includes(name)) ||
    text.includes('persistentClusterToken') ||
    (TOKEN_KEY.test(text) &&
      (/\bcombine\b/.test(text) || configVariables.some((name) => text.includes(name))))
  const root = isPossible ? yaml()?.root : undefined
  if (root !== undefined) yield* walk(root, path, text, undefined)
}

function* walk(node: YamlNode, path: string, text: string, holder: string | undefined): Generator<Setting> {
  if (node.alias !== undefined) return
  if (node.kind === 'scalar') yield* dictionaries(node, path, text)
  else if (node.kind === 'sequence') for (const item of node.items) yield* walk(item, path, text, holder)
  else
    for (const { name, value } of node.written) {
      const setting =
        value.kind === 'scalar' && value.alias === undefined ? settingOf(name, holder) : undefined
      if (setting === undefined || value.kind !== 'scalar') yield* walk(value, path, text, name)
      else yield settingAt(value, name, setting, path, text)
    }
}

type Kind = Pick<Setting, 'carrier'> & { readonly use: TokenUse | undefined }

function settingOf(name: string, holder: string | undefined): Kind | undefined {
  if (name in tokenSettings)
    return {
      carrier: 'environment',
      use: tokenSettings[name as keyof typeof tokenSettings] === 'agent-token' ? 'agent-token' : undefined,
    }
  if (name === 'persistentClusterToken') return { carrier: 'launch-config', use: 'both' }
  if (holder === undefined || !configVariables.includes(holder)) return undefined
  if (name === 'agent-token') return { carrier: 'config', use: 'agent-token' }
  return name === 'token' ? { carrier: 'config', use: /agent/.test(holder) ? 'agent' : 'both' } : undefined
}

function settingAt(
  value: YamlScalar,
  name: string,
  { carrier, use }: Kind,
  path: string,
  text: string,
): Setting {
  const written = writtenYaml(value, text)
  return {
    name,
    carrier,
    use: use ?? useByPath(path),
    written,
    raw: text.slice(written.at.start, written.at.end),
    sink: undefined,
    isArgument: false,
    file: 'yaml',
  }
}

function* dictionaries(node: YamlScalar, path: string, text: string): Generator<Setting> {
  const raw = text.slice(node.at.start, node.at.end)
  if (!raw.includes('{{') || !/token/i.test(raw) || !/k3s|rke2|config/i.test(raw)) return
  const use: TokenUse = /agent|worker/.test(path)
    ? 'agent'
    : /server|master/.test(path)
      ? 'server'
      : 'unknown'
  for (const tag of parseTemplate(raw, yamlTemplate).body)
    if (tag.kind === 'output')
      for (const { key, value } of entriesOf(tag.expression)) {
        if (!/^(?:agent-)?token$|^(?:K3S|RKE2)_(?:AGENT_)?TOKEN$/.test(key)) continue
        const start = node.at.start + value.start
        const end = node.at.start + value.end
        yield {
          name: key,
          carrier: 'config',
          use: /agent/i.test(key) ? 'agent-token' : use,
          // As a template of its own, padded so that offsets stay true.
          written: {
            at: { path, start: start - 2, end },
            text: undefined,
            hidden: 'template',
            style: 'none',
          },
          raw: `{{${text.slice(start, end)}}}`,
          sink: undefined,
          isArgument: false,
          file: 'yaml',
        }
      }
}

function entriesOf(expression: Expression): { readonly key: string; readonly value: Expression }[] {
  if (expression.kind === 'dict')
    return expression.entries.flatMap(({ key, value }) =>
      key.kind === 'literal' && key.type === 'string' ? [{ key: key.value, value }] : [],
    )
  if (expression.kind !== 'filter') return []
  return [
    ...(expression.operand === undefined ? [] : entriesOf(expression.operand)),
    ...expression.arguments.positional.flatMap(entriesOf),
  ]
}
