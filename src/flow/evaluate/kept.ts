import { Callable, Dict, List, Namespace, Unknown } from '../../ansible/template/primitives.ts'
import type { AnsibleValue } from '../../ansible/value.ts'
import type { Span } from '../../span.ts'
import type { Atoms } from '../atoms.ts'
import { type Answers, answeredBefore, collected } from './answers.ts'
import { Pending } from './unknowns.ts'
import { VariablesDict } from './variables.ts'

/** Which evaluation of a text: its outcomes differ. */
export type Kind = 'value' | 'variable' | 'given' | 'condition' | 'template'

interface Kept {
  readonly kind: Kind
  readonly name: string | undefined
  readonly raw: AnsibleValue
  readonly result: unknown
  readonly answers: Answers
}

/** One text is seldom evaluated to more outcomes than this: then it hangs on what is another each time. */
const MOST = 32

const found = new WeakMap<Atoms, Map<Span | string, Kept[]>>()

/**
 * What was evaluated once, within one rehearsal: a scenario, a host, a task of the same block brings most of it again. Where
 * all that it hung on is as it was before, so is what comes of it. What is kept must not be changed.
 */
export function kept<T>(
  atoms: Atoms,
  place: Span | string,
  { kind, name, raw }: Pick<Kept, 'kind' | 'name' | 'raw'>,
  isAsBefore: (answers: Answers) => boolean,
  run: () => T,
): T {
  const places = found.get(atoms) ?? new Map<Span | string, Kept[]>()
  found.set(atoms, places)
  const known = places.get(place) ?? []
  places.set(place, known)
  for (const before of known)
    if (before.kind === kind && before.raw === raw && before.name === name && isAsBefore(before.answers)) {
      answeredBefore(before.answers)
      return before.result as T
    }
  if (known.length >= MOST) return run()
  const { result, answers } = collected(run)
  if (!answers.hasOther && isSettled(result)) known.unshift({ kind, name, raw, result, answers })
  return result
}

/** Whether nothing in a value is asked of the world that it was made in only later. */
function isSettled(value: unknown): boolean {
  if (value instanceof Pending && value.sides !== undefined)
    return isSettled(value.sides.yes) && isSettled(value.sides.no)
  if (value instanceof Unknown) return value.members === undefined
  if (value instanceof List) return [...value].every(isSettled)
  if (value instanceof VariablesDict || value instanceof Callable || value instanceof Namespace) return false
  return !(value instanceof Dict) || [...value.entries()].every(([, item]) => isSettled(item))
}
