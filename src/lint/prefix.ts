import { UserError } from '../errors.ts'
import { suggestion } from '../suggestion.ts'

/** Refuses what no rule's id begins with. */
export function checkPrefix(prefix: string, known: readonly string[], at?: string): void {
  if (prefix !== '' && known.some((id) => id.startsWith(prefix))) return
  throw new UserError(`no rule begins with ${JSON.stringify(prefix)}`, {
    at,
    fix: nearestRule(prefix, known),
  })
}

/** What to say of an id that no rule has. The whole list would fill a screen. */
export function nearestRule(id: string, known: readonly string[]): string {
  const words = suggestion(id, known)
  return words.startsWith('one of') ? 'k3seal lint --list-rules shows what there is' : words
}
