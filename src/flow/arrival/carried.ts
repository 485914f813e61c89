import type { Carried, CarriedState, Carrier } from '../arrival.ts'
import { type Atoms, distinctHops, type Hop } from '../atoms.ts'
import { hopsOf, type Letters, reasonOf, tracedText, unknownIn } from './letters.ts'

/** One of the ways in which a setting is given, or might be. */
export interface Candidate {
  readonly carrier: Carrier
  /** `undefined`: it is given here only if something that isn't known says so. */
  readonly value: Letters | undefined
  readonly hops: readonly Hop[]
  /** Why it is not known. */
  readonly why: string
  /** Decided from elsewhere: a token file that is missing gives nothing, whatever else is given. */
  readonly state?: CarriedState
}

export const notCarried: Carried = {
  state: 'absent',
  carrier: 'none',
  text: undefined,
  hops: [],
  masked: [],
  unknown: undefined,
}

/** What wins of the candidates, the strongest first. */
export function carried(candidates: readonly Candidate[], atoms: Atoms): Carried {
  const at = candidates.findIndex(({ value, state }) => value !== undefined || state !== undefined)
  const open = candidates.slice(0, at === -1 ? undefined : at)
  const winner = candidates[at]
  const doubt = open[0]
  if (winner === undefined)
    return doubt === undefined
      ? notCarried
      : {
          ...notCarried,
          state: 'maybe',
          carrier: doubt.carrier,
          hops: distinctHops(doubt.hops),
          unknown: doubt.why,
        }
  const { state, why } = judged(winner)
  const masked = candidates
    .slice(at + 1)
    .filter(({ value }) => value !== undefined)
    .map((candidate) => ({
      carrier: candidate.carrier,
      state: judged(candidate).state,
      hops: wayOf(candidate, atoms),
    }))
  // What might be given besides can't take a token away that is there for certain; an empty one it might fill.
  const isOpen = state !== 'present' && doubt !== undefined
  const text = winner.value === undefined ? undefined : tracedText(winner.value, atoms)
  return {
    state: isOpen ? 'maybe' : state,
    carrier: winner.carrier,
    text: state === 'present' ? text : undefined,
    ...(state === 'maybe' && text !== undefined ? { doubtful: text } : {}),
    hops: wayOf(winner, atoms),
    masked,
    unknown: isOpen ? doubt.why : why,
  }
}

function judged({ value, state, why }: Candidate): {
  readonly state: CarriedState
  readonly why: string | undefined
} {
  if (state !== undefined) return { state, why: state === 'maybe' ? why : undefined }
  if (value === undefined) return { state: 'maybe', why }
  if (value.text === '') return { state: 'empty', why: undefined }
  const isFilled = value.runs.some(
    ({ of: { atom } }) => atom === undefined || atom.text !== undefined || atom.isFilled,
  )
  if (isFilled) return { state: 'present', why: undefined }
  const unknown = unknownIn(value)
  return { state: 'maybe', why: unknown === undefined ? undefined : reasonOf(unknown) }
}

function wayOf({ value, hops }: Candidate, atoms: Atoms): readonly Hop[] {
  return distinctHops([...(value === undefined ? [] : hopsOf(value, atoms)), ...hops])
}
