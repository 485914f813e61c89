import { Float, Unknown, type Value } from '../../ansible/template/primitives.ts'
import type { Arguments, Expression } from '../../syntax/jinja/index.ts'
import { hasMark } from '../atoms.ts'

const isName = (text: string): boolean => /^[A-Za-z_]\w*$/.test(text)

const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`

/** An expression in one spelling, so that two that differ only in blanks and quotes are the same words. */
export function printed(node: Expression): string {
  switch (node.kind) {
    case 'name':
      return node.name
    case 'literal':
      if (node.type === 'string') return quoted(node.value)
      if (node.type === 'boolean') return node.value ? 'true' : 'false'
      return node.type === 'none' ? 'none' : String(node.value)
    case 'list':
      return `[${node.items.map(printed).join(', ')}]`
    case 'tuple':
      return `(${node.items.map(printed).join(', ')})`
    case 'dict':
      return `{${node.entries.map(({ key, value }) => `${printed(key)}: ${printed(value)}`).join(', ')}}`
    case 'attribute':
      return `${grouped(node.object)}.${node.name}`
    case 'item': {
      const { index } = node
      if (index.kind === 'literal' && index.type === 'string')
        return member(grouped(node.object), index.value)
      return `${grouped(node.object)}[${printed(index)}]`
    }
    case 'slice':
      return [node.from, node.to, ...(node.step === undefined ? [] : [node.step])]
        .map((part) => (part === undefined ? '' : printed(part)))
        .join(':')
    case 'call':
      return `${grouped(node.callee)}(${printedArguments(node.arguments)})`
    case 'filter': {
      const given = printedArguments(node.arguments)
      const operand = node.operand === undefined ? '' : grouped(node.operand, /^(?:filter)$/)
      return `${operand} | ${node.name}${given === '' ? '' : `(${given})`}`
    }
    case 'test': {
      const given = printedArguments(node.arguments)
      return `${grouped(node.operand)} is ${node.negated ? 'not ' : ''}${node.name}${given === '' ? '' : `(${given})`}`
    }
    case 'unary':
      return node.operator === 'not'
        ? `not ${grouped(node.operand)}`
        : `${node.operator}${grouped(node.operand)}`
    case 'binary':
      return `${grouped(node.left)} ${node.operator} ${grouped(node.right)}`
    case 'comparison':
      return [
        grouped(node.first),
        ...node.rest.map(({ operator, operand }) => `${operator} ${grouped(operand)}`),
      ].join(' ')
    case 'concatenation':
      return node.parts.map((part) => grouped(part)).join(' ~ ')
    case 'conditional':
      return `${grouped(node.value)} if ${grouped(node.condition)}${node.otherwise === undefined ? '' : ` else ${grouped(node.otherwise)}`}`
    case 'opaque':
      return 'an expression that can’t be read'
  }
}

function grouped(node: Expression, bare = /^$/): string {
  const simple = /^(?:name|literal|list|dict|tuple|attribute|item|call)$/
  return simple.test(node.kind) || bare.test(node.kind) ? printed(node) : `(${printed(node)})`
}

function printedArguments({ positional, named, spread, spreadNamed }: Arguments): string {
  return [
    ...positional.map(printed),
    ...named.map(({ name, value }) => `${name}=${printed(value)}`),
    ...(spread === undefined ? [] : [`*${printed(spread)}`]),
    ...(spreadNamed === undefined ? [] : [`**${printed(spreadNamed)}`]),
  ].join(', ')
}

export const member = (object: string, name: string): string =>
  isName(name) ? `${object}.${name}` : `${object}[${quoted(name)}]`

/** A part of a value that is shown: of what belongs to a host, the host is named last. */
export function partOf(whole: string, step: string): string {
  const [, own, host] = /^\(([\w.[\]'-]+)( of [\w.-]+)\)$/.exec(whole) ?? []
  return own === undefined ? whole + step : `${own}${step}${host}`
}

/**
 * A value in the words of a message: an unknown one by its own, a plain one as a literal. Followed text is never
 * shown; the expression stands for it.
 */
export function shown(value: Value, node: Expression | undefined): string {
  if (value instanceof Unknown) return /^[\w.[\]'()-]*$/.test(value.what) ? value.what : `(${value.what})`
  if (typeof value === 'string' && !hasMark(value) && value.length <= 80) return quoted(value)
  if (typeof value === 'boolean') return value ? 'true' : 'false'
  if (value === null) return 'none'
  if (typeof value === 'number' || typeof value === 'bigint') return String(value)
  if (value instanceof Float) return String(value.value)
  return node === undefined ? '…' : grouped(node)
}

const KEY = String.raw`'(?:[^'\\]|\\.)*'`
const INDEX = String.raw`\[(?:[^'[\]]|${KEY}|\[(?:[^'[\]]|${KEY})*\])*\]`

/** What a message says is not there: a variable, or a part of one with its keys in quotes of their own. */
export const nameNotDefined = new RegExp(String.raw`(?<=^|\s)'(\w+(?:\.\w+|${INDEX})*)' is undefined`, 'g')
