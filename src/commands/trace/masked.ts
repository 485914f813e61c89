import { HIDDEN, Mask } from '../../lint/mask.ts'

/** What an expression falls back to. */
const FALLBACK = /(\b(?:default|d)\(\s*)('(?:[^'\\]|\\.)+'|"(?:[^"\\]|\\.)+")/g
/** A text that something is compared with; not the key of a mapping. */
const COMPARED = /(?<!\[)'((?:[^'\\]|\\.){12,})'/g
const VERSION = /^v?\d+\.\d+/

/** Blanks what could be a token in words that quote an expression of the project. */
export function wordMask(secrets: Iterable<string>): (words: string) => string {
  const mask = new Mask(secrets)
  return (words) =>
    mask.shown(
      words
        .replace(FALLBACK, `$1'${HIDDEN}'`)
        .replace(COMPARED, (whole, text: string) => (isRandom(text) ? `'${HIDDEN}'` : whole)),
      0,
    )
}

const isRandom = (text: string): boolean =>
  /\d/.test(text) && /[a-z]/i.test(text) && !/[\s/]/.test(text) && !VERSION.test(text)
