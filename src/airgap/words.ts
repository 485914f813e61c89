const MANY = 5

/** The first few names, and how many more there are: `a, b and c`, `a, b, c, d, e and 7 more`. */
export function listed(names: readonly string[]): string {
  const others = names.length - MANY
  if (others > 1) return `${names.slice(0, MANY).join(', ')} and ${others} more`
  const last = names.at(-1) ?? ''
  return names.length < 2 ? last : `${names.slice(0, -1).join(', ')} and ${last}`
}

/** Decimal units, as `ls --si` and release pages have them. */
export function bytes(size: number): string {
  const units = ['B', 'kB', 'MB', 'GB']
  const power = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, size)) / 3)))
  const value = size / 1000 ** power
  return `${power === 0 ? value : value.toFixed(1)} ${units[power]}`
}

/** Columns of what people read. */
const WIDTH = 80

/** The lines of a text, broken between words: `first` begins the first one, `rest` the others. Longer words stay whole. */
export function wrapped(text: string, first: string, rest: string): readonly string[] {
  const lines: string[] = []
  let line = first
  let isEmpty = true
  for (const word of text.split(' ')) {
    if (!isEmpty && line.length + 1 + word.length > WIDTH) {
      lines.push(line)
      line = rest
      isEmpty = true
    }
    line += `${isEmpty ? '' : ' '}${word}`
    isEmpty = false
  }
  return [...lines, line]
}
