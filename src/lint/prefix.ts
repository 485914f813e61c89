import { UserError } from '../errors.ts'
import { suggestion } from '../suggestion.ts'

/** Refuses what no rule's id begins with. */
export function checkPrefix(prefix: string, known: readonly string[], at?: string): void {
  if (prefix !== '' && known.some((id) => id.startsWith(prefix))) return
  throw new UserError(`no rule begins with ${JSON.stringify(prefix)}`, { at, fix: suggestion(prefix, known) })
}
