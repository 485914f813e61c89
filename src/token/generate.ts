import { customAlphabet } from 'nanoid'
import { UserError } from '../errors.ts'
import { Secret } from '../secret.ts'
import {
  type Alphabet,
  type AlphabetName,
  alphabets,
  bootstrapAlphabet,
  kindRules,
  MINIMUM_HEX,
  type TokenKind,
} from './alphabets.ts'
import { isBootstrapShaped } from './form.ts'
import { isLiteralEverywhere, isLiteralIn } from './sinks.ts'
import { weaknesses } from './strength.ts'

export type { AlphabetName, TokenKind } from './alphabets.ts'

export interface TokenOptions {
  readonly kind?: TokenKind | undefined
  /** In characters. */
  readonly length?: number | undefined
  readonly alphabet?: AlphabetName | undefined
}

/** A sound random source needs a handful of draws; one that fails this often is none. */
const MAX_DRAWS = 10_000

/** From this length on every class of the alphabet is there. */
const CLASSES_FROM = 16

/**
 * A new token: by default 64 characters of `A-Za-z0-9` for a server. The characters come from the system's
 * CSPRNG without modulo bias (https://github.com/ai/nanoid#security). What a token has to satisfy beyond that
 * is had by drawing the whole of it anew, never by putting a character in place, so that no position differs
 * from another. Throws `UserError` where length or alphabet don't go with the kind.
 */
export function newToken(options: TokenOptions = {}): Secret {
  const { kind = 'server' } = options
  const { alphabet, length } = resolved(kind, options)
  const draw = kind === 'bootstrap' ? bootstrapDraw(alphabet) : customAlphabet(charactersOf(alphabet), length)
  for (let draws = 0; draws < MAX_DRAWS; draws += 1) {
    const text = draw()
    if (isAcceptable(text, kind, alphabet)) return new Secret(text)
  }
  throw new Error(`the random source gave no usable token in ${MAX_DRAWS} draws`)
}

/** Checks options without making a token. Throws `UserError`. */
export function resolved(
  kind: TokenKind,
  { length, alphabet }: Pick<TokenOptions, 'length' | 'alphabet'>,
): { readonly alphabet: Alphabet; readonly length: number } {
  const rule = kindRules[kind]
  if (alphabet !== undefined && !rule.alphabets.includes(alphabet))
    throw new UserError(`a ${kind} token can't be made of the alphabet ${alphabet}: ${rule.because}`, {
      fix:
        rule.alphabets.length === 0
          ? 'leave out --alphabet'
          : `use --alphabet ${rule.alphabets.join(' or ')}`,
    })
  const name = alphabet ?? rule.alphabet
  const minimum = name === 'hex' ? Math.max(rule.minimum, MINIMUM_HEX) : rule.minimum
  const wanted = length ?? rule.length
  if (!Number.isInteger(wanted) || wanted < minimum || wanted > rule.maximum)
    throw new UserError(
      minimum === rule.maximum
        ? `the length of a ${kind} token is ${minimum}: ${rule.because}`
        : `the length of a ${kind} token of ${alphabets[name].summary} is from ${minimum} to ${rule.maximum}: ${rule.because}`,
      {
        fix: minimum === rule.maximum ? 'leave out --length' : `use --length ${rule.length}, or leave it out`,
      },
    )
  return { alphabet: kind === 'bootstrap' ? bootstrapAlphabet : alphabets[name], length: wanted }
}

function bootstrapDraw(alphabet: Alphabet): () => string {
  const id = customAlphabet(charactersOf(alphabet), 6)
  const secret = customAlphabet(charactersOf(alphabet), 16)
  return () => `${id()}.${secret()}`
}

function isAcceptable(text: string, kind: TokenKind, alphabet: Alphabet): boolean {
  if (text.length >= CLASSES_FROM && !alphabet.classes.every((members) => hasAny(text, members))) return false
  // Its dot is an operator of regular expressions, and part of the form; what can be helped is a token like a number.
  if (kind === 'bootstrap') return weaknesses(text.slice(7)).length === 0 && isLiteralIn('yaml-plain', text)
  // A leading K10 makes K3s look for a CA hash; a leading - is an option to argparse and its like.
  if (/^(?:K10|-)/.test(text) || isBootstrapShaped(text)) return false
  // `microk8s add-node` prints its help, and registers nothing, when `help` occurs anywhere in its arguments.
  if (kind === 'microk8s' && /help/i.test(text)) return false
  return weaknesses(text).length === 0 && isLiteralEverywhere(text)
}

function charactersOf({ classes }: Alphabet): string {
  return classes.join('')
}

function hasAny(text: string, members: string): boolean {
  return [...text].some((character) => members.includes(character))
}
