import { installer } from '../../facts/installer.ts'
import { cut, join, type Sourced, SourcedBuilder, trim } from '../../syntax/sourced.ts'

/**
 * The words that the script makes of INSTALL_K3S_EXEC and its own arguments. It escapes punctuation, then lets the shell
 * read the line again: quotes work, but a special character between quotes keeps its backslash. `undefined`: a quote is
 * not closed, so that the shell gives up.
 */
export function installerWords<Origin>(
  exec: Sourced<Origin>,
  args: readonly Sourced<Origin>[],
): readonly Sourced<Origin>[] | undefined {
  const words = execWords(collapsed(trim(exec)))
  return words === undefined ? undefined : [...words, ...args.map(collapsed)]
}

/** Unquoted, `$(…)` is cut at white space and put together with single spaces. */
function collapsed<Origin>(text: Sourced<Origin>): Sourced<Origin> {
  const built = new SourcedBuilder<Origin>()
  for (let at = 0; at < text.text.length; at += 1) {
    const origin = text.from[at]
    if (!/[ \t\n]/.test(text.text[at] ?? '')) built.append(cut(text, at, at + 1))
    else if (origin !== undefined && !/[ \t\n]/.test(text.text[at - 1] ?? '')) built.add(' ', origin)
  }
  return built.done()
}

function execWords<Origin>(text: Sourced<Origin>): readonly Sourced<Origin>[] | undefined {
  const words: Sourced<Origin>[] = []
  let open: Sourced<Origin>[] | undefined
  let quote = ''
  for (let at = 0; at < text.text.length; at += 1) {
    const mark = text.text[at] ?? ''
    const unit = cut(text, at, at + 1)
    if (quote === '' && mark === ' ') {
      if (open !== undefined) words.push(join(open))
      open = undefined
      continue
    }
    open ??= []
    if (quote === '' ? mark === '"' || mark === "'" : mark === quote) {
      quote = quote === '' ? mark : ''
      continue
    }
    const keepsBackslash = quote === "'" || (quote === '"' && !/[$`\\]/.test(mark))
    if (installer.escaped.test(mark) && keepsBackslash) open.push({ text: '\\', from: unit.from })
    open.push(unit)
  }
  if (quote !== '') return undefined
  if (open !== undefined) words.push(join(open))
  return words
}
