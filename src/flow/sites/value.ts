import { REACH } from './around.ts'
import { withoutFiller } from './escapes.ts'
import type { FileKind } from './places.ts'
import type { Written } from './site.ts'
import { known } from './written.ts'

/** What goes on to its end, whatever stands in between. */
const BRACES: readonly (readonly [open: string, close: string])[] = [
  ['${{', '}}'],
  ['{{', '}}'],
  ['{%', '%}'],
  ['$(', ')'],
  ['${', '}'],
]

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
  // One shell's quotes end where the next one's begin, around what it fills in: '{"key": "'"$KEY"'"}'.
  const spliced = /(?:\\?["']){2,}(?=\$)/y
  for (const pattern of [quote, spliced]) pattern.lastIndex = offset
  const between = spliced.exec(text)?.[0]
  const opening = between === undefined ? quote.exec(text)?.[0] : undefined
  const start = offset + (between ?? opening ?? '').length
  let end = start
  while (end < text.length && end - start < REACH && text[end] !== '\n') {
    const inside = BRACES.find(([open]) => text.startsWith(open, end))
    if (inside !== undefined) {
      const [, closing] = inside
      const length = text.slice(end, end + REACH).indexOf(closing)
      if (length === -1) break
      end += length + closing.length
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
  const at = { path, start, end }
  const fallback = isShell(kind) && !single ? FALLBACK.exec(raw) : null
  if (fallback !== null) {
    const [, given = '', spare = ''] = fallback
    return {
      raw: spare,
      written: {
        at: { path, start: start + given.length, end: start + given.length + spare.length },
        ...known(withoutFiller(spare)),
        style,
      },
    }
  }
  if (isReference(raw, kind, single))
    return { raw, written: { at, text: undefined, hidden: 'reference', style } }
  return { raw, written: { at, ...known(withoutFiller(raw)), style } }
}

/** `${HARBOUR_KEY:-spare}` */
const FALLBACK = /^(\$\{\w+:?-)([^$`{}]+)\}$/

function isShell(kind: FileKind): boolean {
  return kind === 'shell' || kind === 'make' || kind === 'ci' || kind === 'docker'
}

/** What something else fills in: a shell, sed, a module with groups of its pattern, whoever reads the help of a script. */
function isReference(raw: string, kind: FileKind, single: boolean): boolean {
  if ((!single || kind === 'yaml') && /^\$|`/.test(raw)) return true
  if (kind === 'other' && /\$\{/.test(raw)) return true
  if ((isShell(kind) || kind === 'other') && /^<|^\.{3}$|^x{3,}$|^\.?\*|^\[\^|^\(/i.test(raw)) return true
  if (/^\\{1,2}(?:\d|g<\w+>)/.test(withoutFiller(raw))) return true
  return /^(?:__\w+__|@\w+@|%\w+%|%s|\\*\$[{(]?\w+.*)$/.test(raw)
}

function stops(text: string, at: number, kind: FileKind, wholeLine: boolean): boolean {
  const character = text[at] ?? ''
  if (wholeLine && kind !== 'yaml') return false
  return /[\s"'`]/.test(character) || (kind !== 'unit' && kind !== 'env-file' && /[;|&)\]},]/.test(character))
}
