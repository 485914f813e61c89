import { Composer, type CST, type Document, type ParsedNode } from 'yaml'
import type { Fault } from './value.ts'
import { characterFaults, syntaxFault } from './yamlFault.ts'
import { tokensOf } from './yamlLexer.ts'
import type { YamlText } from './yamlNode.ts'
import { resolveJson, resolvePlain } from './yamlScalar.ts'
import { TreeBuilder } from './yamlTree.ts'

export {
  entryOf,
  type YamlEntry,
  type YamlMap,
  type YamlNode,
  type YamlScalar,
  type YamlSequence,
  type YamlText,
  yamlValue,
} from './yamlNode.ts'

/** Deeper nesting is refused: composing recurses, and Node ends without a chance to say why when its stack is used up. */
const MAX_DEPTH = 200
const MAX_FAULTS = 50

/**
 * Reads one YAML document by the rules of Ansible's loader: PyYAML's types (YAML 1.1), the tags `!vault`,
 * `!vault-encrypted` and `!unsafe`, JSON tried first. Never throws: what could be understood comes with the faults.
 */
export function parseYaml(path: string, text: string): YamlText {
  const known = parsed.get(path)
  if (known?.text === text) return known
  const result = parse(path, text)
  if (parsed.size >= MOST_KEPT) parsed.clear()
  parsed.set(path, result)
  return result
}

/** Several readers ask for the same file: as an inventory, as variables, as a place of tokens. */
const parsed = new Map<string, YamlText>()
const MOST_KEPT = 10_000

function parse(path: string, text: string): YamlText {
  const faults: Fault[] = [...characterFaults(path, text)]
  const report = (fault: Fault): void => {
    if (faults.length < MAX_FAULTS) faults.push(fault)
  }
  const root = compose(path, text, report)?.contents
  const json = isJson(text)
  if (root === null || root === undefined) return { path, text, root: undefined, isJson: json, faults }
  const builder = new TreeBuilder(path, report, json ? resolveJson : resolvePlain)
  return { path, text, root: builder.node(root as ParsedNode), isJson: json, faults }
}

function compose(path: string, text: string, report: (fault: Fault) => void): Document | undefined {
  const tokens = tokensOrNone(text)
  const deep = tokens === undefined ? 0 : tooDeep(tokens)
  if (tokens === undefined || deep !== undefined) {
    report({
      at: { path, start: deep ?? 0, end: (deep ?? 0) + 1 },
      message: `nested deeper than ${MAX_DEPTH} levels`,
      fix: 'flatten the file; no inventory needs that depth',
    })
    return undefined
  }
  const composer = new Composer({
    schema: 'failsafe',
    version: '1.1',
    uniqueKeys: false,
    prettyErrors: false,
  })
  const [document, second] = [...composer.compose(tokens, true, text.length)]
  for (const { code, message, pos } of document?.errors ?? [])
    report(syntaxFault({ path, start: pos[0], end: Math.max(pos[1], pos[0] + 1) }, code, message))
  if (second !== undefined)
    report({
      at: { path, start: second.range[0], end: second.range[0] + 3 },
      message: 'a second YAML document starts here; Ansible reads files with one document only',
      fix: 'remove the line --- or ... before it, or put it into a file of its own',
    })
  return document as Document | undefined
}

/** `undefined`: so deep that the stack was used up. */
function tokensOrNone(text: string): CST.Token[] | undefined {
  try {
    return [...tokensOf(text)]
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}

interface Token {
  readonly type: string
  readonly offset?: number
  readonly value?: unknown
  readonly items?: readonly { readonly key?: unknown; readonly value?: unknown }[]
}

/** The offset of the first token below `MAX_DEPTH`. Walks with a list, not by recursion. */
function tooDeep(tokens: readonly unknown[]): number | undefined {
  const open = tokens.map((token) => ({ token, depth: 0 }))
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (next.token === null || typeof next.token !== 'object') continue
    const { offset = 0, value, items } = next.token as Token
    if (next.depth > MAX_DEPTH) return offset
    const depth = next.depth + 1
    if (typeof value === 'object') open.push({ token: value, depth })
    for (const item of items ?? []) open.push({ token: item.key, depth }, { token: item.value, depth })
  }
  return undefined
}

function isJson(text: string): boolean {
  if (!/^\s*[[{]/.test(text)) return false
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
