let collator: Intl.Collator | undefined

/** Compares names for an order with `quay-2` before `quay-10`. */
export function byNumber(one: string, other: string): number {
  // To make one takes longer than to start the rest of k3seal.
  collator ??= new Intl.Collator('en', { numeric: true })
  return collator.compare(one, other)
}

const NAMED = 4

/** Some names in one line, however many there are. */
export function names(all: readonly string[]): string {
  if (all.length > NAMED) return `${all.slice(0, 2).join(', ')} and ${all.length - 2} more`
  const last = all.at(-1) ?? ''
  return all.length < 2 ? last : `${all.slice(0, -1).join(', ')} and ${last}`
}
