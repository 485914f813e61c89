import { REACH } from './around.ts'
import type { FileKind } from './places.ts'
import type { Written } from './site.ts'
import { known } from './written.ts'

/** The value that begins at an offset: to the closing quote, or to the end of the word. */
export function readValue(
  path: string,
  text: string,
  offset: number,
  kind: FileKind,
  wholeLine: boolean,
  before = '',
): { readonly written: Written; readonly raw: string } | undefined {
  const quote = /\\?["']/y
  quote.lastIndex = offset
  const opening = quote.exec(text)?.[0]
  const start = offset + (opening?.length ?? 0)
  let end = start
  while (end < text.length && end - start < REACH && text[end] !== '\n') {
    const inside = ['{{', '{%', '$('].find((brace) => text.startsWith(brace, end))
    if (inside !== undefined) {
      const close = text.indexOf(inside === '{{' ? '}}' : inside === '{%' ? '%}' : ')', end)
      if (close === -1) break
      end = close + (inside === '$(' ? 1 : 2)
      continue
    }
    if (opening !== undefined ? text.startsWith(opening, end) : stops(text, end, kind, wholeLine)) break
    end += 1
  }
  if (opening === undefined) while (end > start && /\s/.test(text[end - 1] ?? '')) end -= 1
  const raw = text.slice(start, end)
  if (raw === '') return undefined
  // `"K3S_TOKEN=…"` is quoted as a whole; in YAML the quotes are those of the scalar.
  const around = opening ?? (kind !== 'yaml' && /["']/.test(before) ? before : '')
  const single = around.endsWith("'")
  const style = around === '' ? 'none' : single ? 'single' : 'double'
  const isReference = (!single || kind === 'yaml') && /^\$|`/.test(raw)
  const at = { path, start, end }
  const isPlaceholder = /^(?:__\w+__|@\w+@|%\w+%|%s|\\?\$\{?\w+.*)$/.test(raw)
  if (isReference || isPlaceholder || (kind === 'other' && /\$\{/.test(raw)))
    return { raw, written: { at, text: undefined, hidden: 'reference', style } }
  return { raw, written: { at, ...known(raw), style } }
}

function stops(text: string, at: number, kind: FileKind, wholeLine: boolean): boolean {
  const character = text[at] ?? ''
  if (wholeLine && kind !== 'yaml') return false
  return /[\s"'`]/.test(character) || (kind !== 'unit' && kind !== 'env-file' && /[;|&)\]},]/.test(character))
}
