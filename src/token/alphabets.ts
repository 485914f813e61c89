export type TokenKind = 'server' | 'agent' | 'bootstrap' | 'microk8s'
export type AlphabetName = 'alnum' | 'hex' | 'url' | 'symbols'

/** The characters a token is drawn from, in classes of which each has to be present in a token of 16 or more. */
export interface Alphabet {
  readonly classes: readonly string[]
  /** What it is for, as `--help` says it. */
  readonly summary: string
}

const UPPER = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'
const LOWER = 'abcdefghijklmnopqrstuvwxyz'
const DIGITS = '0123456789'

export const alphabets: Readonly<Record<AlphabetName, Alphabet>> = {
  alnum: { classes: [UPPER, LOWER, DIGITS], summary: 'A-Z a-z 0-9' },
  hex: { classes: ['abcdef', DIGITS], summary: '0-9 a-f' },
  url: { classes: [UPPER, LOWER, DIGITS, '-_'], summary: 'A-Z a-z 0-9 and - or _ (base64url)' },
  // Of the 32 ASCII punctuation marks these two are all that no row of `sinks` objects to, wherever they stand.
  symbols: { classes: [UPPER, LOWER, DIGITS, '-', '_'], summary: 'A-Z a-z 0-9 and both - and _' },
}

const BOOTSTRAP: Alphabet = { classes: [LOWER, DIGITS], summary: 'a-z 0-9' }

/** What a kind of token may look like. Lengths are in characters. */
export interface KindRule {
  readonly length: number
  readonly minimum: number
  readonly maximum: number
  readonly alphabet: AlphabetName
  readonly alphabets: readonly AlphabetName[]
  /** Why the limits are what they are; said when they are broken. */
  readonly because: string
  readonly see: string
}

const K3S_RULE: KindRule = {
  length: 64,
  minimum: 16,
  maximum: 1024,
  alphabet: 'alnum',
  alphabets: ['alnum', 'hex', 'url', 'symbols'],
  because: 'a shorter token can be guessed, and a longer one adds nothing',
  see: 'https://docs.k3s.io/cli/token',
}

export const kindRules: Readonly<Record<TokenKind, KindRule>> = {
  server: K3S_RULE,
  agent: K3S_RULE,
  bootstrap: {
    length: 23,
    minimum: 23,
    maximum: 23,
    alphabet: 'alnum',
    alphabets: [],
    because: 'a bootstrap token is six characters, a dot and sixteen characters of a-z 0-9',
    see: 'https://kubernetes.io/docs/reference/access-authn-authz/bootstrap-tokens/#token-format',
  },
  microk8s: {
    length: 32,
    minimum: 32,
    maximum: 128,
    alphabet: 'hex',
    alphabets: ['hex', 'alnum'],
    because:
      'MicroK8s refuses tokens under 32 characters; some of its tools want exactly 32, and its token file and join URLs give | and / a meaning',
    see: 'https://github.com/canonical/microk8s/blob/master/scripts/wrappers/add_token.py',
  },
}

/** Sixteen characters of 0-9 a-f are only 64 bits. */
export const MINIMUM_HEX = 24

export const bootstrapAlphabet: Alphabet = BOOTSTRAP
