import { nameNotDefined } from '../flow/evaluate/print.ts'
import { HIDDEN, Mask, mayDefaultToSecret } from './mask.ts'
import { quotedWords, type Secrets } from './secrets.ts'

/** What an expression falls back to. */
const FALLBACK = /(\b(?:default|d)\(\s*)('(?:[^'\\]|\\.)+'|"(?:[^"\\]|\\.)+")/g
/** A text that something is compared with; not the key of a mapping. */
const COMPARED = /(?<!\[)'((?:[^'\\]|\\.){12,})'/g
const VERSION = /^v?\d+\.\d+/

/** Blanks what could be a token in words that quote an expression of the project. Names of hosts are none. */
export function wordMask(
  secrets: Pick<Secrets, 'texts' | 'words'>,
  hosts: ReadonlySet<string>,
): (said: string) => string {
  const mask = new Mask(secrets.texts, 'words')
  const quoted = quotedWords(secrets)
  const compared = (said: string): string =>
    said
      .replace(quoted, HIDDEN)
      .replace(COMPARED, (whole, text: string) =>
        isRandom(text) && !hosts.has(text) ? `'${HIDDEN}'` : whole,
      )
  return (said) =>
    mask.shown(
      withoutTexts(
        said.replace(FALLBACK, (whole, call: string, _, at: number) =>
          mayDefaultToSecret(said, at) ? `${call}'${HIDDEN}'` : whole,
        ),
        compared,
      ),
      0,
    )
}

/** The name of what is not there is no text, though our own words put it in quotes. */
function withoutTexts(words: string, compared: (said: string) => string): string {
  let result = ''
  let last = 0
  for (const { 0: whole, 1: name = '', index } of words.matchAll(nameNotDefined)) {
    result += `${compared(words.slice(last, index))}'${compared(name)}' is undefined`
    last = index + whole.length
  }
  return result + compared(words.slice(last))
}

const isRandom = (text: string): boolean =>
  /\d/.test(text) && /[a-z]/i.test(text) && !/[\s/]/.test(text) && !VERSION.test(text)
