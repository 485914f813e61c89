import { installer } from '../../facts/installer.ts'
import { cut, join, runEnd, SourcedBuilder } from '../../syntax/sourced.ts'
import { type Letters, madeLetters, type Origin, type Written } from '../arrival/letters.ts'

/**
 * The env file as the script writes it: what `export` of a POSIX shell shows, read without `-r` and echoed without
 * quotes. Backslashes are lost, runs of white space become one space, a line break cuts a value off.
 */
export function installerEnvironment(variables: ReadonlyMap<string, Letters>, origin: Origin): Letters {
  const made = (text: string): Letters => madeLetters(text, origin)
  const names = [...variables.keys()].sort()
  const shown = names.flatMap((name) => [
    made(`export ${name}=`),
    quoted(variables.get(name) ?? made(''), made),
    made('\n'),
  ])
  const lines = readLines(join(shown)).map((line) => echoed(line, origin))
  const kept = installer.kept.flatMap((form) =>
    lines.flatMap((line) => splitLines(line).filter(({ text }) => form.test(text))),
  )
  return join(kept.flatMap((line) => [line, made('\n')]))
}

/** `'a'"'"'b'`: how dash quotes a value. */
function quoted(value: Letters, made: (text: string) => Letters): Letters {
  const parts: Letters[] = []
  let at = 0
  do {
    const quote = value.text.indexOf("'", at)
    const end = quote === -1 ? value.text.length : quote
    parts.push(made("'"), cut(value, at, end), made("'"))
    at = end
    while (value.text[at] === "'") at += 1
    if (at > end) parts.push(made('"'), cut(value, end, at), made('"'))
  } while (at < value.text.length)
  return join(parts)
}

/**
 * `while read x v`: the second word and what follows it, a backslash taken away from before any character. White space at
 * the end is dropped, and with it, by dash, what was escaped behind it.
 */
function readLines(text: Letters): readonly Letters[] {
  const lines: Letters[] = []
  let line = new SourcedBuilder<Written>()
  /** Of the units of the line: `e` escaped, `s` white space, `-` anything else. */
  let kinds = ''
  let isEmpty = true
  const end = (): void => {
    const tail = /[se]*$/.exec(kinds)
    const space = tail?.[0].indexOf('s') ?? -1
    lines.push(line.done(tail === null || space === -1 ? undefined : tail.index + space))
    line = new SourcedBuilder()
    kinds = ''
    isEmpty = true
  }
  for (let at = 0; at < text.text.length; at += 1) {
    const next = runEnd(text.text, at, PLAIN)
    if (next > at) {
      line.append(text, at, next)
      kinds += '-'.repeat(next - at)
      isEmpty = false
      at = next - 1
      continue
    }
    const mark = text.text[at] ?? ''
    if (mark === '\n') {
      end()
      continue
    }
    isEmpty = false
    if (mark === '\\') {
      at += 1
      if (text.text[at] === '\n') continue
      kinds += 'e'
    } else kinds += 's'
    line.append(text, at, at + 1)
  }
  if (!isEmpty) end()
  return lines.map((whole) => cut(whole, /^[ \t]*[^ \t]*[ \t]*/.exec(whole.text)?.[0].length ?? 0))
}

const PLAIN = /[^\\ \t\n]+/y

/** `echo $v`: words with one space between them; the `echo` of dash reads `\n` and its like. */
function echoed(line: Letters, origin: Origin): Letters {
  const built = new SourcedBuilder<Written>()
  for (let at = 0; at < line.text.length; at += 1) {
    const plain = runEnd(line.text, at, PLAIN)
    built.append(line, at, plain)
    at = plain
    const mark = line.text[at] ?? ''
    if (/[ \t\n]/.test(mark)) {
      const next = line.text.slice(at).search(/[^ \t\n]/)
      if (next === -1) break
      if (built.length > 0) built.add(' ', line.originAt(at) ?? origin)
      at += next - 1
    } else if (mark === '\\') {
      const read = echoEscape(line.text.slice(at + 1, at + 5))
      if (read === 'end') break
      built.add(read?.text ?? '\\', line.originAt(at) ?? origin)
      at += read?.length ?? 0
    }
  }
  return built.done()
}

const ECHOED: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
}

function echoEscape(text: string): { readonly text: string; readonly length: number } | 'end' | undefined {
  const [mark = ''] = text
  if (mark === 'c') return 'end'
  const simple = ECHOED[mark]
  if (simple !== undefined) return { text: simple, length: 1 }
  const [octal] = /^0[0-7]{0,3}/.exec(text) ?? []
  if (octal === undefined) return undefined
  return { text: String.fromCharCode(Number.parseInt(octal, 8) & 0xff), length: octal.length }
}

function splitLines(text: Letters): readonly Letters[] {
  const lines: Letters[] = []
  let start = 0
  for (const part of text.text.split('\n')) {
    lines.push(cut(text, start, start + part.length))
    start += part.length + 1
  }
  return lines
}
