import type { Span } from '../span.ts'
import { escaped } from '../syntax/regExp.ts'
import type { YamlMap, YamlNode } from '../syntax/yaml.ts'
import type { Analysis } from './analysis.ts'
import type { Finding } from './finding.ts'

/** The tokens that stand in a project in clear text. Never to be shown. */
export interface Secrets {
  /** To be blanked wherever they occur. */
  readonly texts: ReadonlySet<string>
  /** Those that are ordinary words, which names, paths and sentences have, too: to be blanked where the token stands. */
  readonly words: ReadonlySet<string>
  /** Where such words stand for the token. */
  readonly places: readonly Span[]
}

/** A longer text hardly ever is part of another one by chance. */
const LONGEST_WORD = 12
const PART = '[a-z]+\\d?[a-z]?'
const WORD = new RegExp(`^${PART}(?:[-_. ](?:${PART}|\\d\\d?))*$|^\\d{1,5}$`)

/** Whether a text is one or two ordinary words, or a small number: `server`, `k3s_token`. */
export function isWord(text: string): boolean {
  const lower = text.toLowerCase()
  const isOfOneCase = [lower, text.toUpperCase(), lower.slice(0, 1).toUpperCase() + lower.slice(1)].includes(
    text,
  )
  return text.length <= LONGEST_WORD && isOfOneCase && WORD.test(lower)
}

/** What analysis and findings know of tokens in clear text. */
export function secretsOf(analysis: Analysis, findings: readonly Finding[]): Secrets {
  const texts = new Set<string>()
  const words = new Set<string>()
  const places = new Map<string, Span>()
  const addPlaces = (word: string, at: Span): boolean => {
    const { path, start, end } = whole(analysis, at)
    const found = [...(analysis.project.get(path) ?? '').slice(start, end).matchAll(asValue(word))]
    for (const { index } of found) {
      const at = { path, start: start + index, end: start + index + word.length }
      places.set(`${path}:${at.start}`, at)
    }
    return found.length > 0
  }
  const add = (text: string, at: Span | undefined): void => {
    for (const line of text.split('\n')) {
      const part = line.trim()
      if (part === '') continue
      if (!isWord(part) || at === undefined || !addPlaces(part, at)) texts.add(part)
      else {
        words.add(part)
        const bytes = Buffer.from(part)
        texts.add(bytes.toString('base64')).add(bytes.toString('hex'))
      }
    }
  }
  for (const { text, at } of analysis.literals) add(text, at)
  for (const { secrets = [] } of findings)
    for (const at of secrets) {
      const written = (analysis.project.get(at.path) ?? '').slice(at.start, at.end)
      // Of a block without its indicator.
      add(written.replace(/^[|>][-+\d]*[^\n]*\n/, '').replace(/^(["'])([\s\S]*)\1$/, '$2'), at)
    }
  if (words.size > 0)
    for (const { text, at } of analysis.tokenSites.sites)
      if (text !== undefined && words.has(text.reveal().trim())) addPlaces(text.reveal().trim(), at)
  return { texts, words, places: [...places.values()] }
}

/** What is in a mapping has the place of that: its first key. Its value may be anywhere in there. */
function whole({ project, content }: Analysis, at: Span): Span {
  if (!/^["']?[ \t]*:/.test((project.get(at.path) ?? '').slice(at.end))) return at
  const map = mapFrom(content.yaml(at.path)?.root, at.start)
  return map === undefined ? at : { ...at, end: map.at.end }
}

/** The mapping whose first key is at an offset. */
function mapFrom(node: YamlNode | undefined, start: number): YamlMap | undefined {
  if (node === undefined || node.kind === 'scalar' || node.alias !== undefined) return undefined
  if (node.kind === 'map' && node.written[0]?.key.at.start === start) return node
  const below = node.kind === 'map' ? node.written.map(({ value }) => value) : node.items
  for (const one of below) {
    const found = mapFrom(one, start)
    if (found !== undefined) return found
  }
  return undefined
}

/** A word as a value: no part of another word, no key, no member of something. */
const asValue = (word: string): RegExp =>
  new RegExp(`(?<![\\w.-])${escaped(word)}(?![\\w-]|["']?[ \\t]*[:=])`, 'g')

/** Such words in quotes of their own, where they may be a token that nobody has followed: no keys of mappings. */
export function quotedWords({ words }: Pick<Secrets, 'words'>): RegExp {
  const any = words.size === 0 ? '(?!)' : [...words].map(escaped).join('|')
  return new RegExp(`(?<![\\w\\])'"]\\[["'])(?<=(["']))(?:${any})(?=\\1(?![ \\t]*:))`, 'g')
}
