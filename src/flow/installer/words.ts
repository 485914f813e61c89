import { installer } from '../../facts/installer.ts'
import { runEnd, type Sourced, SourcedBuilder, trim } from '../../syntax/sourced.ts'

/**
 * The words that the script makes of INSTALL_K3S_EXEC and its own arguments. It escapes punctuation, then lets the shell
 * read the line again: quotes work, but a special character between quotes keeps its backslash. `undefined`: a quote is
 * not closed, so that the shell gives up.
 */
export function installerWords<Of>(
  exec: Sourced<Of>,
  args: readonly Sourced<Of>[],
): readonly Sourced<Of>[] | undefined {
  const words = execWords(collapsed(trim(exec)))
  return words === undefined ? undefined : [...words, ...args.map(collapsed)]
}

/** Unquoted, `$(…)` is cut at white space and put together with single spaces. */
function collapsed<Of>(text: Sourced<Of>): Sourced<Of> {
  const built = new SourcedBuilder<Of>()
  for (let at = 0; at < text.text.length; at += 1) {
    const next = runEnd(text.text, at, NO_SPACE)
    built.append(text, at, next)
    at = next
    const origin = text.originAt(at)
    if (origin !== undefined && !/[ \t\n]/.test(text.text[at - 1] ?? '')) built.add(' ', origin)
  }
  return built.done()
}

const NO_SPACE = /[^ \t\n]+/y

function execWords<Of>(text: Sourced<Of>): readonly Sourced<Of>[] | undefined {
  const words: Sourced<Of>[] = []
  let open: SourcedBuilder<Of> | undefined
  let quote = ''
  for (let at = 0; at < text.text.length; at += 1) {
    const mark = text.text[at] ?? ''
    if (quote === '' && mark === ' ') {
      if (open !== undefined) words.push(open.done())
      open = undefined
      continue
    }
    open ??= new SourcedBuilder()
    if (quote === '' ? mark === '"' || mark === "'" : mark === quote) {
      quote = quote === '' ? mark : ''
      continue
    }
    const keepsBackslash = quote === "'" || (quote === '"' && !/[$`\\]/.test(mark))
    if (installer.escaped.test(mark) && keepsBackslash) open.append(text, at, at + 1, '\\')
    open.append(text, at, at + 1)
  }
  if (quote !== '') return undefined
  if (open !== undefined) words.push(open.done())
  return words
}
