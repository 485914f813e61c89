const MANY = 5

/** The first few names, and how many more there are: `a, b and c`, `a, b, c, d, e and 7 more`. */
export function listed(names: readonly string[]): string {
  const others = names.length - MANY
  if (others > 1) return `${names.slice(0, MANY).join(', ')} and ${others} more`
  const last = names.at(-1) ?? ''
  return names.length < 2 ? last : `${names.slice(0, -1).join(', ')} and ${last}`
}
