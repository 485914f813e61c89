import { createHash } from 'node:crypto'
import { truth } from '../comparison.ts'
import { percentFormat } from '../format.ts'
import { escapedForRegex, pythonRegex, pythonReplacement } from '../regex.ts'
import { iterated } from '../sequences.ts'
import { str } from '../text.ts'
import { capitalized, lines, replaced, splitText, stripped } from '../texts.ts'
import { Dict, isInteger, List, refused, Tuple, unsupported, type Value } from '../values.ts'
import {
  type Filter,
  filter,
  integerArgument,
  isText,
  type PluginContext,
  textArgument,
  textFilter,
} from './filter.ts'

const isTrue = (value: Value | undefined, { decrypt }: PluginContext): boolean =>
  value !== undefined && truth(value, decrypt)

/** Python's `shlex.quote`; Ansible's takes None for an empty text. */
export function quoted(text: string): string {
  if (text === '') return "''"
  return /[^A-Za-z0-9_@%+=:,./-]/.test(text) ? `'${text.replaceAll("'", `'"'"'`)}'` : text
}

const indent = filter(['width', 'first', 'blank'], (value, [width, first, blank], context) => {
  const unit = isText(width) ? str(width, context.decrypt) : ' '.repeat(integerArgument(width, context, 4))
  const all = lines(`${textArgument(value, context)}\n`)
  const indented = isTrue(blank, context)
    ? all.join(`\n${unit}`)
    : all.map((line, index) => (index > 0 && line !== '' ? unit + line : line)).join('\n')
  return isTrue(first, context) ? unit + indented : indented
})

const regexOptions = (
  ignoreCase: Value | undefined,
  multiline: Value | undefined,
  context: PluginContext,
) => ({
  ignoreCase: isTrue(ignoreCase, context),
  multiline: isTrue(multiline, context),
})

const regexReplace = filter(
  ['pattern', 'replacement', 'ignorecase', 'multiline', 'count', 'mandatory_count'],
  (value, [pattern, replacement, ignoreCase, multiline, count, mandatory], context) => {
    const regex = pythonRegex(
      textArgument(pattern, context, ''),
      regexOptions(ignoreCase, multiline, context),
    )
    const template = textArgument(replacement, context, '')
    const limit = integerArgument(count, context, 0)
    const text = str(value, context.decrypt)
    let [result, at, done] = ['', 0, 0]
    for (const match of text.matchAll(regex)) {
      if (limit > 0 && done >= limit) break
      result += text.slice(at, match.index) + pythonReplacement(template, match)
      at = match.index + match[0].length
      done += 1
    }
    const wanted = integerArgument(mandatory, context, 0)
    if (wanted !== 0 && wanted !== done)
      throw refused('a pattern does not match as often as mandatory_count says')
    return result + text.slice(at)
  },
)

/** `regex_search(pattern, '\\1', '\\g<name>')`: the groups as a list, or the whole match. */
const regexSearch: Filter = (value, { positional, named }, context) => {
  const [pattern, ...groups] = positional
  const options = regexOptions(named.get('ignorecase'), named.get('multiline'), context)
  const regex = pythonRegex(textArgument(pattern ?? named.get('regex'), context), options)
  const match = [...str(value, context.decrypt).matchAll(regex)][0]
  if (match === undefined) return null
  if (groups.length === 0) return match[0]
  return new List(
    groups.map((group) => {
      const [, name, number] = /^\\(?:g<(\S+)>|(\d+))/.exec(textArgument(group, context)) ?? []
      if (name === undefined && number === undefined)
        throw refused('regex_search wants groups as \\1 or \\g<name>')
      const key = name ?? number ?? ''
      const known = /^\d+$/.test(key) ? Number(key) < match.length : key in (match.groups ?? {})
      if (!known) throw refused('regex_search names a group that its pattern has not')
      return (/^\d+$/.test(key) ? match[Number(key)] : match.groups?.[key]) ?? null
    }),
  )
}

const regexFindall = filter(
  ['regex', 'multiline', 'ignorecase'],
  (value, [pattern, multiline, ignoreCase], context) => {
    const regex = pythonRegex(textArgument(pattern, context), regexOptions(ignoreCase, multiline, context))
    return new List(
      [...str(value, context.decrypt).matchAll(regex)].map((match) => {
        if (match.length === 1) return match[0]
        const groups = match.slice(1).map((group) => group ?? '')
        return groups.length === 1 ? (groups[0] ?? '') : new Tuple(groups)
      }),
    )
  },
)

const b64decode = filter(['encoding', 'urlsafe'], (value, [encoding, urlsafe], context) => {
  utf8Only(encoding, context)
  const given = textArgument(value, context)
  const alphabet = (
    isTrue(urlsafe, context) ? given.replaceAll('-', '+').replaceAll('_', '/') : given
  ).replace(/[^A-Za-z0-9+/=]/g, '')
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(alphabet) || alphabet.length % 4 !== 0)
    throw refused('b64decode gets a text that is no base64, or lacks its padding')
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(alphabet, 'base64'))
  } catch (error) {
    if (error instanceof TypeError) throw unsupported('base64 of something that is no UTF-8')
    throw error
  }
})

const b64encode = filter(['encoding', 'urlsafe'], (value, [encoding, urlsafe], context) => {
  utf8Only(encoding, context)
  const text = Buffer.from(str(value, context.decrypt), 'utf8').toString('base64')
  return isTrue(urlsafe, context) ? text.replaceAll('+', '-').replaceAll('/', '_') : text
})

function utf8Only(encoding: Value | undefined, context: PluginContext): void {
  if (!/^utf-?8$/i.test(textArgument(encoding, context, 'utf-8')))
    throw unsupported('another encoding than UTF-8')
}

const hash = (algorithm: string): Filter =>
  textFilter((text) => createHash(algorithm).update(text, 'utf8').digest('hex'))

const hashBy = filter(['hashtype'], (value, [type], context) => {
  const algorithm = textArgument(type, context, 'sha1')
  if (!/^(?:md5|sha1|sha224|sha256|sha384|sha512)$/.test(algorithm)) throw unsupported('this kind of hash')
  return createHash(algorithm).update(str(value, context.decrypt), 'utf8').digest('hex')
})

const comment = filter(['style', 'decoration'], (value, [style, decoration], context) => {
  const known: Readonly<Record<string, string>> = { plain: '# ', erlang: '% ', c: '// ' }
  const unit = textArgument(decoration, context, known[textArgument(style, context, 'plain')])
  const edge = stripped(unit, undefined, 'end')
  const body = replaced(
    unit + replaced(str(value, context.decrypt), '\n', `\n${unit}`, -1),
    `${unit}\n`,
    `${edge}\n`,
    -1,
  )
  return edge === '' ? `${body}\n` : `${edge}\n${body}\n${edge}`
})

const truncate = filter(
  ['length', 'killwords', 'end', 'leeway'],
  (value, [size, kill, ending, leeway], context) => {
    const text = [...str(value, context.decrypt)]
    const [length, end] = [integerArgument(size, context, 255), textArgument(ending, context, '...')]
    if (text.length <= length + integerArgument(leeway, context, 5)) return text.join('')
    const kept = text.slice(0, length - [...end].length).join('')
    if (isTrue(kill, context)) return kept + end
    const blank = kept.lastIndexOf(' ')
    return (blank === -1 ? kept : kept.slice(0, blank)) + end
  },
)

const urlencoded = (text: string): string =>
  encodeURIComponent(text)
    .replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%2F', '/')

const basename = (path: string): string => path.slice(path.lastIndexOf('/') + 1)

function dirname(path: string): string {
  const head = path.slice(0, path.lastIndexOf('/') + 1)
  return /^\/*$/.test(head) ? head : head.replace(/\/+$/, '')
}

const pathJoin: Filter = filter([], (value, _, context) => {
  const parts = isText(value) ? [value] : iterated(value, context.decrypt)
  return parts
    .map((part) => textArgument(part, context))
    .reduce(
      (path, part) =>
        part.startsWith('/') || path === '' ? part : path.endsWith('/') ? path + part : `${path}/${part}`,
      '',
    )
})

export const textFilters: Readonly<Record<string, Filter>> = {
  string: filter([], (value, _, { decrypt }) => str(value, decrypt)),
  upper: textFilter((text) => text.toUpperCase()),
  lower: textFilter((text) => text.toLowerCase()),
  capitalize: textFilter(capitalized),
  title: textFilter((text) =>
    text
      .split(/([-\s({[<]+)/)
      .map((part) => capitalized(part))
      .join(''),
  ),
  trim: filter(['chars'], (value, [characters], context) =>
    stripped(
      str(value, context.decrypt),
      characters === undefined || characters === null ? undefined : textArgument(characters, context),
      'both',
    ),
  ),
  replace: filter(['old', 'new', 'count'], (value, [from, to, times], context) => {
    if (from === undefined || to === undefined) throw refused('replace wants two texts')
    const limit = times === null ? -1 : integerArgument(times, context, -1)
    const { decrypt } = context
    return replaced(str(value, decrypt), str(from, decrypt), str(to, decrypt), limit)
  }),
  indent,
  center: filter(['width'], (value, [width], context) => {
    const text = str(value, context.decrypt)
    const missing = Math.max(0, integerArgument(width, context, 80) - [...text].length)
    const left = Math.floor(missing / 2) + (missing & integerArgument(width, context, 80) & 1)
    return ' '.repeat(left) + text + ' '.repeat(missing - left)
  }),
  truncate,
  wordcount: textFilter((text) => (text.match(/[\p{L}\p{N}_]+/gu) ?? []).length),
  format: (value, { positional, named }, { decrypt }) => {
    if (positional.length > 0 && named.size > 0)
      throw refused('format takes positional or named arguments, not both')
    const given = named.size > 0 ? new Dict(named) : new Tuple(positional)
    return percentFormat(str(value, decrypt), given, decrypt)
  },
  join: filter(['d', 'attribute'], (value, [separator, attribute], context) => {
    const items = iterated(value, context.decrypt)
    const chosen =
      attribute === undefined || attribute === null
        ? items
        : iterated(
            context.filter('map', new List(items), {
              positional: [],
              named: new Map([['attribute', attribute]]),
            }),
            context.decrypt,
          )
    return chosen.map((item) => str(item, context.decrypt)).join(str(separator ?? '', context.decrypt))
  }),
  split: filter(
    ['sep', 'maxsplit'],
    (value, [separator, times], context) =>
      new List(
        splitText(
          textArgument(value, context),
          separator === undefined || separator === null ? undefined : textArgument(separator, context),
          integerArgument(times, context, -1),
          false,
        ),
      ),
  ),
  quote: filter([], (value, _, { decrypt }) => quoted(value === null ? '' : str(value, decrypt))),
  comment,
  regex_replace: regexReplace,
  regex_search: regexSearch,
  regex_findall: regexFindall,
  regex_escape: filter(['re_type'], (value, [type], context) => {
    const text = str(value, context.decrypt)
    const kind = textArgument(type, context, 'python')
    if (kind === 'python') return escapedForRegex(text)
    if (kind === 'posix_basic') return text.replace(/[\].[^$*\\]/g, '\\$&')
    throw refused('regex_escape knows the types python and posix_basic')
  }),
  b64encode,
  b64decode,
  hash: hashBy,
  md5: hash('md5'),
  sha1: hash('sha1'),
  checksum: hash('sha1'),
  urlencode: filter([], (value, _, { decrypt }) => {
    if (!isText(value) && !isInteger(value)) throw unsupported('urlencode of something that is no text')
    return urlencoded(str(value, decrypt))
  }),
  basename: textFilter(basename),
  dirname: textFilter(dirname),
  splitext: textFilter((path) => {
    const [, root = path, extension = ''] = /^([\s\S]*[^/.][^/]*?)(\.[^./]*)$/.exec(path) ?? []
    return new Tuple([root, extension])
  }),
  path_join: pathJoin,
}
