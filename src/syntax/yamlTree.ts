import { isAlias, isCollection, isMap, isScalar, type ParsedNode } from 'yaml'
import type { Span } from '../span.ts'
import { type Fault, VaultedText } from './value.ts'
import type { YamlEntry, YamlNode, YamlScalar } from './yamlNode.ts'
import {
  type Resolved,
  readBoolean,
  readFloat,
  readInteger,
  readTimestamp,
  resolveJson,
} from './yamlScalar.ts'

/** How many nodes aliases and merge keys may add, counted as if each were written out. A few bytes could ask for billions. */
const MAX_COPIED = 1_000_000
const TAG = 'tag:yaml.org,2002:'

/** Turns the yaml package's nodes into ours, in document order, so that an alias finds the latest anchor before it. */
export class TreeBuilder {
  readonly #path: string
  readonly #report: (fault: Fault) => void
  readonly #resolve: (text: string) => Resolved
  /** `undefined` as long as the anchored node is being built. */
  readonly #anchors = new Map<string, YamlNode | undefined>()
  readonly #sizes = new Map<YamlNode, number>()
  #copied = 0

  constructor(path: string, report: (fault: Fault) => void, resolve: (text: string) => Resolved) {
    this.#path = path
    this.#report = report
    this.#resolve = resolve
  }

  node(node: ParsedNode, isKey = false): YamlNode {
    if (isAlias(node)) return this.#alias(node.source, this.#span(node.range))
    const { anchor } = node
    if (anchor !== undefined) this.#anchors.set(anchor, undefined)
    const built = isCollection(node) ? this.#collection(node) : this.#scalar(node, isKey)
    if (anchor !== undefined) this.#anchors.set(anchor, built)
    return built
  }

  #span(range: readonly [number, number, number] | null | undefined): Span {
    return { path: this.#path, start: range?.[0] ?? 0, end: range?.[1] ?? 0 }
  }

  #null(at: Span): YamlScalar {
    return { kind: 'scalar', value: null, style: 'plain', at }
  }

  #alias(name: string, at: Span): YamlNode {
    const target = this.#anchors.get(name)
    if (target === undefined) {
      const [message, fix] = this.#anchors.has(name)
        ? [`*${name} stands inside the node that it names`, 'write the value out']
        : [
            `*${name} names an anchor that is not defined before it`,
            `write &${name} at the node that is meant`,
          ]
      this.#report({ at, message, fix })
      return this.#null(at)
    }
    return this.#mayCopy(target, at) ? { ...target, alias: at } : this.#null(at)
  }

  #mayCopy(target: YamlNode, at: Span): boolean {
    const allowed = this.#copied <= MAX_COPIED
    this.#copied += this.#size(target)
    if (this.#copied <= MAX_COPIED) return true
    if (allowed)
      this.#report({
        at,
        message: `aliases would multiply this file to more than ${MAX_COPIED.toLocaleString('en')} values`,
        fix: 'write the values out, or use group variables',
      })
    return false
  }

  /** How many nodes this one has with all below it; kept, as an anchored node is asked for again and again. */
  #size(node: YamlNode): number {
    if (node.kind === 'scalar') return 1
    const known = this.#sizes.get(node)
    if (known !== undefined) return known
    let size = 1
    if (node.kind === 'sequence') for (const item of node.items) size += this.#size(item)
    else for (const { value } of node.entries.values()) size += 1 + this.#size(value)
    this.#sizes.set(node, size)
    return size
  }

  #scalar(node: ParsedNode, isKey: boolean): YamlScalar {
    const at = this.#span(node.range)
    if (!isScalar(node)) return this.#null(at)
    const text = typeof node.value === 'string' ? node.value : ''
    const style = STYLES[node.type ?? 'PLAIN'] ?? 'plain'
    const resolved = this.#tagged(node.tag, text, style, at)
    if (resolved.problem !== undefined) this.#report({ at, ...resolved.problem })
    if (!isKey && style === 'plain' && node.tag === undefined && text === '<<')
      this.#report({ at, ...MERGE_VALUE })
    return { kind: 'scalar', value: resolved.value, style, at }
  }

  #tagged(
    tag: string | undefined,
    text: string,
    style: YamlScalar['style'],
    at: Span,
  ): { readonly value: YamlScalar['value']; readonly problem?: Resolved['problem'] } {
    switch (tag) {
      case undefined:
        return style === 'plain' ? this.#resolve(text) : { value: text }
      case '!vault':
      case '!vault-encrypted':
        return { value: new VaultedText(text.trimStart(), at) }
      case '!unsafe':
        return this.#unsafe(text, style)
      case '!':
      case `${TAG}str`:
        return { value: text }
      case `${TAG}int`:
        return readInteger(text)
      case `${TAG}float`:
        return readFloat(text)
      case `${TAG}bool`:
        return { value: readBoolean(text) ?? text }
      case `${TAG}null`:
        return { value: null }
      case `${TAG}timestamp`:
        return readTimestamp(text)
      case `${TAG}binary`:
        return { value: text, problem: { ...BINARY, severity: 'warning' } }
      default:
        return { value: text, problem: unknownTag(tag) }
    }
  }

  #unsafe(text: string, style: YamlScalar['style']): Resolved {
    const resolved = style === 'plain' ? this.#resolve(text) : { value: text }
    if (!/\{[{%#]/.test(text)) return resolved
    return {
      value: resolved.value,
      problem: {
        message: 'k3seal does not keep text behind !unsafe apart from a template',
        fix: 'nothing to do where the variable has no part in what k3seal renders',
        severity: 'warning',
      },
    }
  }

  #collection(node: ParsedNode): YamlNode {
    const at = this.#span(node.range)
    if (isScalar(node) || isAlias(node)) return this.#null(at)
    const flow = node.flow === true
    if (!isMap(node)) {
      const items = node.items.map((item) => this.node(item as ParsedNode))
      this.#collectionTag(node.tag, ['seq', 'omap', 'pairs'], at)
      return { kind: 'sequence', items, flow, at }
    }
    const written = node.items.map((pair): YamlEntry => {
      const key = this.node(pair.key as ParsedNode, true)
      const value =
        pair.value === null
          ? this.#null({ path: this.#path, start: key.at.end, end: key.at.end })
          : this.node(pair.value as ParsedNode)
      return { name: this.#name(key, value), key, value }
    })
    this.#collectionTag(node.tag, ['map', 'set'], at)
    if (node.tag === `${TAG}set`) return { kind: 'sequence', items: written.map(({ key }) => key), flow, at }
    const vaulted = this.#jsonVault(written, at)
    return vaulted ?? { kind: 'map', entries: this.#entries(written), written, flow, at }
  }

  #collectionTag(tag: string | undefined, known: readonly string[], at: Span): void {
    if (tag === undefined || tag === '!' || tag === '!unsafe') return
    if (!known.some((name) => tag === TAG + name)) this.#report({ at, ...unknownTag(tag) })
  }

  /** How Ansible writes a vaulted value in JSON: `{"__ansible_vault": "$ANSIBLE_VAULT;…"}`. */
  #jsonVault(written: readonly YamlEntry[], at: Span): YamlScalar | undefined {
    const [first] = written
    if (this.#resolve !== resolveJson || first?.value.kind !== 'scalar') return undefined
    const { value } = first.value
    if (typeof value !== 'string') return undefined
    if (first.name === '__ansible_vault')
      return { kind: 'scalar', value: new VaultedText(value, first.value.at), style: 'double', at }
    return first.name === '__ansible_unsafe' ? { kind: 'scalar', value, style: 'double', at } : undefined
  }

  #name(key: YamlNode, value: YamlNode): string {
    if (key.kind !== 'scalar' || key.value instanceof VaultedText) {
      const template = key.kind === 'map' && key.flow
      this.#report({
        at: key.at,
        message: template
          ? 'a value that begins with {{ is read as a mapping'
          : 'a mapping or list can not be the name of an entry',
        fix: template ? 'quote the whole value: "{{ … }}"' : 'use a text as the name',
      })
      return ''
    }
    if (typeof key.value === 'string') return key.value
    if (typeof key.value === 'number' || typeof key.value === 'bigint') return String(key.value)
    const shown =
      key.value === null ? 'None' : key.value === true ? 'True' : key.value === false ? 'False' : ''
    const name = shown === '' && typeof key.value === 'object' ? String(key.value?.value) : shown
    // `true` and `false` are meant so; `yes` and `on` hardly are.
    const length = key.at.end - key.at.start
    const isMeant = (key.value === true && length === 4) || (key.value === false && length === 5)
    if (!isMeant && (length > 0 || value.at.end > value.at.start))
      this.#report({
        at: key.at,
        message: `the name of this entry is read as ${name}, not as text`,
        fix: 'quote it',
        severity: 'warning',
      })
    return name
  }

  #entries(written: readonly YamlEntry[]): ReadonlyMap<string, YamlEntry> {
    const entries = new Map<string, YamlEntry>()
    const isMerge = ({ name, key }: YamlEntry): boolean =>
      name === '<<' && key.kind === 'scalar' && key.style === 'plain'
    for (const entry of written)
      if (isMerge(entry)) for (const merged of this.#merged(entry.value)) entries.set(merged.name, merged)
    const own = new Set<string>()
    for (const entry of written) {
      if (isMerge(entry)) continue
      if (own.has(entry.name))
        this.#report({
          at: entry.key.at,
          message: `${entry.name === '' ? 'a name' : entry.name} stands twice in this mapping; Ansible uses only the last one`,
          fix: 'remove one of them, or join their contents',
          severity: 'warning',
        })
      own.add(entry.name)
      entries.set(entry.name, entry)
    }
    return entries
  }

  /** Of a list of mappings the earlier ones win, so they come last: https://yaml.org/type/merge.html */
  #merged(value: YamlNode): readonly YamlEntry[] {
    const maps = value.kind === 'sequence' ? [...value.items].reverse() : [value]
    return maps.flatMap((map) => {
      if (map.kind === 'map') return this.#mayCopy(map, map.alias ?? map.at) ? [...map.entries.values()] : []
      this.#report({
        at: map.alias ?? map.at,
        message: '<< takes a mapping or a list of mappings',
        fix: 'name the anchor of a mapping: <<: *name',
      })
      return []
    })
  }
}

const STYLES: Readonly<Record<string, YamlScalar['style']>> = {
  PLAIN: 'plain',
  QUOTE_SINGLE: 'single',
  QUOTE_DOUBLE: 'double',
  BLOCK_LITERAL: 'literal',
  BLOCK_FOLDED: 'folded',
}

const MERGE_VALUE = {
  message: 'an unquoted << is the merge key of YAML 1.1, which can not be a value',
  fix: "quote it: '<<'",
}

const BINARY = {
  message: 'k3seal keeps a !!binary value in its base64 form',
  fix: 'nothing to do where the variable has no part in what k3seal renders',
}

function unknownTag(tag: string): {
  readonly message: string
  readonly fix: string
  readonly severity: 'error'
} {
  return {
    message: `Ansible can not read the tag ${tag.replace(TAG, '!!')}`,
    fix: 'remove the tag; Ansible knows !vault and !unsafe',
    severity: 'error',
  }
}
