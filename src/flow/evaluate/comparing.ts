import {
  compare,
  Dict,
  Float,
  isNumber,
  List,
  Tuple,
  Undefined,
  Unknown,
  undefinedFault,
  type Value,
  VaultedText,
} from '../../ansible/template/primitives.ts'
import type { ComparisonOperator } from '../../syntax/jinja/index.ts'
import type { Tracking } from './tracking.ts'
import { Address, Count, type Filling, NodeName, OneOf, Pending, Ungiven } from './unknowns.ts'
import { VariablesDict } from './variables.ts'

/** The tags that were asked for: a list for an older ansible-core, and a tuple, which equals no list, for a newer one. */
export class RunTags extends List {}

/** What `k3s --version` says of a K3s that is older than whatever is wanted, known or not. */
export const OLD_VERSION = 'v1.0.0+k3s1'

const isOldVersion = (value: Value | undefined, { atoms }: Tracking): boolean =>
  typeof value === 'string' && /^v?1\.0\.0\+k3s1$/.test(atoms.plain(value)?.trim() ?? '')

const LESS = new Set(['<', 'lt', '<=', 'le', '!=', '<>', 'ne'])
const MORE = new Set(['>', 'gt', '>=', 'ge', '!=', '<>', 'ne'])

/** The test `version` where one of the two is that old version and the other one is not known; else undefined. */
export function oldVersionIs(
  operator: Value | undefined,
  [value, other]: readonly Value[],
  tracking: Tracking,
): Certainty {
  if (operator !== undefined && typeof operator !== 'string') return undefined
  const plain = operator === undefined ? '==' : tracking.atoms.plain(operator)
  if (plain === undefined) return undefined
  if (isOldVersion(value, tracking)) return LESS.has(plain)
  return isOldVersion(other, tracking) ? MORE.has(plain) : undefined
}

/** True, false, or undefined where nobody knows. */
type Certainty = boolean | undefined

/** Python's comparisons where texts and values may be unknown. Operands hold no `VaultedText` any more. */
export function compared(operator: ComparisonOperator, a: Value, b: Value, tracking: Tracking): Certainty {
  // A list compares what is looked for with its items: an empty one asks nothing of it.
  const isAsked = !(b instanceof List && (operator === 'in' || operator === 'not in'))
  if (a instanceof Undefined && isAsked) throw undefinedFault(a)
  if (b instanceof Undefined) throw undefinedFault(b)
  switch (operator) {
    case '==':
      return equal(a, b, tracking)
    case '!=':
      return not(equal(a, b, tracking))
    case 'in':
      return contains(b, a, tracking)
    case 'not in':
      return not(contains(b, a, tracking))
    default:
      return ordered(operator, a, b, tracking)
  }
}

const not = (truth: Certainty): Certainty => (truth === undefined ? undefined : !truth)

/** Nothing here is read from a vault: an operation that would need it gets atoms instead. */
const decrypt = (): string => ''

export function every(truths: Iterable<Certainty>): Certainty {
  let result: Certainty = true
  for (const truth of truths) {
    if (truth === false) return false
    if (truth === undefined) result = undefined
  }
  return result
}

export const some = (truths: Iterable<Certainty>): Certainty => not(every([...truths].map(not)))

function equal(a: Value, b: Value, tracking: Tracking): Certainty {
  if (a instanceof Undefined) throw undefinedFault(a)
  if (b instanceof Undefined) throw undefinedFault(b)
  if (typeof a === 'string' && typeof b === 'string') return equalTexts(a, b, tracking)
  if (a instanceof Count) return countIs(a, '==', b)
  if (b instanceof Count) return countIs(b, '==', a)
  if (a instanceof Address && typeof b === 'string') return named(a, b, tracking)
  if (b instanceof Address && typeof a === 'string') return named(b, a, tracking)
  if (a instanceof NodeName && b instanceof NodeName && a.host !== b.host) return false
  if (a instanceof OneOf && isNone(a, b, tracking)) return false
  if (b instanceof OneOf && isNone(b, a, tracking)) return false
  if (a instanceof Unknown || b instanceof Unknown) {
    if (isOldVersion(a, tracking) || isOldVersion(b, tracking)) return false
    return a instanceof Unknown && b instanceof Unknown && a.what === b.what && kindOf(a) === kindOf(b)
      ? true
      : undefined
  }
  if (a instanceof VaultedText || b instanceof VaultedText) return a === b ? true : undefined
  if (a instanceof List && b instanceof List) {
    const isEither = a instanceof RunTags !== b instanceof RunTags
    if ((!isEither && a instanceof Tuple !== b instanceof Tuple) || a.length !== b.length) return false
    const are = every([...a].map((item, index) => equal(item, b.at(index), tracking)))
    return isEither && are === true ? undefined : are
  }
  if (a instanceof Dict && b instanceof Dict) {
    if (a instanceof VariablesDict || b instanceof VariablesDict) return a === b ? true : undefined
    if (a.size !== b.size) return false
    return every(
      [...a.entries()].map(([key, item]) => {
        const other = b.get(key)
        return other === undefined ? false : equal(item, other, tracking)
      }),
    )
  }
  return compare('==', a, b, decrypt)
}

function named({ isNamed }: Address, text: string, { atoms }: Tracking): Certainty {
  const name = atoms.plain(text)
  return name === undefined ? undefined : isNamed(name)
}

/** Whether a value is certainly none of those texts. */
function isNone({ texts }: OneOf, value: Value, { atoms }: Tracking): boolean {
  if (value instanceof OneOf) return !value.texts.some((text) => texts.includes(text))
  const plain = typeof value === 'string' ? atoms.plain(value) : undefined
  return plain !== undefined && !texts.includes(plain)
}

/** Of the same words it is the same value, whether it is certain to be there or not. */
const kindOf = (value: Unknown): unknown =>
  value instanceof Ungiven || value instanceof Address ? Unknown : value.constructor

function equalTexts(a: string, b: string, tracking: Tracking): Certainty {
  const { atoms } = tracking
  const [x, y] = [atoms.plain(a), atoms.plain(b)]
  if (x !== undefined && y !== undefined) return x === y
  if (atoms.original(a) === atoms.original(b)) return true
  const known = x ?? y
  if (known === undefined) return undefined
  if (isOldVersion(known, tracking)) return false
  return couldBe(x === undefined ? a : b, known, tracking) ? undefined : false
}

/** Whether a text with unknown parts could be this one. */
function couldBe(text: string, known: string, { atoms }: Tracking): boolean {
  const pattern = [...text]
    .map((character) => {
      const [atom] = atoms.in(character)
      if (atom === undefined) return escaped(character)
      return atom.text === undefined ? (atom.isFilled ? '.+' : '.*') : escaped(atom.text)
    })
    .join('')
    .replace(/(?:\.[*+]){2,}/g, (run) => (run.includes('+') ? '.+' : '.*'))
  // Several gaps in a long text would be tried in too many ways.
  if (known.length > 2000) return true
  return new RegExp(`^${pattern}$`, 'su').test(known)
}

const escaped = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')

function contains(container: Value, item: Value, tracking: Tracking): Certainty {
  if (container instanceof Unknown) return partlyIn(container, item, tracking)
  if (container instanceof VariablesDict)
    return typeof item === 'string' ? keyIn(container, item, tracking) : undefined
  if (container instanceof List)
    return some([...container].map((candidate) => equal(candidate, item, tracking)))
  if (item instanceof Unknown) return container instanceof Dict && container.size === 0 ? false : undefined
  if (container instanceof Dict)
    return typeof item === 'string'
      ? keyIn(container, item, tracking)
      : compare('in', item, container, decrypt)
  if (typeof container === 'string' && typeof item === 'string') {
    const [whole, part] = [tracking.atoms.plain(container), tracking.atoms.plain(item)]
    if (whole !== undefined && part !== undefined) return whole.includes(part)
    if (part === undefined) return container.includes(item) ? true : undefined
    return tracking.atoms.traced(container).text.includes(part) ? true : undefined
  }
  return compare('in', item, container, decrypt)
}

/** A key of a mapping that is known in part. */
function partlyIn(container: Unknown, item: Value, tracking: Tracking): Certainty {
  if (container instanceof Pending && container.sides !== undefined) {
    const { yes, no } = container.sides
    const [a, b] = [yes, no].map((side) => side !== undefined && contains(side, item, tracking))
    return a === b ? a : undefined
  }
  const { members } = container
  const { atoms } = tracking
  const key = typeof item === 'string' ? atoms.plain(item) : undefined
  if (members === undefined || key === undefined) return undefined
  const value = members(key)
  if (value === undefined) return false
  return value instanceof Unknown && value.members === undefined ? undefined : true
}

function keyIn(dict: Dict, key: string, { atoms }: Tracking): Certainty {
  const plain = atoms.plain(key)
  return plain === undefined ? undefined : dict.has(plain)
}

function ordered(operator: '<' | '<=' | '>' | '>=', a: Value, b: Value, tracking: Tracking): Certainty {
  if (a instanceof Count) return countIs(a, operator, b)
  if (b instanceof Count) return countIs(b, mirrored[operator], a)
  const { isUnread, unknown } = tracking.contents([a, b])
  if (isUnread || unknown !== undefined) return undefined
  return compare(operator, tracking.known(a), tracking.known(b), decrypt)
}

/** What a comparison that nobody knows says, where it holds or does not, of a text or of what is counted. */
export function filling(operator: ComparisonOperator, a: Value, b: Value): Filling | undefined {
  if (b instanceof Count) {
    const other = operator === '==' ? operator : operator in mirrored ? mirrored[operator as '<'] : undefined
    return other === undefined ? undefined : filling(other, b, a)
  }
  if (a instanceof Count) {
    const number = isNumber(b) ? (b instanceof Float ? b.value : Number(b)) : undefined
    if (number === undefined) return undefined
    const is = (when: boolean): Filling => ({ value: a.of, when })
    if (operator === '==') return is(number > 0)
    if (operator === '>' || operator === '>=')
      return number > (operator === '>' ? -1 : 0) ? is(true) : undefined
    return (operator === '<' && number >= 1) || (operator === '<=' && number >= 0) ? is(false) : undefined
  }
  if (operator !== '==') return undefined
  // What is no text may be nothing, which is as empty in a text.
  if (b === '' && typeof a === 'string') return { value: a, when: false }
  return a === '' && typeof b === 'string' ? { value: b, when: false } : undefined
}

const mirrored = { '<': '>', '<=': '>=', '>': '<', '>=': '<=' } as const

function countIs({ least }: Count, operator: ComparisonOperator, other: Value): Certainty {
  if (!isNumber(other)) return operator === '==' && !(other instanceof Unknown) ? false : undefined
  const number = other instanceof Float ? other.value : Number(other)
  if (operator === '==') return number < least ? false : undefined
  if (operator === '>' && least > number) return true
  if (operator === '>=' && least >= number) return true
  if (operator === '<' && least >= number) return false
  return operator === '<=' && least > number ? false : undefined
}
