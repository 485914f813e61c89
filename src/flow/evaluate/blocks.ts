import { Unknown, type Value } from '../../ansible/template/primitives.ts'
import { type Atoms, hasMark } from '../atoms.ts'
import { Keyed } from './unknowns.ts'

const KEY = /^(["']?)([\w-]+)\+?\1[ \t]*:(?=[ \t]|$)/
/** What goes on with the value of a key, or is nothing. */
const REST = /^(?:[ \t]|- |-$|#|$)/
/** An item of a list, or a value below a key: what is not known of it is no more than that. */
const PLACED = /^(?:[ \t]*- |[ \t]+["']?[\w.-]+["']?:[ \t])/

/** The keys that texts may bring to a mapping of YAML as whole lines; `undefined`: one of them may be anything. */
export function keysOf(values: readonly Value[], atoms: Atoms): readonly string[] | undefined {
  const all = values.map((value) =>
    value instanceof Unknown
      ? value instanceof Keyed
        ? value.keys
        : undefined
      : typeof value === 'string'
        ? keysIn(value, atoms)
        : undefined,
  )
  return all.includes(undefined) ? undefined : [...new Set(all.flatMap((keys) => keys ?? []))]
}

function keysIn(text: string, atoms: Atoms): readonly string[] | undefined {
  if (text !== '' && !text.endsWith('\n') && !isBlock(text.slice(-2), atoms)) return undefined
  const keys: string[] = []
  for (let line of text.split('\n')) {
    // Blocks of lines that may be there or not stand before what comes next.
    for (let block = blockOf(line, atoms); block !== undefined; block = blockOf(line, atoms)) {
      keys.push(...block)
      line = line.slice(2)
    }
    const [, , key] = KEY.exec(line) ?? []
    if (key !== undefined) keys.push(key)
    else if (!REST.test(line) || (keys.length === 0 && hasMark(line) && !PLACED.test(line))) return undefined
  }
  return keys
}

const isBlock = (mark: string, atoms: Atoms): boolean => blockOf(mark, atoms) !== undefined

/** The keys of a block at the start of a line. */
export const blockOf = (line: string, atoms: Atoms): readonly string[] | undefined =>
  hasMark(line.slice(0, 2)) ? atoms.in(line.slice(0, 2))[0]?.keys : undefined
