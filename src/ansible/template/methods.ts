import { inOrder } from './arguments.ts'
import { equal } from './comparison.ts'
import { braceFormat } from './format.ts'
import { iterated } from './sequences.ts'
import { type Decrypt, str } from './text.ts'
import { capitalized, justified, lines, replaced, splitText, stripped, titled } from './texts.ts'
import {
  type CallArguments,
  Callable,
  Dict,
  List,
  refused,
  Tuple,
  typeName,
  type Value,
  VaultedText,
} from './values.ts'

/** What a method is called with: its object, its arguments, and the reader of vaulted text. */
type Method<Self> = (self: Self, given: CallArguments, decrypt: Decrypt) => Value

/** The method of that name, bound to its object; undefined where Python's type has none, or k3seal does not know it. */
export function methodOf(value: Value, name: string, decrypt: Decrypt): Callable | undefined {
  if (value instanceof VaultedText || typeof value === 'string') {
    const method = ofText.get(name)
    if (method === undefined) return undefined
    return new Callable(name, (given) => method(str(value, decrypt), given, decrypt))
  }
  if (value instanceof Dict) return bound(ofDict, value, name, decrypt)
  if (value instanceof Tuple)
    return /^(?:count|index)$/.test(name) ? bound(ofList, value, name, decrypt) : undefined
  return value instanceof List ? bound(ofList, value, name, decrypt) : undefined
}

function bound<Self>(
  methods: ReadonlyMap<string, Method<Self>>,
  self: Self,
  name: string,
  decrypt: Decrypt,
): Callable | undefined {
  const method = methods.get(name)
  return method === undefined ? undefined : new Callable(name, (given) => method(self, given, decrypt))
}

const textOf = (value: Value | undefined, decrypt: Decrypt): string => {
  if (value === undefined || !(typeof value === 'string' || value instanceof VaultedText))
    throw refused(
      `a method of str wants a str, not a ${value === undefined ? 'missing argument' : typeName(value)}`,
    )
  return str(value, decrypt)
}

const countOf = (value: Value | undefined, otherwise: number): number => {
  if (value === undefined) return otherwise
  if (typeof value !== 'number') throw refused(`a method wants an int, not a ${typeName(value)}`)
  return value
}

const charactersOf = (given: CallArguments, name: string, decrypt: Decrypt): string | undefined => {
  const [characters] = inOrder(name, given, ['chars'])
  return characters === undefined || characters === null ? undefined : textOf(characters, decrypt)
}

const affix =
  (name: string, matches: (self: string, part: string) => boolean): Method<string> =>
  (self, given, decrypt) => {
    const [part] = inOrder(name, given, [name])
    const candidates = part instanceof Tuple ? [...part] : [part]
    return candidates.some((candidate) => matches(self, textOf(candidate, decrypt)))
  }

const affixRemoved =
  (name: string, remove: (self: string, part: string) => string): Method<string> =>
  (self, given, decrypt) =>
    remove(self, textOf(inOrder(name, given, ['affix'])[0], decrypt))

const every = (self: string, pattern: RegExp): boolean => self !== '' && pattern.test(self)

const split =
  (fromRight: boolean): Method<string> =>
  (self, given, decrypt) => {
    const [separator, times] = inOrder('split', given, ['sep', 'maxsplit'])
    const by = separator === undefined || separator === null ? undefined : textOf(separator, decrypt)
    return new List(splitText(self, by, countOf(times, -1), fromRight))
  }

const partition =
  (at: (self: string, separator: string) => number): Method<string> =>
  (self, given, decrypt) => {
    const separator = textOf(inOrder('partition', given, ['sep'])[0], decrypt)
    const index = at(self, separator)
    if (index !== -1)
      return new Tuple([self.slice(0, index), separator, self.slice(index + separator.length)])
    return new Tuple(at === lastIndex ? ['', '', self] : [self, '', ''])
  }

const firstIndex = (self: string, part: string): number => self.indexOf(part)
const lastIndex = (self: string, part: string): number => self.lastIndexOf(part)

const found =
  (name: string, at: (self: string, part: string) => number): Method<string> =>
  (self, given, decrypt) => {
    const index = at(self, textOf(inOrder(name, given, ['sub'])[0], decrypt))
    if (index === -1 && name.endsWith('index')) throw refused('a str does not hold what index looks for')
    return index === -1 ? -1 : [...self.slice(0, index)].length
  }

const ofText: ReadonlyMap<string, Method<string>> = new Map<string, Method<string>>([
  ['upper', (self) => self.toUpperCase()],
  ['lower', (self) => self.toLowerCase()],
  ['casefold', (self) => self.toLowerCase()],
  ['capitalize', (self) => capitalized(self)],
  ['title', (self) => titled(self)],
  ['strip', (self, given, decrypt) => stripped(self, charactersOf(given, 'strip', decrypt), 'both')],
  ['lstrip', (self, given, decrypt) => stripped(self, charactersOf(given, 'lstrip', decrypt), 'start')],
  ['rstrip', (self, given, decrypt) => stripped(self, charactersOf(given, 'rstrip', decrypt), 'end')],
  ['startswith', affix('startswith', (self, part) => self.startsWith(part))],
  ['endswith', affix('endswith', (self, part) => self.endsWith(part))],
  ['split', split(false)],
  ['rsplit', split(true)],
  ['splitlines', (self) => new List(lines(self))],
  ['partition', partition(firstIndex)],
  ['rpartition', partition(lastIndex)],
  ['find', found('find', firstIndex)],
  ['rfind', found('rfind', lastIndex)],
  ['index', found('index', firstIndex)],
  [
    'count',
    (self, given, decrypt) => {
      const part = textOf(inOrder('count', given, ['sub'])[0], decrypt)
      return part === '' ? [...self].length + 1 : self.split(part).length - 1
    },
  ],
  [
    'replace',
    (self, given, decrypt) => {
      const [from, to, times] = inOrder('replace', given, ['old', 'new', 'count'])
      return replaced(self, textOf(from, decrypt), textOf(to, decrypt), countOf(times, -1))
    },
  ],
  [
    'join',
    (self, given, decrypt) =>
      iterated(inOrder('join', given, ['iterable'])[0] ?? null, decrypt)
        .map((item) => textOf(item, decrypt))
        .join(self),
  ],
  [
    'removeprefix',
    affixRemoved('removeprefix', (self, part) => (self.startsWith(part) ? self.slice(part.length) : self)),
  ],
  [
    'removesuffix',
    affixRemoved('removesuffix', (self, part) =>
      part !== '' && self.endsWith(part) ? self.slice(0, -part.length) : self,
    ),
  ],
  ['format', (self, given, decrypt) => braceFormat(self, given, decrypt)],
  ['zfill', (self, given) => justified(self, countOf(inOrder('zfill', given, ['width'])[0], 0), '0', 'sign')],
  [
    'ljust',
    (self, given, decrypt) => {
      const [width, fill] = inOrder('ljust', given, ['width', 'fillchar'])
      return justified(self, countOf(width, 0), fill === undefined ? ' ' : textOf(fill, decrypt), 'end')
    },
  ],
  [
    'rjust',
    (self, given, decrypt) => {
      const [width, fill] = inOrder('rjust', given, ['width', 'fillchar'])
      return justified(self, countOf(width, 0), fill === undefined ? ' ' : textOf(fill, decrypt), 'start')
    },
  ],
  ['isdigit', (self) => every(self, /^\p{Nd}+$/u)],
  ['isdecimal', (self) => every(self, /^\p{Nd}+$/u)],
  ['isnumeric', (self) => every(self, /^\p{N}+$/u)],
  ['isalpha', (self) => every(self, /^\p{L}+$/u)],
  ['isalnum', (self) => every(self, /^[\p{L}\p{N}]+$/u)],
  ['isspace', (self) => self !== '' && stripped(self, undefined, 'both') === ''],
  ['isupper', (self) => self === self.toUpperCase() && self !== self.toLowerCase()],
  ['islower', (self) => self === self.toLowerCase() && self !== self.toUpperCase()],
])

const ofDict: ReadonlyMap<string, Method<Dict>> = new Map<string, Method<Dict>>([
  ['keys', (self) => new List(self.keys())],
  ['values', (self) => new List([...self.entries()].map(([, value]) => value))],
  ['items', (self) => new List([...self.entries()].map((entry) => new Tuple(entry)))],
  [
    'get',
    (self, given) => {
      const [key = null, otherwise = null] = inOrder('get', given, ['key', 'default'])
      const value = self.get(key)
      return value === undefined ? otherwise : value
    },
  ],
  ['copy', (self) => self.copy()],
  [
    'update',
    (self, given) => {
      const [other] = given.positional
      if (other !== undefined && !(other instanceof Dict)) throw refused('update wants a dict')
      for (const [key, value] of other?.entries() ?? []) self.set(key, value)
      for (const [key, value] of given.named) self.set(key, value)
      return null
    },
  ],
  [
    'setdefault',
    (self, given) => {
      const [key = null, otherwise = null] = inOrder('setdefault', given, ['key', 'default'])
      const value = self.get(key)
      if (value !== undefined) return value
      self.set(key, otherwise)
      return otherwise
    },
  ],
  [
    'pop',
    (self, given) => {
      const [key = null, otherwise] = inOrder('pop', given, ['key', 'default'])
      const value = self.has(key) ? self.get(key) : otherwise
      if (value === undefined) throw refused('pop wants a key that the dict has')
      self.delete(key)
      return value
    },
  ],
])

const ofList: ReadonlyMap<string, Method<List>> = new Map<string, Method<List>>([
  [
    'append',
    (self, given) => {
      self.append(inOrder('append', given, ['object'])[0] ?? null)
      return null
    },
  ],
  [
    'extend',
    (self, given, decrypt) => {
      for (const item of iterated(inOrder('extend', given, ['iterable'])[0] ?? null, decrypt))
        self.append(item)
      return null
    },
  ],
  [
    'insert',
    (self, given) => {
      const [index, item = null] = inOrder('insert', given, ['index', 'object'])
      self.insert(countOf(index, 0), item)
      return null
    },
  ],
  [
    'pop',
    (self, given) => {
      const index = countOf(inOrder('pop', given, ['index'])[0], -1)
      const at = index < 0 ? self.length + index : index
      if (at < 0 || at >= self.length) throw refused('pop wants an index inside of the list')
      return self.pop(at)
    },
  ],
  [
    'index',
    (self, given, decrypt) => {
      const [wanted = null] = inOrder('index', given, ['value'])
      const index = [...self].findIndex((item) => equal(item, wanted, decrypt))
      if (index === -1) throw refused('a list does not hold what index looks for')
      return index
    },
  ],
  [
    'count',
    (self, given, decrypt) => {
      const [wanted = null] = inOrder('count', given, ['value'])
      return [...self].filter((item) => equal(item, wanted, decrypt)).length
    },
  ],
  ['copy', (self) => new List(self)],
])

/** What Python has and k3seal has not: to be said so, rather than to count as undefined. */
const others: Readonly<Record<string, RegExp>> = {
  str: /^(?:center|encode|expandtabs|format_map|isascii|isidentifier|isprintable|istitle|maketrans|rindex|swapcase|translate)$/,
  list: /^(?:clear|remove|reverse|sort)$/,
  dict: /^(?:clear|fromkeys|popitem)$/,
  int: /^(?:as_integer_ratio|bit_count|bit_length|conjugate|denominator|from_bytes|imag|is_integer|numerator|real|to_bytes)$/,
  float: /^(?:as_integer_ratio|conjugate|fromhex|hex|imag|is_integer|real)$/,
}

export const isPythonMethod = (type: string, name: string): boolean => others[type]?.test(name) ?? false
