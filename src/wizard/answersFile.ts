import { isAbsolute, resolve } from 'node:path'
import { type NodeSpec, newNodeSpec, parseNodeSpec } from '../ansible/nodeSpec.ts'
import { UserError } from '../errors.ts'
import { formatLocation } from '../span.ts'
import { suggestion } from '../suggestion.ts'
import { VaultedText } from '../syntax/value.ts'
import { parseYaml, type YamlEntry, type YamlNode } from '../syntax/yaml.ts'

/** The keys of an answers file, each read as what the question wants. Every function throws `UserError` with the place. */
export interface Fields {
  has(key: string): boolean
  /** `null` and the empty text mean none. */
  text(key: string): string | undefined
  flag(key: string): boolean
  /** One text, or a list of texts. */
  texts(key: string): readonly string[]
  nodes(key: string): readonly NodeSpec[]
  /** A text as a path: relative to the answers file, absolute in the end, unless it begins with `~` or `$`. */
  path(text: string): string
  /** Throws what a check found, with the place of the key. */
  refuse(key: string, message: string, fix: string): never
}

/** Reads an answers file. `known`: the keys that questions have. Throws `UserError` for anything else. */
export function answerFields(
  source: { readonly path: string; readonly directory: string; readonly text: string },
  known: readonly string[],
): Fields {
  const { path, text } = source
  const { root, faults } = parseYaml(path, text)
  const [fault] = faults.filter(({ severity }) => severity !== 'notice')
  if (fault !== undefined)
    throw new UserError(fault.message, { fix: fault.fix, at: formatLocation(fault.at, text) })
  if (root !== undefined && root.kind !== 'map')
    throw new UserError('an answers file is a mapping of keys to answers', {
      fix: `write lines such as k3s_version: v1.36.5+k3s1; the keys are ${known.join(', ')}`,
      at: formatLocation(root.at, text),
    })
  const entries: ReadonlyMap<string, YamlEntry> = root?.entries ?? new Map()
  const place = (node: YamlNode): string => formatLocation(node.at, text)
  for (const { name, key } of entries.values()) if (!known.includes(name)) refuseKey(name, place(key), known)

  const wrong = (node: YamlNode, key: string, wanted: string): never => {
    throw new UserError(`${key} is ${kindOf(node)}; it takes ${wanted}`, {
      fix: node.kind === 'scalar' && typeof node.value !== 'string' ? 'quote it' : `write ${wanted}`,
      at: place(node),
    })
  }
  const textOf = (node: YamlNode, key: string, wanted: string): string =>
    node.kind === 'scalar' && typeof node.value === 'string' ? node.value.trim() : wrong(node, key, wanted)
  const given = (key: string): YamlNode | undefined => {
    const node = entries.get(key)?.value
    return node?.kind === 'scalar' && (node.value === null || node.value === '') ? undefined : node
  }
  return {
    has: (key) => entries.has(key),
    text(key) {
      const node = given(key)
      return node === undefined ? undefined : textOf(node, key, 'one text')
    },
    flag(key) {
      const node = given(key)
      if (node === undefined) return false
      return node.kind === 'scalar' && typeof node.value === 'boolean'
        ? node.value
        : wrong(node, key, 'true or false')
    },
    texts(key) {
      const node = given(key)
      if (node === undefined) return []
      const items = node.kind === 'sequence' ? node.items : [node]
      return items.map((item) => textOf(item, key, 'one text or a list of texts'))
    },
    nodes(key) {
      const node = given(key)
      if (node === undefined) return []
      const items = node.kind === 'sequence' ? node.items : wrong(node, key, 'a list of nodes')
      return items.map((item) => nodeOf(item, key, place))
    },
    path: (name) => (/^[~$]/.test(name) || isAbsolute(name) ? name : resolve(source.directory, name)),
    refuse(key, message, fix) {
      const entry = entries.get(key)
      throw new UserError(message, { fix, at: entry === undefined ? path : place(entry.value) })
    },
  }
}

const NODE_KEYS = ['name', 'address', 'arch', 'user', 'port'] as const

function nodeOf(item: YamlNode, key: string, place: (node: YamlNode) => string): NodeSpec {
  if (item.kind === 'scalar' && typeof item.value === 'string') {
    try {
      return parseNodeSpec(item.value)
    } catch (error) {
      if (!(error instanceof UserError)) throw error
      throw new UserError(error.message, { fix: error.fix, at: place(item), cause: error })
    }
  }
  if (item.kind !== 'map')
    throw new UserError(`a node in ${key} is ${kindOf(item)}`, {
      fix: 'write it as s1=10.0.0.1, or as a mapping with name and address',
      at: place(item),
    })
  const fields: Record<(typeof NODE_KEYS)[number], string | undefined> = {
    name: undefined,
    address: undefined,
    arch: undefined,
    user: undefined,
    port: undefined,
  }
  for (const entry of item.entries.values()) {
    const known = NODE_KEYS.find((name) => name === entry.name)
    if (known === undefined) return refuseKey(entry.name, place(entry.key), NODE_KEYS)
    const { value } = entry
    if (value.kind !== 'scalar' || !['string', 'number'].includes(typeof value.value))
      throw new UserError(`${known} of a node in ${key} is ${kindOf(value)}`, {
        fix: 'write one text',
        at: place(value),
      })
    fields[known] = String(value.value)
  }
  if (fields.name === undefined)
    throw new UserError(`a node in ${key} has no name`, { fix: 'add name:', at: place(item) })
  return newNodeSpec(fields, place(item))
}

function refuseKey(name: string, at: string, known: readonly string[]): never {
  if (/^(?:vault_)?(?:k3s_)?(?:agent_)?(?:token|password)$/.test(name))
    throw new UserError(`an answers file holds no secret, so it has no ${name}`, {
      fix: 'take the secret out; name a file that holds it: token_file or vault_password_file',
      at,
    })
  throw new UserError(`there is no answer ${name}`, { fix: suggestion(name, known), at })
}

function kindOf(node: YamlNode): string {
  if (node.kind === 'map') return 'a mapping'
  if (node.kind === 'sequence') return 'a list'
  if (node.value === null) return 'empty'
  if (typeof node.value === 'boolean') return 'true or false'
  if (node.value instanceof VaultedText) return 'vaulted'
  return typeof node.value === 'string' ? 'a text' : 'a number'
}
