import { Composer, type CST, type Document, type ParsedNode } from 'yaml'
import type { Fault } from './value.ts'
import { characterFaults, hidesRest, isMisplaced, syntaxFault } from './yamlFault.ts'
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
  const faults: Fault[] = []
  const report = (fault: Fault): void => {
    if (faults.length < MAX_FAULTS) faults.push(fault)
  }
  const { document, broken, second } = compose(path, text, report)
  const contents = document?.contents
  const json = isJson(text)
  const builder = new TreeBuilder(path, report, json ? resolveJson : resolvePlain)
  const root = contents === null || contents === undefined ? undefined : builder.node(contents as ParsedNode)
  const [first] = broken.toSorted((one, other) => one.at.start - other.at.start)
  const own = first === undefined ? faults : faultsUntil(first, faults, text)
  const all = [...characterFaults(path, text), ...own, ...(second === undefined ? [] : [second])]
  return { path, text, root, isJson: json, faults: all, broken: broken.map(({ at }) => at) }
}

/** What else is found behind it, or before it in the same line, most often has the same cause. */
function faultsUntil(broken: Fault, faults: readonly Fault[], text: string): readonly Fault[] {
  const { start } = broken.at
  const before = faults.filter(({ at }) => at.start < start)
  const isTold = before.some(
    ({ at, severity = 'error' }) => severity === 'error' && !text.slice(at.start, start).includes('\n'),
  )
  return isTold ? before : [...before, broken]
}

interface Composed {
  readonly document?: Document | undefined
  /** Faults that make the rest of the document another one. */
  readonly broken: readonly Fault[]
  /** That there is a second document. */
  readonly second?: Fault | undefined
}

function compose(path: string, text: string, report: (fault: Fault) => void): Composed {
  const tokens = tokensOrNone(text)
  const deep = tokens === undefined ? 0 : tooDeep(tokens)
  if (tokens === undefined || deep !== undefined) {
    report({
      at: { path, start: deep ?? 0, end: (deep ?? 0) + 1 },
      message: `nested deeper than ${MAX_DEPTH} levels`,
      fix: 'flatten the file; no inventory needs that depth',
    })
    return { broken: [] }
  }
  const composer = new Composer({
    schema: 'failsafe',
    version: '1.1',
    uniqueKeys: false,
    prettyErrors: false,
  })
  const [document, second] = [...composer.compose(tokens, true, text.length)]
  const broken: Fault[] = []
  for (const { code, message, pos } of document?.errors ?? []) {
    const start = pos[0] + (isMisplaced(message) ? text.slice(pos[0]).search(/\S/) : 0)
    const fault = syntaxFault({ path, start, end: Math.max(pos[1], start + 1) }, code, message)
    if (hidesRest.has(code)) broken.push(fault)
    report(fault)
  }
  return {
    document: document as Document | undefined,
    broken,
    second:
      second === undefined
        ? undefined
        : {
            at: { path, start: second.range[0], end: second.range[0] + 3 },
            message: 'a second YAML document starts here; Ansible reads files with one document only',
            fix: 'remove the line --- or ... before it, or put it into a file of its own',
          },
  }
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
