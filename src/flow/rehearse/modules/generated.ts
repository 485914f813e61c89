import { type Atom, MADE_ANEW } from '../../atoms.ts'

/** What a command prints that makes a random text. */
export const RANDOM = 'a random text of a command'
const OF_SHELL = 'a text made of $RANDOM'
const OF_CLOCK = 'a text made of the clock'
const OF_SECOND = 'a text made of the second on the clock'
const OF_SOMETHING = 'a digest'

/** What each run makes anew: no two nodes have the same. */
export const unique: ReadonlySet<string> = new Set([RANDOM, MADE_ANEW, OF_SHELL, OF_CLOCK])

export const isRandom = ({ root }: Atom): boolean => root.kind === 'runtime' && unique.has(root.what)

/** What nodes that make their own may have in common: the second, or what is digested. */
export const perhapsShared: ReadonlySet<string> = new Set([OF_SECOND, OF_SOMETHING])

/** Why what a command prints can be guessed: https://www.gnu.org/software/bash/manual/html_node/Bash-Variables.html */
export const guessable: ReadonlyMap<string, string> = new Map([
  [OF_SHELL, 'it is made of $RANDOM, which has 32768 values'],
  [OF_CLOCK, 'it is made of the time at which the play ran, which others can tell'],
  [OF_SECOND, 'it is made of the second in which the play ran, which others can tell'],
])

/** What makes a token of random bytes: it prints one, or fails. */
const RANDOM_BYTES =
  /\b(?:uuidgen|pwgen|apg|makepasswd|pwqgen)\b|\bopenssl\s+rand\b|\bgpg\d?\s[^|;]*--gen-random\b|\bmktemp\s[^|;]*-\w*u|\/dev\/u?random\b|\/random\/uuid\b|\bsecrets\.token_|\bk3s\s+token\s+generate\b/

export const isOfRandomBytes = (line: string): boolean => RANDOM_BYTES.test(line)

/** It prints one whatever it is given, unless it compares. */
const DIGEST = /\b(?:sha\d+|md5|b2)sum\b(?![^|;&]*\s(?:-\w*c|--check|--status)\b)/
const SHELL = /\$\{?RANDOM\b/
const CLOCK = /\bdate\b/
const SAYS_SECONDS = /\bdate\s[^|;]*%[sN]/
const SAYS_NANOSECONDS = /\bdate\s[^|;]*%\d?N/

/** A file that output goes to, so that none is left: `>file`, not `2>/dev/null`. */
const REDIRECTS = /(?:^|[^2&>])>{1,2}\s*[^\s&]/

/** A shell that asks whether there is a text already, or that keeps it for those who ask. */
const KEEPS = /\btee\b|\|\||:-|\b(?:if|case|test)\s|(?:^|[\s;&|(!])\[\[?\s|\bopen\(/

/** Whether a command line prints another text whenever it is run: what was kept before is none. */
export const isAnotherEachTime = (line: string): boolean =>
  unique.has(generated(line) ?? '') && !KEEPS.test(line)

/** Programs that end what they print without a line break, as the last of a pipe. */
const ENDS_NO_LINE =
  /(?:^|[\s|/])(?:head(?:\s[^|]*)?\s-(?:\w*c|-bytes)|tr\s|dd\s|printf\s|echo\s+-\w*n|base64\s[^|]*(?:-\w*w\s?|--wrap[=\s])0\b)[^|]*(?:\|\s*tee\s[^|]*)?$/

/** Whether a line break stands behind what a pipe prints. */
export const endsLine = (pipe: string): boolean => !ENDS_NO_LINE.test(pipe)

/** What a command line prints that makes a text of its own, in the words of a message; `undefined` where it makes none. */
export function generated(line: string): string | undefined {
  if (REDIRECTS.test(line)) return undefined
  if (RANDOM_BYTES.test(line)) return RANDOM
  const part = line
    .split(/\n|;|&&|\|\|/)
    .find((one) => DIGEST.test(one) || SAYS_SECONDS.test(one) || SHELL.test(one))
  if (part === undefined) return undefined
  if (SHELL.test(part)) return OF_SHELL
  if (SAYS_NANOSECONDS.test(part)) return OF_CLOCK
  return CLOCK.test(part) ? OF_SECOND : OF_SOMETHING
}
