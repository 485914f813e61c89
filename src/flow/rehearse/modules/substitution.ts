import { hasMark } from '../../atoms.ts'
import type { Call } from '../call.ts'

/**
 * A text in which equal tokens are equal characters: known atoms written out, an unknown one as the mark of its root. So a
 * pattern that holds a token matches the line that holds it.
 */
export function comparable(call: Call, text: string): string {
  if (!hasMark(text)) return text
  return [...text]
    .map((character) => {
      const [atom] = call.atoms.in(character)
      return atom === undefined ? character : (atom.text ?? call.atoms.mark(atom.root))
    })
    .join('')
}

/** `re.sub` with MULTILINE over a marked text. */
export function substituted(
  call: Call,
  content: string,
  { source, flags }: RegExp,
  replacement: string,
): string {
  const { plain, slice } = sliced(call, content)
  const regex = new RegExp(source, [...new Set(`${flags}gmd`)].join(''))
  let result = ''
  let at = 0
  for (const match of plain.matchAll(regex)) {
    const [from, to] = match.indices?.[0] ?? [0, 0]
    result += slice(at, from) + expanded(replacement, match, slice)
    at = to
  }
  return result + slice(at, plain.length)
}

/** What the first match of an expression makes of a template; the template itself where nothing matches. */
export function expandedMatch(
  call: Call,
  content: string,
  { source, flags }: RegExp,
  template: string,
): string {
  const { plain, slice } = sliced(call, content)
  const match = new RegExp(source, `${flags.replaceAll(/[gd]/g, '')}d`).exec(plain)
  return match === null ? template : expanded(template, match, slice)
}

/** A marked text as it compares, and what of it stands in a range of that; a range that cuts a token in two takes it all. */
function sliced(
  call: Call,
  content: string,
): { readonly plain: string; readonly slice: (from: number, to: number) => string } {
  const pieces = [...content]
  const plain: string[] = pieces.map((piece) => comparable(call, piece))
  const starts: number[] = []
  let length = 0
  for (const text of plain) {
    starts.push(length)
    length += text.length
  }
  const slice = (from: number, to: number): string =>
    pieces
      .filter(
        (_, index) =>
          (starts[index] ?? 0) >= from && (starts[index] ?? 0) + (plain[index] ?? '').length <= to,
      )
      .join('')
  return { plain: plain.join(''), slice }
}

/** The template of `re.sub`: groups by number or name, and the escapes for white space and the backslash. */
function expanded(
  template: string,
  { indices }: RegExpMatchArray,
  slice: (from: number, to: number) => string,
): string {
  const group = (range: readonly [number, number] | undefined): string =>
    range === undefined ? '' : slice(range[0], range[1])
  return template.replace(
    /\\(?:(\d{1,2})|g<(\w+)>|([nrt\\]))/g,
    (_, number?: string, name?: string, letter?: string) => {
      if (number !== undefined) return group(indices?.[Number(number)])
      if (name !== undefined)
        return group(/^\d+$/.test(name) ? indices?.[Number(name)] : indices?.groups?.[name])
      return { n: '\n', r: '\r', t: '\t' }[letter ?? ''] ?? '\\'
    },
  )
}
