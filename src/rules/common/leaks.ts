import type { Carried } from '../../flow/arrival.ts'
import type { Atom, Hop } from '../../flow/atoms.ts'
import type { TaskRun } from '../../flow/rehearsal.ts'
import type { Analysis } from '../../lint/analysis.ts'
import { isOverruled } from './defaults.ts'
import { literalsOf } from './literals.ts'
import { type NodeRun, nodeRunsOf } from './nodes.ts'

/**
 * Whether an atom is, or was made of, what reaches K3s as a token or is read from where K3s keeps one; base64 hides none. A few
 * characters of it are none.
 */
export function isToken(analysis: Analysis, atom: Atom): boolean {
  return isMadeOfToken(analysis, atom) && !isPieceOfToken(analysis, atom)
}

/** Whether an atom is a few characters of a token, or a digest of one, and is no token itself. */
export function isPieceOfToken(analysis: Analysis, atom: Atom): boolean {
  return (
    atom.isPiece === true && isMadeOfToken(analysis, atom) && !analysis.rehearsal.cutTokens.has(atom.root)
  )
}

function isMadeOfToken(analysis: Analysis, atom: Atom): boolean {
  const { root, text } = atom
  return (
    text !== '' &&
    (analysis.rehearsal.tokens.has(root) ||
      isWritten(analysis, root) ||
      encodedIn(analysis, atom) !== undefined)
  )
}

/** The texts of tokens, by the variable that has them and the file that it stands in. */
const written = new WeakMap<Analysis, ReadonlyMap<string, ReadonlySet<string>>>()

function writtenIn(analysis: Analysis): ReadonlyMap<string, ReadonlySet<string>> {
  const known = written.get(analysis)
  if (known !== undefined) return known
  const found = new Map<string, Set<string>>()
  for (const { site, text, placeholder, isToCopy } of literalsOf(analysis)) {
    const isToken = site.carrier === 'variable' && placeholder === undefined && !site.isFixture && !isToCopy
    if (!isToken || isOverruled(analysis, site)) continue
    const key = keyOf(site.at.path, site.name)
    const texts = found.get(key) ?? new Set<string>()
    found.set(key, texts.add(text.reveal()))
  }
  written.set(analysis, found)
  return found
}

/** Whether an atom is the text of a variable that a setting of K3s takes as its token, if only in a scenario that was not rehearsed. */
function isWritten(analysis: Analysis, { kind, what, text, hop }: Atom): boolean {
  if (kind !== 'literal' || text === undefined || hop === undefined) return false
  return writtenIn(analysis).get(keyOf(hop.at.path, what))?.has(text) === true
}

const keyOf = (path: string, name: string): string => `${path} ${name}`

/** The token in a text that is written as base64. */
function encodedIn(analysis: Analysis, { decoded, root }: Atom): Atom | undefined {
  const inner = decoded ?? root.decoded
  return inner === undefined
    ? undefined
    : analysis.rehearsal.atoms.in(inner).find((atom) => isToken(analysis, atom))
}

/** Whether a marked text holds a token. */
export function holdsToken(analysis: Analysis, text: unknown): boolean {
  return typeof text === 'string' && analysis.rehearsal.atoms.in(text).some((atom) => isToken(analysis, atom))
}

/** Whether K3s gets a token by a setting: one of which nobody knows whether it has a character, too. */
export const carriesToken = (analysis: Analysis, { text, doubtful }: Carried): boolean =>
  (text ?? doubtful)?.marks.some(({ atom }) => isToken(analysis, atom)) === true

/** The way of a token, from before it was written as base64. */
export function tokenHops(analysis: Analysis, atom: Atom): readonly Hop[] {
  const { atoms, tokens } = analysis.rehearsal
  const inner = tokens.has(atom.root) ? undefined : encodedIn(analysis, atom)
  return [...(inner === undefined ? [] : tokenHops(analysis, inner)), ...atoms.hops(atom)]
}

/** Every task that had to do with a token or a piece of one, as often as it ran. */
export function* tokenTasks(analysis: Analysis): Generator<TaskRun> {
  for (const node of nodeRunsOf(analysis)) yield* tokenTasksOn(analysis, node)
}

/** Those of one node in one run. */
export function* tokenTasksOn(analysis: Analysis, { events }: NodeRun): Generator<TaskRun> {
  for (const event of events)
    if (event.what === 'task-ran' && event.task.uses.some(({ atom }) => isMadeOfToken(analysis, atom)))
      yield event.task
}

/** A path for a message: what is not known in it is an ellipsis. */
export const shownPath = (path: string): string => path.replace(/[\u{f0000}-\u{ffffd}]+/gu, '…')
