/** How hard a password is to guess, and what makes it easy. Says nothing that would help to guess it. */
export interface Strength {
  /** Rounded down. */
  readonly bits: number
  /** What the figure takes for granted. */
  readonly assumes: string
  /** Why it is weak, one sentence each; empty where it is strong. */
  readonly weaknesses: readonly string[]
}

/** A short password is guessed online, whatever it is made of. In characters. */
export const MINIMUM_LENGTH = 16

/** Sixteen random characters of a-z 0-9, the secret of a bootstrap token, are 82 bits. */
export const MINIMUM_BITS = 64

const ASSUMES =
  'every character was drawn at random from the classes that occur; repetitions, runs such as 1234 and listed words count as one character each'

/** Words that passwords are made of; compared after undoing the usual disguises (`pa55w0rd`). */
const WORDS: readonly string[] = [
  ...['admin', 'agent', 'ansible', 'battery', 'change', 'changeme', 'cluster', 'correct', 'default', 'demo'],
  ...['docker', 'example', 'hello', 'home', 'homelab', 'horse', 'iloveyou', 'join', 'k3s', 'kube'],
  ...[
    'kubernetes',
    'letmein',
    'login',
    'longhorn',
    'master',
    'microk8s',
    'node',
    'pass',
    'password',
    'please',
  ],
  ...[
    'production',
    'qwerty',
    'qwertz',
    'rancher',
    'random',
    'raspberry',
    'root',
    'sample',
    'secret',
    'server',
  ],
  ...[
    'staging',
    'staple',
    'strong',
    'super',
    'supersecret',
    'test',
    'token',
    'traefik',
    'vagrant',
    'welcome',
  ],
  ...['worker', 'asdf', 'your'],
]
const DISGUISES: Readonly<Record<string, string>> = {
  '0': 'o',
  '1': 'l',
  '3': 'e',
  '4': 'a',
  '5': 's',
  '7': 't',
  '@': 'a',
  $: 's',
  '!': 'i',
}

const CLASSES: readonly (readonly [pattern: RegExp, size: number])[] = [
  [/[a-z]/, 26],
  [/[A-Z]/, 26],
  [/[0-9]/, 10],
  [/[!-/:-@[-`{-~ ]/, 33],
  [/[^ -~]/, 100],
]

/** An upper bound: a text that was not drawn at random is easier to guess than its figure says. */
export function strengthOf(password: string): Strength {
  return { bits: bitsOf(password), assumes: ASSUMES, weaknesses: weaknesses(password) }
}

/** The rules, all of them: too short, too few bits, one block over and over, few different characters, mostly words. */
export function weaknesses(password: string): readonly string[] {
  const characters = [...password]
  const found: string[] = []
  if (characters.length < MINIMUM_LENGTH)
    found.push(`it is ${characters.length} characters long; ${MINIMUM_LENGTH} are the least`)
  if (periodOf(password) < characters.length) found.push('it is one block over and over')
  else if (new Set(characters).size < Math.min(6, characters.length))
    found.push('it is made of very few different characters')
  if (wordCharacters(password) * 2 >= characters.length && characters.length > 0)
    found.push('at least half of it is words that everybody tries')
  const bits = bitsOf(password)
  if (bits < MINIMUM_BITS) found.push(`it has ${bits} bits at most; ${MINIMUM_BITS} are the least`)
  return found
}

function bitsOf(password: string): number {
  const block = [...password].slice(0, periodOf(password)).join('')
  const pool = /^[0-9a-f]*$/.test(block) && /[a-f]/.test(block) ? 16 : poolOf(block)
  return block === '' ? 0 : Math.floor(surprises(block) * Math.log2(Math.max(2, pool)))
}

function poolOf(text: string): number {
  return CLASSES.reduce((sum, [pattern, size]) => sum + (pattern.test(text) ? size : 0), 0)
}

/** Length of the shortest block whose repetition is the text; the text's own length where there is none. In characters. */
function periodOf(text: string): number {
  const characters = [...text]
  for (let period = 1; period * 2 <= characters.length; period += 1)
    if (characters.every((character, index) => character === characters[index % period])) return period
  return characters.length
}

/** How many characters can't be told from those before them. */
function surprises(text: string): number {
  const words = wordSpans(text)
  const expected = new Set(words.flatMap(({ start, end }) => range(start + 1, end)))
  const codes = [...text].map((character) => character.codePointAt(0) ?? 0)
  for (let index = 2; index < codes.length; index += 1) {
    const [a = 0, b = 0, c = 0] = codes.slice(index - 2, index + 1)
    if (b - a === c - b && Math.abs(b - a) <= 1) expected.add(index - 1).add(index)
  }
  return codes.length - expected.size
}

function wordCharacters(text: string): number {
  return wordSpans(text).reduce((sum, { start, end }) => sum + end - start, 0)
}

/** Words in the text, the longest first, none overlapping another. Offsets in characters. */
function wordSpans(text: string): readonly { readonly start: number; readonly end: number }[] {
  const plain = [...text.toLowerCase()].map((character) => DISGUISES[character] ?? character).join('')
  const taken: { start: number; end: number }[] = []
  for (const word of LONGEST_FIRST)
    for (let start = plain.indexOf(word); start !== -1; start = plain.indexOf(word, start + 1)) {
      const end = start + word.length
      if (taken.every((other) => end <= other.start || start >= other.end)) taken.push({ start, end })
    }
  return taken
}

const LONGEST_FIRST: readonly string[] = WORDS.map((word) =>
  [...word].map((character) => DISGUISES[character] ?? character).join(''),
).sort((a, b) => b.length - a.length)

function range(start: number, end: number): number[] {
  return Array.from({ length: Math.max(0, end - start) }, (_, index) => start + index)
}
