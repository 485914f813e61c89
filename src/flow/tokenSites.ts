import type { Project } from '../ansible/value.ts'
import { configKeys, configVariables, tokenSettings, tokenVariables } from '../facts/tokenVariables.ts'
import { type Expression, parseTemplate, yamlTemplate } from '../syntax/jinja/index.ts'
import { entryOf, parseYaml, type YamlNode, type YamlText } from '../syntax/yaml.ts'
import type { SinkId } from '../token/sinks.ts'
import { type Definition, definitionsIn, iniDefinitions } from './sites/definitions.ts'
import { type Part, partsOf } from './sites/expressions.ts'
import { type FileKind, fileKind, isFixture, isTemplate } from './sites/places.ts'
import { readValue, settingsIn, withoutComments } from './sites/settings.ts'
import type { Setting, TokenSite, TokenUse, TokenVariableUse, VariableSink, Written } from './sites/site.ts'
import { known, writtenYaml } from './sites/written.ts'

export type {
  Hidden,
  SiteCarrier,
  TokenSite,
  TokenUse,
  TokenVariableUse,
  VariableSink,
  Written,
} from './sites/site.ts'

export interface TokenSites {
  /** In the order of paths and offsets; no two have the same place. */
  readonly sites: readonly TokenSite[]
  /** By dotted name. */
  readonly variables: ReadonlyMap<string, TokenVariableUse>
  /** Options of k3s commands with the token behind them, whatever it is: a literal, a template, a shell variable. */
  readonly options: readonly Setting[]
}

/**
 * Where the text of join tokens stands in a project, found without rehearsing a play: behind K3s's own settings, and
 * in the variables that these settings take their value from, however they are called.
 */
export function tokenSites(
  project: Project,
  yaml: (path: string) => YamlText | undefined = yamlOf(project),
): TokenSites {
  return new Search(project, yaml).found()
}

function yamlOf(project: Project): (path: string) => YamlText | undefined {
  const parsed = new Map<string, YamlText | undefined>()
  return (path) => {
    const text = project.get(path)
    if (!parsed.has(path)) parsed.set(path, text === undefined ? undefined : parseYaml(path, text))
    return parsed.get(path)
  }
}

interface File {
  readonly path: string
  readonly text: string
  readonly kind: FileKind
}

interface Found {
  use: TokenUse
  readonly sinks: VariableSink[]
}

class Search {
  readonly #files: readonly File[]
  readonly #yaml: (path: string) => YamlText | undefined
  readonly #definitions = new Map<string, readonly Definition[]>()
  readonly #variables = new Map<string, Found>()
  readonly #sites = new Map<string, TokenSite>()
  readonly #options: Setting[] = []
  readonly #pending: string[] = []
  /** Variables that a setting or another variable leads to, or that get a value somewhere. */
  readonly #led = new Set<string>()

  constructor(project: Project, yaml: (path: string) => YamlText | undefined) {
    this.#yaml = yaml
    this.#files = [...project]
      .map(([path, text]) => ({ path, text, kind: fileKind(path, text) }))
      .filter(({ kind }) => kind !== 'docs')
      .sort((a, b) => (a.path < b.path ? -1 : 1))
  }

  found(): TokenSites {
    const argumentNames = this.#argumentNames()
    for (const file of this.#files) {
      for (const setting of settingsIn(file.path, file.text, file.kind, argumentNames)) {
        if (setting.isArgument) this.#options.push(setting)
        this.#setting(setting, [])
      }
      if (file.kind === 'yaml' || file.kind === 'ci') this.#yamlSettings(file)
      if (isConfig(file)) this.#configLines(file)
    }
    this.#knownNames()
    // Variables lead to variables: a name is looked up once, in every file that has it.
    for (let name = this.#pending.pop(); name !== undefined; name = this.#pending.pop()) this.#lookUp(name)
    return {
      sites: [...this.#sites.values()].sort(({ at: a }, { at: b }) =>
        a.path === b.path ? a.start - b.start : a.path < b.path ? -1 : 1,
      ),
      variables: new Map(
        [...this.#variables]
          .filter(([name, { sinks }]) => sinks.length > 0 || this.#led.has(name))
          .map(([name, found]) => [name, { name, ...found }]),
      ),
      options: this.#options,
    }
  }

  /** Variables that stand in a k3s command. */
  #argumentNames(): ReadonlySet<string> {
    const names = new Set<string>()
    for (const { text } of this.#files) {
      if (!/\b(?:k3s|rke2)\s+(?:server|agent)\b|INSTALL_(?:K3S|RKE2)_EXEC/.test(text)) continue
      for (const [, line = ''] of text.matchAll(
        /^(.*(?:\b(?:k3s|rke2)[ \t]+(?:server|agent)\b|INSTALL_(?:K3S|RKE2)_EXEC).*)$/gm,
      ))
        for (const [, name = ''] of line.matchAll(/\{\{-?\s*(\w+)/g)) names.add(name)
    }
    return names
  }

  #setting({ name, carrier, sink, use, written, raw }: Setting, filters: readonly string[]): void {
    if (written.hidden === 'template') this.#template(raw, written, use, sink, filters, name)
    else this.#add({ ...written, carrier, use, name, sink, isFixture: isFixture(written.at.path) })
  }

  #add(site: TokenSite): void {
    const text = site.text?.reveal()
    if (text === '' || site.retyped === 'null') return
    const key = `${site.at.path}:${site.at.start}`
    const there = this.#sites.get(key)
    this.#sites.set(key, there === undefined ? site : { ...there, use: joined(there.use, site.use) })
  }

  /** A template in the place of a token: the variables that it shows are tokens, and so are the texts in it. */
  #template(
    raw: string,
    written: Written,
    use: TokenUse,
    sink: SinkId | undefined,
    outer: readonly string[],
    name: string,
  ): void {
    const { body } = parseTemplate(raw, yamlTemplate)
    const outputs = body.flatMap((node) => (node.kind === 'output' ? [node.expression] : []))
    const isWhole = outputs.length === 1 && body.length === 1
    for (const expression of outputs)
      for (const part of partsOf(expression, outer)) this.#part(part, raw, written, use, sink, isWhole, name)
  }

  #part(
    part: Part,
    raw: string,
    { at }: Written,
    use: TokenUse,
    sink: SinkId | undefined,
    isWhole: boolean,
    name: string,
  ): void {
    if (part.kind === 'name') {
      this.#variable(
        part.path.join('.'),
        use,
        sink === undefined ? undefined : { sink, at, filters: part.filters },
      )
      return
    }
    // A text inside a longer one is a piece of the token at most.
    if (!isWhole || part.text === '') return
    const start = at.start + part.start + 1
    const inside = { path: at.path, start, end: at.start + part.end - 1 }
    if (raw.slice(part.start + 1, part.end - 1) !== part.text) return
    const style = raw[part.start] === '"' ? 'double' : 'single'
    this.#add({
      at: inside,
      ...known(part.text),
      style,
      carrier: 'variable',
      use,
      name,
      sink: undefined,
      isFixture: isFixture(at.path),
    })
  }

  #variable(name: string, use: TokenUse, sink: VariableSink | undefined, isLed = true): void {
    if (isLed) this.#led.add(name)
    const known = this.#variables.get(name)
    if (known === undefined) {
      this.#variables.set(name, { use, sinks: sink === undefined ? [] : [sink] })
      this.#pending.push(name)
      return
    }
    if (sink !== undefined) known.sinks.push(sink)
    const both = joined(known.use, use)
    if (both === known.use) return
    known.use = both
    this.#pending.push(name)
  }

  #knownNames(): void {
    const isCluster = this.#files.some(
      ({ kind, text }) =>
        (kind === 'yaml' || kind === 'ini') &&
        /\b(?:k3s|rke2)_version\s*[:=]|^\s*\[?k3s_cluster\b/m.test(text),
    )
    for (const { name, use, isCommon } of tokenVariables)
      if (!isCommon || isCluster) this.#variable(name, use, undefined, false)
  }

  #lookUp(dotted: string): void {
    const [name = '', ...members] = dotted.split('.')
    const found = this.#variables.get(dotted)
    if (found === undefined) return
    for (const file of this.#files) {
      if (!file.text.includes(name)) continue
      for (const definition of this.#definitionsOf(file)) {
        if (definition.name !== name) continue
        const { value } = definition
        if (value.kind === 'written') {
          if (members.length === 0) this.#defined(dotted, value.written, value.raw, found.use)
          continue
        }
        const node = members.reduce<YamlNode | undefined>(
          (holder, key) => entryOf(holder, key)?.value,
          value.node,
        )
        if (node?.kind !== 'scalar' || node.alias !== undefined) continue
        const written = writtenYaml(node, value.source)
        this.#defined(dotted, written, value.source.slice(written.at.start, written.at.end), found.use)
      }
    }
  }

  #defined(name: string, written: Written, raw: string, use: TokenUse): void {
    this.#led.add(name)
    if (written.hidden === 'template') this.#template(raw, written, use, undefined, [], name)
    else
      this.#add({
        ...written,
        carrier: 'variable',
        use,
        name,
        sink: undefined,
        isFixture: isFixture(written.at.path),
      })
  }

  #definitionsOf({ path, text, kind }: File): readonly Definition[] {
    const known = this.#definitions.get(path)
    if (known !== undefined) return known
    const isYaml = kind === 'yaml' && !isTemplate(path)
    const yaml = isYaml ? this.#yaml(path) : undefined
    const made = yaml !== undefined ? definitionsIn(yaml) : kind === 'ini' ? iniDefinitions(path, text) : []
    this.#definitions.set(path, made)
    return made
  }

  /** Token settings that are keys of YAML: `environment:` of tasks, compose files, CI jobs, launch configurations. */
  #yamlSettings({ path, text }: File): void {
    if (isTemplate(path)) return
    const hasSetting = Object.keys(tokenSettings).some((name) => text.includes(name))
    const hasConfig = configVariables.some((name) => text.includes(name)) || /\bcombine\b/.test(text)
    if (!hasSetting && !hasConfig && !text.includes('persistentClusterToken')) return
    const root = this.#yaml(path)?.root
    if (root !== undefined) this.#walk(root, path, text, undefined)
  }

  #walk(node: YamlNode, path: string, text: string, holder: string | undefined): void {
    if (node.alias !== undefined) return
    if (node.kind === 'sequence') for (const item of node.items) this.#walk(item, path, text, holder)
    if (node.kind === 'scalar') this.#dictLiterals(node, text, path)
    if (node.kind !== 'map') return
    for (const { name, value } of node.written) {
      const setting = settingOf(name, holder)
      if (setting !== undefined && value.kind === 'scalar' && value.alias === undefined) {
        const written = writtenYaml(value, text)
        const use = setting.use ?? (/agent|worker|node/i.test(holder ?? path) ? 'agent' : 'unknown')
        const raw = text.slice(written.at.start, written.at.end)
        this.#setting({ name, ...setting, use, written, raw, sink: undefined, isArgument: false }, [])
      } else this.#walk(value, path, text, name)
    }
  }

  /** `combine({'token': harbour_key})` */
  #dictLiterals(node: YamlNode & { readonly kind: 'scalar' }, text: string, path: string): void {
    const raw = text.slice(node.at.start, node.at.end)
    if (!/\{\{/.test(raw) || !/token|TOKEN/.test(raw) || !/k3s|rke2|config|K3S/i.test(raw)) return
    const use: TokenUse = /agent|worker/.test(path)
      ? 'agent'
      : /server|master/.test(path)
        ? 'server'
        : 'unknown'
    for (const tag of parseTemplate(raw, yamlTemplate).body)
      if (tag.kind === 'output')
        for (const { key, value } of dictEntries(tag.expression)) {
          if (!/^(?:agent-)?token$|^K3S_(?:AGENT_)?TOKEN$/.test(key)) continue
          for (const part of partsOf(value))
            if (part.kind === 'name')
              this.#variable(part.path.join('.'), /agent/i.test(key) ? 'agent-token' : use, undefined)
        }
  }

  /** Lines of a config.yaml; of a template of one, too, which is no YAML yet. */
  #configLines({ path, text }: File): void {
    const lines = withoutComments(text, 'yaml')
    for (const match of lines.matchAll(/^[ \t]*["']?(token|agent-token)["']?:[ \t]+/gm)) {
      const value = readValue(path, lines, match.index + match[0].length, 'yaml', false)
      if (value === undefined || /^[|>!&*]/.test(value.raw)) continue
      const { style } = value.written
      const sink =
        style === 'single' ? 'yaml-single-quoted' : style === 'double' ? 'yaml-double-quoted' : 'yaml-plain'
      const name = match[1] ?? 'token'
      const use: TokenUse =
        name === 'agent-token' ? 'agent-token' : /agent|worker|node/i.test(path) ? 'agent' : 'both'
      const node = isTemplate(path) ? undefined : entryOf(this.#yaml(path)?.root, name)?.value
      const written = node?.kind === 'scalar' ? writtenYaml(node, text) : value.written
      this.#setting({ name, carrier: 'config', sink, use, isArgument: false, raw: value.raw, written }, [])
    }
  }
}

function settingOf(
  name: string,
  holder: string | undefined,
): { readonly carrier: Setting['carrier']; readonly use: TokenUse | undefined } | undefined {
  if (name in tokenSettings)
    return {
      carrier: 'environment',
      use: tokenSettings[name as keyof typeof tokenSettings] === 'agent-token' ? 'agent-token' : undefined,
    }
  if (name === 'persistentClusterToken') return { carrier: 'launch-config', use: 'both' }
  if (holder === undefined || !configVariables.includes(holder)) return undefined
  if (name === 'agent-token') return { carrier: 'config', use: 'agent-token' }
  if (name !== 'token') return undefined
  return { carrier: 'config', use: /agent/.test(holder) ? 'agent' : 'both' }
}

function dictEntries(expression: Expression): { readonly key: string; readonly value: Expression }[] {
  if (expression.kind === 'dict')
    return expression.entries.flatMap(({ key, value }) =>
      key.kind === 'literal' && key.type === 'string' ? [{ key: key.value, value }] : [],
    )
  if (expression.kind === 'filter')
    return [
      ...(expression.operand === undefined ? [] : dictEntries(expression.operand)),
      ...expression.arguments.positional.flatMap(dictEntries),
    ]
  return []
}

/** config.yaml of K3s or RKE2, or a template of one. */
function isConfig({ path, text }: File): boolean {
  const made = path.replace(/\.j2$/, '')
  if (!/config[^/]*\.ya?ml$|config\.yaml\.d\/[^/]*\.ya?ml$/.test(made) || !/token/.test(text)) return false
  if (/^\s*apiVersion:/m.test(text)) return false
  const keys = [...text.matchAll(/^["']?([a-z-]+)["']?:/gm)].filter(([, key = '']) => configKeys.has(key))
  return (
    keys.length >= 2 || (/k3s|rke2/.test(path) && keys.length >= 1) || /(k3s|rke2)\/config\.ya?ml$/.test(made)
  )
}

/** What a variable is for that goes to several places. */
function joined(a: TokenUse, b: TokenUse): TokenUse {
  if (a === b || b === 'unknown') return a
  if (a === 'unknown') return b
  if (a === 'agent-token' || b === 'agent-token') return a === 'agent-token' ? b : a
  return 'both'
}
