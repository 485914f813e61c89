import { Dict, List, Unknown, type Value } from '../../ansible/template/primitives.ts'
import type { Decisions } from './decisions.ts'
import type { EvaluationScope, Merged, ScopeVariable } from './scope.ts'
import {
  Address,
  Fetched,
  Fork,
  Pending,
  Result,
  type Sides,
  Tainted,
  Ungiven,
  UnknownTruth,
} from './unknowns.ts'

/** What an evaluation has asked, and the answer that it got. `host`: asked of `hostvars[host]`. */
export type Answer =
  | {
      readonly of: 'variable'
      readonly host: string | undefined
      readonly name: string
      readonly is: ScopeVariable
    }
  | {
      /** Of a variable that is known in part: what it has under these keys, one inside of the other. */
      readonly of: 'member'
      readonly host: string | undefined
      readonly name: string
      readonly keys: readonly string[]
      readonly is: Value | undefined
    }
  | { readonly of: 'host'; readonly host: string; readonly is: boolean }
  | { readonly of: 'hosts'; readonly is: EvaluationScope['hostNames'] }
  | { readonly of: 'truth'; readonly what: string; readonly is: boolean | undefined }
  | { readonly of: 'given'; readonly what: string; readonly is: boolean }
  | { readonly of: 'value'; readonly what: string; readonly is: Value | undefined }

/** All that an evaluation hung on, in the order of its questions: as long as the answers are the same, so is the next question. */
export interface Answers {
  readonly all: Set<Answer>
  /** Whether it hung on something else, too, of which nobody can tell whether it is the same again. */
  hasOther: boolean
}

let open: Answers | undefined

export function answered(answer: Answer): void {
  open?.all.add(answer)
}

/** The evaluation under way hangs on something that is no answer. */
export function answeredOtherwise(): void {
  if (open !== undefined) open.hasOther = true
}

/** The evaluation under way hangs on all that an earlier one hung on. */
export function answeredBefore(answers: Answers): void {
  if (open !== undefined) addTo(open, answers)
}

export function addTo(to: Answers, { all, hasOther }: Answers): void {
  if (to.all !== all) for (const answer of all) to.all.add(answer)
  if (hasOther) to.hasOther = true
}

/** The answers that are being collected. */
export const answersUnderWay = (): Answers | undefined => open

/** Runs an evaluation, and collects what it hangs on. */
export function collected<T>(run: () => T): { readonly result: T; readonly answers: Answers } {
  const outer = open
  const answers: Answers = { all: new Set(), hasOther: false }
  open = answers
  try {
    return { result: run(), answers }
  } finally {
    open = outer
    answeredBefore(answers)
  }
}

/** Whether every question would be answered the same in another scope. */
export function isSameIn(
  { all }: Answers,
  scope: EvaluationScope,
  decisions: Decisions,
  scopeOf: (host: string) => EvaluationScope | undefined,
): boolean {
  for (const answer of all) {
    switch (answer.of) {
      case 'variable':
      case 'member': {
        const own = answer.host === undefined ? scope : scopeOf(answer.host)
        if (own === undefined) return false
        const found = own.variable(answer.name)
        if (answer.of === 'variable') {
          if (!isSameVariable(answer.is, found)) return false
          break
        }
        const whole = found !== undefined && 'value' in found ? found.value : undefined
        if (!isSameMember(answer.is, memberOf(whole, answer.keys))) return false
        break
      }
      case 'host':
        if ((scopeOf(answer.host) !== undefined) !== answer.is) return false
        break
      case 'hosts': {
        const { is } = answer
        if (is !== scope.hostNames && is.join('\n') !== scope.hostNames.join('\n')) return false
        break
      }
      case 'truth':
        if (decisions.truth(answer.what) !== answer.is) return false
        break
      case 'given':
        if ((scope.isGiven?.(answer.what) ?? false) !== answer.is) return false
        break
      case 'value':
        if (!isSame(answer.is, decisions.value(answer.what))) return false
    }
  }
  return true
}

function isSameVariable(a: ScopeVariable, b: ScopeVariable): boolean {
  if (a === undefined || b === undefined) return a === b
  if (!isMergedAlike(a.merged, b.merged)) return false
  if ('raw' in a) return 'raw' in b && a.raw === b.raw && a.at === b.at
  return 'value' in b && isSameMember(a.value, b.value)
}

function isMergedAlike(a: Merged | undefined, b: Merged | undefined): boolean {
  if (a === undefined || b === undefined) return a === b
  return (
    a.open?.why === b.open?.why &&
    a.below.length === b.below.length &&
    a.below.every((one, index) => {
      const other = b.below[index]
      if (one instanceof Dict) return other instanceof Dict && isSame(one, other)
      return other !== undefined && !(other instanceof Dict) && one.raw === other.raw && one.at === other.at
    })
  )
}

const memberOf = (whole: Value | undefined, keys: readonly string[]): Value | undefined =>
  keys.reduce((holder, key) => (holder instanceof Unknown ? holder.members?.(key) : undefined), whole)

/** Facts, results and lists are made anew for each run. */
function isSame(a: Value | undefined, b: Value | undefined): boolean {
  if (a === b) return true
  if (a instanceof Unknown) return b instanceof Unknown && isSaidAlike(a, b) && isSameUnknown(a, b)
  if (a instanceof List)
    return (
      b instanceof List &&
      a.constructor === b.constructor &&
      a.length === b.length &&
      a.length <= MOST_COMPARED &&
      Array.from({ length: a.length }, (_, index) => index).every((index) => isSame(a.at(index), b.at(index)))
    )
  if (!(a instanceof Dict) || !(b instanceof Dict) || a.constructor !== Dict || b.constructor !== Dict)
    return false
  if (a.size !== b.size || a.size > MOST_COMPARED) return false
  const [ours, theirs] = [[...a.entries()], [...b.entries()]]
  return ours.every(([key, value], index) => {
    const [other, otherValue] = theirs[index] ?? []
    return key === other && isSame(value, otherValue)
  })
}

/** Longer lists are hardly the same again, and take long to compare. */
const MOST_COMPARED = 50

/** What is known in part is asked for its members: those answers count. */
function isSameMember(a: Value | undefined, b: Value | undefined): boolean {
  if (isSame(a, b)) return true
  return isKnownInPart(a) && isKnownInPart(b) && isSaidAlike(a, b)
}

/** Whether a value has members, and else no more than its words. */
export const isKnownInPart = (value: Value | undefined): value is Unknown =>
  value instanceof Unknown &&
  (value.constructor === Unknown || value instanceof Result) &&
  value.members !== undefined &&
  value.leaf === value

const isSaidAlike = (a: Unknown, b: Unknown): boolean =>
  a.constructor === b.constructor && a.what === b.what && a.why === b.why && a.at === b.at

/** Of two that are of one kind and say the same: whether all else of them is the same, too. */
function isSameUnknown(a: Unknown, b: Unknown): boolean {
  if (isPlain(a) && isPlain(b)) return true
  if ((a.leaf === a) !== (b.leaf === b) || (a.leaf !== a && !isSame(a.leaf, b.leaf))) return false
  switch (a.constructor) {
    case Unknown:
      return a.members === undefined && b.members === undefined
    case Pending:
    case Fork:
      return isSameSides((a as Pending).sides, (b as Pending).sides)
    case Tainted:
      return (a as Tainted).marks === (b as Tainted).marks
    case UnknownTruth:
      return isSameTruth(a as UnknownTruth, b as UnknownTruth)
    default:
      return false
  }
}

const isSameSides = (a: Sides | undefined, b: Sides | undefined): boolean =>
  a === b ||
  (a !== undefined && b !== undefined && isSame(a.when, b.when) && isSame(a.yes, b.yes) && isSame(a.no, b.no))

function isSameTruth({ made, fills }: UnknownTruth, other: UnknownTruth): boolean {
  return (
    made?.by === other.made?.by &&
    made?.of.length === other.made?.of.length &&
    (made?.of.every((part, index) => isSame(part, other.made?.of[index])) ?? true) &&
    fills?.when === other.fills?.when &&
    isSame(fills?.value, other.fills?.value)
  )
}

const isPlain = (value: Unknown): boolean =>
  value.leaf === value &&
  (value instanceof Fetched ||
    ((value.constructor === Unknown || value instanceof Ungiven || value instanceof Address) &&
      value.members === undefined))
