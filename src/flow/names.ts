/** `quay-2` before `quay-10`. */
export const byNumber = new Intl.Collator('en', { numeric: true })

const NAMED = 4

/** Some names in one line, however many there are. */
export function names(all: readonly string[]): string {
  if (all.length > NAMED) return `${all.slice(0, 2).join(', ')} and ${all.length - 2} more`
  const last = all.at(-1) ?? ''
  return all.length < 2 ? last : `${all.slice(0, -1).join(', ')} and ${last}`
}
