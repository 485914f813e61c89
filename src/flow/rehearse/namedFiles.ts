import type { Content, RoleContext } from '../../ansible/content/index.ts'
import type { AnsibleValue } from '../../ansible/value.ts'
import { otherSystems, systemFacts } from '../../facts/systems.ts'
import type { Span } from '../../span.ts'
import { type Atom, type Atoms, hasMark } from '../atoms.ts'
import { shown } from '../evaluate/print.ts'
import { Unknown } from '../unknown.ts'
import { Undecided } from './call.ts'
import type { Stage } from './context.ts'
import type { OpenVariable, RawVariable, World } from './world.ts'

/** From where a file is named that a text in the project names. */
export interface Naming extends RoleContext {
  readonly includedFrom: string
  readonly dynamic?: boolean
}

/** Values that variables have somewhere, those that are texts. */
export type Texts = ReadonlyMap<string, ReadonlySet<string>>

export const isTemplate = (text: string): boolean => /\{[{%]/.test(text)

/** Values of one variable, and names, that are looked for. */
const MOST_TEXTS = 8

/**
 * The files of tasks that an include may mean, told from what stands in the project alone: a template in its name that is not
 * plainly known stands for anything.
 */
export function tasksNamed(
  content: Content,
  name: string,
  { playbookDirectory, role, includedFrom, dynamic }: Naming,
  texts: Texts,
): readonly string[] {
  const from = { playbookDirectory, role, includedFrom, dynamic }
  const found = new Set<string>()
  for (const written of isTemplate(name) ? namesOf(name, { playbookDirectory, role }, texts) : [name]) {
    const parts = written.split(TEMPLATE)
    const paths =
      parts.length > 1
        ? content
            .findMatching('tasks', parts, from)
            .flatMap(({ path }) => (isOf('tasks', content, path) ? [path] : []))
        : [content.findFile('tasks', written, from)]
    for (const path of paths) if (path !== undefined) found.add(path)
  }
  found.delete(includedFrom)
  return [...found]
}

/** One template in a text. */
export const TEMPLATE = /\{\{(?:(?!\{\{).)*?\}\}|\{%(?:(?!\{%).)*?%\}/gs
const VARIABLE = /\{\{\s*(\w+)\s*\}\}/g

/** A name with what is known written out, once for each value that a variable may have. */
function namesOf(
  name: string,
  { playbookDirectory, role }: Pick<Naming, 'playbookDirectory' | 'role'>,
  texts: Texts,
): readonly string[] {
  const magic = new Map([['playbook_dir', playbookDirectory || '.']])
  if (role !== undefined) {
    magic.set('role_path', role.directory || '.')
    magic.set('role_name', role.name)
    magic.set('ansible_role_name', role.name)
  }
  const open = name.replace(VARIABLE, (whole, variable: string) => magic.get(variable) ?? whole)
  let names = [open]
  for (const variable of new Set([...open.matchAll(VARIABLE)].map(([, one = '']) => one))) {
    const values = [...(texts.get(variable) ?? [])]
    if (values.length === 0 || values.length > MOST_TEXTS || values.some(isTemplate)) continue
    names = names.flatMap((one) =>
      values.map((value) => one.replace(VARIABLE, (whole, each) => (each === variable ? value : whole))),
    )
  }
  // An inventory may say something else; of a name that is nothing but a variable any file would be that.
  const isBare = open.replace(TEMPLATE, '') === ''
  return isBare ? names.slice(0, MOST_TEXTS) : [...new Set([open, ...names.slice(0, MOST_TEXTS)])]
}

/** Beside playbooks and roles lie other files. */
const isOf = (kind: 'tasks' | 'vars', content: Content, path: string): boolean =>
  /\.(?:ya?ml|json)$/.test(path) &&
  !(kind === 'tasks' ? NO_TASKS : NO_VARIABLES).test(path) &&
  !content.playbooks.some((playbook) => playbook.path === path)

const NO_TASKS = /(?:^|\/)(?:vars|defaults|meta|group_vars|host_vars)\/[^/]*$/
const NO_VARIABLES = /(?:^|\/)(?:tasks|handlers|meta)\/[^/]*$/

/** Keeps what mappings of variables say plainly. */
export function addTexts(texts: Map<string, Set<string>>, mapping: AnsibleValue): void {
  if (typeof mapping !== 'object' || mapping === null || Array.isArray(mapping)) return
  for (const [name, value] of Object.entries(mapping)) addText(texts, name, value as AnsibleValue)
}

export function addText(texts: Map<string, Set<string>>, name: string, value: AnsibleValue): void {
  if (typeof value !== 'string') return
  const known = texts.get(name)
  if (known === undefined) texts.set(name, new Set([value]))
  else known.add(value)
}

/** A file that a task may mean. */
export interface Candidate {
  readonly path: string
  /** What has to be so for it: these values, by their words. */
  readonly values: ReadonlyMap<string, string>
}

/** The files that such names may mean of which parts are only known when the play runs. */
export function candidates(
  { content, atoms }: { readonly content: Content; readonly atoms: Atoms },
  kind: 'tasks' | 'vars',
  names: readonly string[],
  from: Parameters<Content['findMatching']>[2],
): readonly Candidate[] {
  const found = new Map<string, Candidate>()
  for (const name of names)
    for (const one of candidatesOf(content, atoms, kind, name, from))
      if (!found.has(one.path) && isOf(kind, content, one.path)) found.set(one.path, one)
  const all = [...found.values()]
  // A fact such as the architecture has few values; where no file has one of them, it is written in a way of its own.
  const ofFacts = all.filter(({ values }) => [...values].every(([words, value]) => mayBe(words, value)))
  const possible = ofFacts.length === 0 ? all : ofFacts
  // What is set for other systems has no node of K3s.
  const ofLinux =
    kind === 'vars' ? possible.filter(({ values }) => ![...values.values()].some(isNoLinux)) : possible
  return ofLinux.length === 0 ? possible : ofLinux
}

function candidatesOf(
  content: Content,
  atoms: Atoms,
  kind: 'tasks' | 'vars',
  name: string,
  from: Parameters<Content['findMatching']>[2],
): readonly Candidate[] {
  const { text, marks } = atoms.traced(name)
  const unknown = marks.filter(({ start, end }) => hasMark(text.slice(start, end)))
  let at = 0
  const parts = unknown.map(({ start, end }) => {
    const part = text.slice(at, start)
    at = end
    return part
  })
  return content.findMatching(kind, [...parts, text.slice(at)], from).map(({ path, between }) => ({
    path,
    values: new Map(unknown.map(({ atom }, index) => [wordsOf(atom), between[index] ?? ''] as const)),
  }))
}

const mayBe = (words: string, value: string): boolean =>
  systemFacts.every(({ fact, values }) => !fact.test(words) || values.test(value))

const isNoLinux = (value: string): boolean => otherSystems.values.test(value)

const wordsOf = ({ what }: Atom): string => shown(new Unknown(what, ''), undefined)

/** The one that is meant in this world, which parts where more than one may be: the last one is it where the others are not. */
export function chosen(all: readonly Candidate[], { decisions }: World, at: Span): Candidate | undefined {
  const others = new Set(
    all.flatMap(({ values }) =>
      [...values].flatMap(([words, value]) => (decisions.get(says(words, value)) === true ? [words] : [])),
    ),
  )
  const left = all.filter(({ values }) =>
    [...values].every(([words, value]) => {
      const truth = decisions.get(says(words, value))
      return others.has(words) ? truth === true : truth !== false
    }),
  )
  const [first] = left
  if (left.length < 2 || first === undefined) return first
  for (const [words, value] of first.values) {
    // What all of them need is so, as it is one of them.
    if (left.every((one) => one.values.get(words) === value)) continue
    const what = says(words, value)
    if (!decisions.has(what)) throw new Undecided(what, at)
  }
  return first
}

/** In the words in which a condition would ask for it. */
const says = (words: string, value: string): string => `${words} == ${shown(value, undefined)}`

/**
 * Those of some files of variables that say the same of tokens. Where not all of them do, the world parts: each that says
 * something of its own is worth one, as long as there are few, and those of which there are most stand for all others.
 */
export function alikeInTokens(
  { content, isToken }: Pick<Stage, 'content' | 'isToken'>,
  all: readonly Candidate[],
  world: World,
  at: Span,
): readonly Candidate[] {
  if (all.some(({ path }) => content.isSealed(path))) return all
  const alike = new Map<string, Candidate[]>()
  for (const one of all) {
    const tokens = [...(content.varsFile(one.path)?.values() ?? [])].filter(({ name }) => isToken(name))
    const key = JSON.stringify(tokens.map(({ name, value }) => [name, value]).toSorted())
    alike.set(key, [...(alike.get(key) ?? []), one])
  }
  const [most = [], ...others] = [...alike.values()].toSorted((a, b) => b.length - a.length)
  const [first] = most
  const telling = others.flat()
  if (first === undefined || telling.length === 0 || telling.length > MOST_TELLING) return all
  const found = chosen([...telling, first], world, at)
  if (found === undefined) return all
  return found === first ? most : [found]
}

/** Files that are worth a world each. */
const MOST_TELLING = 4

/** The variables of one of these files, nobody knows which. `undefined`: there is none, or one that can't be read. */
export function variablesOfOne(
  { content }: { readonly content: Content },
  paths: readonly string[],
  why: string,
): ReadonlyMap<string, RawVariable | OpenVariable> | undefined {
  const files = paths.flatMap((path) => (content.isSealed(path) ? [] : (content.varsFile(path) ?? [])))
  if (files.length === 0 || files.length < paths.length) return undefined
  const result = new Map<string, RawVariable | OpenVariable>()
  for (const file of files)
    for (const { name, value, at } of file.values()) {
      if (result.has(name)) continue
      const isSame = files.every((other) => sameValue(other.get(name)?.value, value))
      result.set(name, isSame ? { raw: value, at } : { value: new Unknown(name, why, at) })
    }
  return result
}

const sameValue = (a: AnsibleValue | undefined, b: AnsibleValue): boolean =>
  a === b || (a !== undefined && typeof a === 'object' && JSON.stringify(a) === JSON.stringify(b))
