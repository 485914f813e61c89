import { Sourced } from '../../syntax/sourced.ts'
import type { Letters } from './letters.ts'

/** `<JOIN_TOKEN>`: as a value, and as a word of a text. Nobody redirects from a file in capitals, and to what follows it. */
const VALUE = /^<[^<>]+>$/
const WORD = /(?<![<\w])<[A-Z][A-Z\d]*(?:[-_][A-Z\d]+)*>(?=["'`:;|&)\s]|$)/g

const FIRST = 0xe000

/**
 * A text for the parser of a shell in which what asks to be replaced has no special characters: it stands for one word, and
 * redirects nothing. All places stay the same.
 */
export function withoutBlanks({ text, runs }: Letters): string {
  if (!text.includes('<')) return text
  let masked = ''
  for (const [index, { start, of }] of runs.entries()) {
    const part = text.slice(start, runs[index + 1]?.start)
    masked += of.atom !== undefined && VALUE.test(part) ? hidden(part) : part.replace(WORD, hidden)
  }
  return masked
}

const hidden = (text: string): string =>
  text.replace(/[!-/:-@[-`{-~ ]/g, (mark) => String.fromCharCode(FIRST + mark.charCodeAt(0)))

/** A part of such a text as it is written. */
export function withBlanks<Of>(part: Sourced<Of>): Sourced<Of> {
  const text = part.text.replace(/[\ue020-\ue07e]/g, (mark) =>
    String.fromCharCode(mark.charCodeAt(0) - FIRST),
  )
  return text === part.text ? part : new Sourced(text, part.runs)
}
