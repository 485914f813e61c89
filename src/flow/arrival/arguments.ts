import { booleanFlags } from '../../facts/k3sSettings.ts'
import { cut } from '../../syntax/sourced.ts'
import { type Letters, unknownIn } from './letters.ts'

/** A flag as Go's flag package reads it. */
export interface Flag {
  /** Without dashes; `undefined` for a word that is not known and may hold any flag. */
  readonly name: string | undefined
  /** `undefined` for a flag without a value. */
  readonly value: Letters | undefined
  readonly why: string
}

/**
 * The flags of a command line, in order: `-name` and `--name` are the same, the value follows `=` or is the next word,
 * the first word that is no flag ends them. https://pkg.go.dev/flag#hdr-Command_line_flag_syntax
 */
export function flagsOf(words: readonly Letters[]): readonly Flag[] {
  const flags: Flag[] = []
  for (let index = 0; index < words.length; index += 1) {
    const whole = words[index]
    if (whole === undefined) break
    const word = behindUnknown(whole)
    if (word !== whole) {
      const unknown = unknownIn(cut(whole, 0, whole.text.length - word.text.length))
      if (unknown !== undefined && unknown.root.isHarmless !== true)
        flags.push({ name: undefined, value: undefined, why: unknown.what })
    }
    const [dashes = ''] = /^--?/.exec(word.text) ?? []
    const equals = word.text.indexOf('=')
    const name = cut(word, dashes.length, equals === -1 ? undefined : equals)
    const unknown = unknownIn(name)
    if (unknown !== undefined) {
      flags.push({ name: undefined, value: undefined, why: unknown.what })
      continue
    }
    if (dashes === '' || name.text === '' || word.text === '-') break
    if (equals !== -1) flags.push({ name: name.text, value: cut(word, equals + 1), why: '' })
    else if (booleanFlags.has(name.text)) flags.push({ name: name.text, value: undefined, why: '' })
    else {
      index += 1
      flags.push({ name: name.text, value: words[index], why: '' })
    }
  }
  return flags
}

/**
 * A template may put something in front of a flag, `{% if … %}--flag {% endif %}--token`: what is not known there is empty, or
 * a word of its own.
 */
function behindUnknown(word: Letters): Letters {
  const [unknown = ''] = /^[\u{f0000}-\u{ffffd}]+(?=--?[a-z])/u.exec(word.text) ?? []
  return unknown === '' ? word : cut(word, unknown.length)
}
