import type { Project } from '../../ansible/value.ts'
import { tokenVariables } from '../../facts/tokenVariables.ts'
import { filesNamed, isNamed, partsOf as partsOfPath } from '../../path.ts'
import type { Span } from '../../span.ts'
import { parseTemplate, yamlTemplate } from '../../syntax/jinja/index.ts'
import { isVaulted } from '../../syntax/vault.ts'
import { entryOf, type YamlNode, type YamlText } from '../../syntax/yaml.ts'
import { configSettings, isConfig } from './configFiles.ts'
import { type Definition, definitionsIn, iniDefinitions } from './definitions.ts'
import { withoutEscapes } from './escapes.ts'
import { namesIn, outputsOf } from './expressions.ts'
import { argumentNamesIn, extraVariablesIn, rubyVariablesIn } from './extraVariables.ts'
import { type FileKind, fileKind, isFixture, isTemplate } from './places.ts'
import { settingsIn } from './settings.ts'
import type { Setting, TokenSite, TokenSites, TokenUse, VariableSink, Written } from './site.ts'
import { configTemplatesIn, taskFileSettings } from './taskFiles.ts'
import { known as knownText, writtenYaml } from './written.ts'
import { yamlSettings } from './yamlSettings.ts'

interface File {
  readonly path: string
  readonly text: string
  readonly kind: FileKind
}

interface Found {
  use: TokenUse
  readonly sinks: VariableSink[]
  /** Variables that take their text from this one. */
  readonly readers: Set<string>
  /** Whether a setting or another variable leads to it, or some file gives it a value. */
  isReal: boolean
}

/** A site before it is known where its variable goes. */
type Draft = Omit<TokenSite, 'sinks'> & { readonly sink: VariableSink | undefined }

const COMMON: ReadonlySet<string> = new Set(
  tokenVariables.filter(({ isCommon }) => isCommon).map(({ name }) => name),
)
/** Filters that leave a text without blanks as it is. */
const UNCHANGING: ReadonlySet<string> = new Set(['trim', 'string', 'mandatory', 'safe', 'first', 'last'])
const IS_CLUSTER = /\b(?:k3s|rke2)_version\s*[:=]|^[ \t]*\[?k3s_cluster\b/m
const K3S = /k3s|rke2|rancher/i

/** One search for the tokens of a project: settings first, then the variables behind them, until there are no new ones. */
export class Search {
  readonly #project: Project
  readonly #files: readonly File[]
  readonly #yaml: (path: string) => YamlText | undefined
  readonly #definitions = new Map<string, readonly Definition[]>()
  readonly #variables = new Map<string, Found>()
  readonly #sites = new Map<string, Draft>()
  readonly #options: Setting[] = []
  readonly #pending: string[] = []
  /** Directories of files that name K3s: where a variable `token` can be its token. */
  readonly #directories = new Set<string>()

  constructor(project: Project, yaml: (path: string) => YamlText | undefined) {
    this.#project = project
    this.#yaml = yaml
    const named = filesNamed(project)
    this.#files = [...project]
      .map(([path, text]) => ({ path, text, kind: this.#kindOf(path, text, named) }))
      .filter(({ kind }) => kind !== 'docs')
      .sort((a, b) => (a.path < b.path ? -1 : 1))
  }

  found(): TokenSites {
    const names = new Set(this.#files.flatMap(({ text }) => argumentNamesIn(text)))
    const places = this.#argumentPlaces(names)
    const templates = new Set(
      this.#files.flatMap(({ text, kind }) => (kind === 'yaml' ? configTemplatesIn(text) : [])),
    )
    for (const { path, text, kind } of this.#files) {
      const yaml = (): YamlText | undefined => (isTemplate(path) ? undefined : this.#yaml(path))
      const isYaml = kind === 'yaml' || kind === 'ci'
      const read = isYaml ? withoutEscapes(text, yaml) : text
      for (const setting of settingsIn(path, read, kind, { names, places: places.get(path) }))
        this.#setting(setting)
      if (isConfig(path, text, templates))
        for (const setting of configSettings(path, text, yaml)) this.#setting(setting)
      if (!isYaml) continue
      for (const setting of yamlSettings(path, text, yaml)) this.#setting(setting)
      for (const setting of taskFileSettings(path, read)) this.#setting(setting)
    }
    this.#knownNames()
    for (let name = this.#pending.pop(); name !== undefined; name = this.#pending.pop()) this.#lookUp(name)
    const variables = new Set(this.#variables.keys())
    for (const { path, text, kind } of this.#files) {
      for (const setting of extraVariablesIn(path, text, kind, variables)) this.#setting(setting)
      for (const setting of rubyVariablesIn(path, text, kind, variables)) this.#setting(setting)
    }
    return this.#result()
  }

  /** What lies in `vars`, or what tasks and plays name, they read as YAML, whatever it ends in, where it is a mapping. */
  #kindOf(path: string, text: string, named: ReadonlySet<string>): FileKind {
    const kind = fileKind(path, text)
    if (kind !== 'docs' && kind !== 'other') return kind
    const isInVars = partsOfPath(path).directories.at(-1) === 'vars'
    if (!isInVars && (kind === 'docs' || !isNamed(path, named))) return kind
    const read = this.#yaml(path)
    return read?.root?.kind === 'map' && read.faults.length === 0 ? 'yaml' : kind
  }

  #result(): TokenSites {
    const sinks = new Map([...this.#variables.keys()].map((name) => [name, this.#sinksOf(name)]))
    const sites = [...this.#sites.values()].map(({ sink, ...site }) => ({
      ...site,
      sinks: sink !== undefined ? [sink] : site.carrier === 'variable' ? (sinks.get(site.name) ?? []) : [],
    }))
    return {
      sites: sites.sort(({ at: a }, { at: b }) =>
        a.path === b.path ? a.start - b.start : a.path < b.path ? -1 : 1,
      ),
      variables: new Map(
        [...this.#variables]
          .filter(([, { isReal }]) => isReal)
          .map(([name, { use }]) => [name, { name, use, sinks: sinks.get(name) ?? [] }]),
      ),
      options: this.#options,
    }
  }

  /** Where a variable's text goes, by itself or through others. */
  #sinksOf(name: string): readonly VariableSink[] {
    const seen = new Set([name])
    for (const each of seen) for (const reader of this.#variables.get(each)?.readers ?? []) seen.add(reader)
    return [...seen].flatMap((each) => this.#variables.get(each)?.sinks ?? [])
  }

  #setting(setting: Setting): void {
    const { name, carrier, sink, use, written, raw, isArgument } = setting
    if (isArgument) this.#options.push(setting)
    const { at, style, hidden } = written
    const end = sink === undefined ? undefined : { sink, at, style, filters: [] }
    if (hidden === 'template') this.#template(raw, written, use, end, undefined, name)
    else this.#add({ ...written, carrier, use, name, sink: end, isFixture: isFixture(at.path) })
  }

  #add(site: Draft): void {
    if (site.text?.isEmpty === true) return
    const key = `${site.at.path}:${site.at.start}`
    const there = this.#sites.get(key)
    this.#sites.set(key, there === undefined ? site : { ...there, use: joined(there.use, site.use) })
  }

  /** A template in the place of a token: the variables that it shows are tokens, and so are the texts in it. */
  #template(
    raw: string,
    { at }: Written,
    use: TokenUse,
    sink: VariableSink | undefined,
    reader: string | undefined,
    name: string,
  ): void {
    const { body } = parseTemplate(raw, yamlTemplate)
    const isWhole = body.length === 1
    for (const part of outputsOf(body)) {
      if (part.kind === 'name') {
        const end = sink === undefined ? undefined : { ...sink, filters: part.filters }
        this.#variable(part.path.join('.'), use, end, reader)
      } else if (part.kind === 'file') {
        if (isWhole && part.filters.every((filter) => UNCHANGING.has(filter)))
          this.#file(part.path, use, name)
      } else if (isWhole && part.text !== '' && raw.slice(part.start + 1, part.end - 1) === part.text) {
        // A text beside others would be a piece of the token at most.
        this.#add({
          at: { path: at.path, start: at.start + part.start + 1, end: at.start + part.end - 1 },
          ...knownText(part.text),
          style: raw[part.start] === '"' ? 'double' : 'single',
          carrier: 'variable',
          use,
          name,
          sink: sink === undefined ? undefined : { ...sink, filters: part.filters },
          isFixture: isFixture(at.path),
        })
      }
    }
  }

  /** A token that is all that a file has, where no other one may be meant. */
  #file(named: string, use: TokenUse, name: string): void {
    const [file, ...others] = [...this.#project].filter(([path]) => isNamed(path, new Set([named])))
    if (file === undefined || others.length > 0) return
    const [path, whole] = file
    const text = whole.trim()
    if (/\s/.test(text) || isVaulted(text)) return
    const start = whole.indexOf(text)
    this.#add({
      at: { path, start, end: start + text.length },
      ...knownText(text),
      style: 'plain',
      carrier: 'token-file',
      use,
      name,
      sink: undefined,
      isFixture: isFixture(path),
    })
  }

  #variable(name: string, use: TokenUse, sink: VariableSink | undefined, reader?: string): void {
    const known = this.#named(name, use)
    known.isReal = true
    if (sink !== undefined) known.sinks.push(sink)
    if (reader !== undefined && reader !== name) known.readers.add(reader)
    const both = joined(known.use, use)
    if (both === known.use) return
    known.use = both
    this.#pending.push(name)
  }

  #named(name: string, use: TokenUse): Found {
    const known = this.#variables.get(name)
    if (known !== undefined) return known
    const made = { use, sinks: [], readers: new Set<string>(), isReal: false }
    this.#variables.set(name, made)
    this.#pending.push(name)
    return made
  }

  #knownNames(): void {
    const isCluster = this.#files.some(
      ({ kind, text }) => (kind === 'yaml' || kind === 'ini') && IS_CLUSTER.test(text),
    )
    for (const { name, use, isCommon } of tokenVariables) if (!isCommon || isCluster) this.#named(name, use)
    for (const { path, text } of this.#files) if (K3S.test(text)) this.#directories.add(baseOf(path))
  }

  #lookUp(name: string): void {
    const found = this.#variables.get(name)
    if (found === undefined) return
    for (const { written, raw } of this.#valuesOf(name)) this.#defined(name, written, raw, found)
  }

  /** Where texts stand that become arguments of K3s, and what these take their text from. */
  #argumentPlaces(names: ReadonlySet<string>): ReadonlyMap<string, readonly Span[]> {
    const places = new Map<string, Span[]>()
    const wanted = new Set(names)
    for (const name of wanted)
      for (const { written, raw } of this.#valuesOf(name)) {
        const { at } = written
        places.set(at.path, [...(places.get(at.path) ?? []), at])
        for (const other of namesIn(raw)) wanted.add(other)
      }
    return places
  }

  /** What files give to a variable, or to a member of a mapping or of a list. */
  *#valuesOf(dotted: string): Generator<{ readonly written: Written; readonly raw: string }> {
    const [name = '', ...members] = dotted.split('.')
    for (const file of this.#files) {
      if (!file.text.includes(name) || !this.#mayDefine(file, name)) continue
      for (const { name: defined, value } of this.#definitionsOf(file)) {
        if (defined !== name) continue
        if (value.kind === 'written') {
          if (members.length === 0) yield value
          continue
        }
        const node = members.reduce<YamlNode | undefined>(
          (holder, key) =>
            holder?.kind === 'sequence' ? holder.items[Number(key)] : entryOf(holder, key)?.value,
          value.node,
        )
        if (node?.kind !== 'scalar') continue
        const written = writtenYaml(node, value.source)
        yield { written, raw: value.source.slice(written.at.start, written.at.end) }
      }
    }
  }

  /** A variable `token` of a file that has nothing to do with K3s is something else's. */
  #mayDefine({ path, text }: File, name: string): boolean {
    return !COMMON.has(name) || K3S.test(path) || K3S.test(text) || this.#directories.has(baseOf(path))
  }

  #defined(name: string, written: Written, raw: string, found: Found): void {
    found.isReal = true
    const { use } = found
    if (written.hidden === 'template') this.#template(raw, written, use, undefined, name, name)
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
    const yaml = kind === 'yaml' && !isTemplate(path) ? this.#yaml(path) : undefined
    const made = yaml !== undefined ? definitionsIn(yaml) : kind === 'ini' ? iniDefinitions(path, text) : []
    this.#definitions.set(path, made)
    return made
  }
}

/** The role, or the inventory's directory, that a file belongs to. */
function baseOf(path: string): string {
  const [base] = /^.*?(?=(?:^|\/)(?:group_vars|host_vars)\/)|^(?:.*\/)?roles\/[^/]+/.exec(path) ?? []
  return base ?? path.slice(0, Math.max(0, path.lastIndexOf('/')))
}

/** What a variable is for that goes to several places. */
function joined(a: TokenUse, b: TokenUse): TokenUse {
  if (a === b || b === 'unknown') return a
  if (a === 'unknown') return b
  if (a === 'agent-token' || b === 'agent-token') return a === 'agent-token' ? b : a
  return 'both'
}
