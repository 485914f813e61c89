import { type Content, isFixture } from '../../ansible/content/index.ts'
import { directoryOf, joinPath, normalPath } from '../../ansible/inventory/projectTree.ts'
import { shellWords } from '../../ansible/inventory/shellWords.ts'
import type { Project } from '../../ansible/value.ts'
import { partsOf } from '../../path.ts'
import type { Span } from '../../span.ts'
import { yamlValue } from '../../syntax/yaml.ts'
import { withoutComments } from '../sites/around.ts'
import { type FileKind, fileKind } from '../sites/places.ts'
import type { RawVariable } from './world.ts'

const NAME = /(?:^|\/)[\w.-]*(?:vars|variables|vault|secrets?|settings|config|extra)[\w.-]*\.(?:ya?ml|json)$/i
const ELSEWHERE =
  /(?:^|\/)(?:roles|group_vars|host_vars|defaults|tasks|handlers|meta|templates|files|collections|charts?|manifests?|\.[\w-]+)\//

/**
 * What the files of variables say that lie beside the playbooks and that no play reads: `ansible-playbook -e @vars.yml`
 * does. Of equal names the first one counts.
 */
export function extraVariables(project: Project, content: Content): ReadonlyMap<string, RawVariable> {
  const found = new Map<string, RawVariable>()
  for (const path of extraFiles(project)) {
    const root = content.yaml(path)?.root
    if (root?.kind !== 'map' || ['apiVersion', 'all', 'version'].some((name) => root.entries.has(name)))
      continue
    for (const [name, { value }] of root.entries)
      if (/^[A-Za-z_]\w*$/.test(name) && !found.has(name))
        found.set(name, { raw: yamlValue(value), at: value.at })
  }
  return found
}

/** Those of these files that are encrypted as a whole, and that nothing in the project names. */
export function sealedExtraFiles(project: Project, content: Content): readonly string[] {
  return extraFiles(project).filter((path) => {
    if (!content.isSealed(path)) return false
    const { name } = partsOf(path)
    return ![...project.values()].some((text) => text.includes(name))
  })
}

const extraFiles = (project: Project): readonly string[] =>
  [...project.keys()]
    .filter(
      (path) =>
        NAME.test(path) && !ELSEWHERE.test(path) && !isFixture(path) && !/(?:^|\/)vars\/main\./.test(path),
    )
    .sort()

const OF_COMMANDS: ReadonlySet<FileKind> = new Set(['shell', 'make', 'ci'])
/** With the lines that it goes on in. Another one may follow it in the same line. */
const RUN = /(?<![\w-])ansible-playbook(?=((?:\\\n|[^\n])*))/g
const COMMAND_ENDS = /^(?:&&?|\|\|?|;|\))$/
const ASSIGNMENT = /(?<!\S)([A-Za-z_]\w*)=((?:"[^"]*"|'[^']*'|[^\s"'])*)/g
/** Variables of a shell, a Makefile or a pipeline, and what a command prints. */
const FILLED_IN = /\$|\{\{|`/

/** A command that runs playbooks: all that its words may name, and the variables that it gives, with the place of the command. */
interface PlaybookCommand {
  readonly names: ReadonlySet<string>
  readonly variables: readonly (readonly [name: string, at: Span])[]
}

/**
 * Variables that commands of the project give to a playbook, and whose values only a run has: `ansible-playbook -e pier=$1
 * site.yml`. Each with the command.
 */
export const givenByCommands = (project: Project, playbook: string): ReadonlyMap<string, Span> =>
  new Map(commandsFor(project, playbook).flatMap(({ variables }) => variables))

/** Whether a command of the project plays it in one run with other playbooks: `ansible-playbook harbour.yml site.yml`. */
export const isPlayedWithOthers = (project: Project, { playbooks }: Content, playbook: string): boolean =>
  commandsFor(project, playbook).some(({ names }) =>
    playbooks.some(({ path }) => path !== playbook && names.has(path)),
  )

const commands = new WeakMap<Project, readonly PlaybookCommand[]>()

/** The commands of the project that play a playbook. */
function commandsFor(project: Project, playbook: string): readonly PlaybookCommand[] {
  let known = commands.get(project)
  if (known === undefined) {
    known = [...playbookCommands(project)]
    commands.set(project, known)
  }
  return known.filter(({ names }) => names.has(playbook))
}

function* playbookCommands(project: Project): Generator<PlaybookCommand> {
  for (const [path, source] of project) {
    if (!source.includes('ansible-playbook')) continue
    const kind = fileKind(path, source)
    if (!OF_COMMANDS.has(kind)) continue
    for (const { 0: command, 1: rest = '', index } of withoutComments(source, kind).matchAll(RUN)) {
      const words = wordsOfCommand(rest)
      const at = { path, start: index, end: index + command.length }
      const variables = extraArguments(words).flatMap((text) =>
        [...text.matchAll(ASSIGNMENT)].flatMap(([, name = '', value = '']) =>
          FILLED_IN.test(value) ? [[name, at] as const] : [],
        ),
      )
      // From where it stands, or from the top.
      const names = words.flatMap((word) => [joinPath(directoryOf(path), word), word].map(normalPath))
      yield { names: new Set(names), variables }
    }
  }
}

function wordsOfCommand(text: string): readonly string[] {
  const read = shellWords(text.replaceAll('\\\n', '  '), { comments: false })
  if (typeof read === 'string') return []
  const words = read.map((word) => word.text)
  const end = words.findIndex((word) => COMMAND_ENDS.test(word) || word.endsWith(';'))
  return end === -1 ? words : [...words.slice(0, end), (words[end] ?? '').replace(/[;&|)]+$/, '')]
}

/** What stands behind `-e`; neither files nor mappings. */
const extraArguments = (words: readonly string[]): readonly string[] =>
  words
    .flatMap((word, index) => {
      if (word === '-e' || word === '--extra-vars') return words[index + 1] ?? []
      return /^(?:-e|--extra-vars=)(.+)$/s.exec(word)?.[1] ?? []
    })
    .filter((text) => !/^[@{[]/.test(text))

const VAGRANT_PLAYBOOK = /\bplaybook["']?[ \t]*(?:=>?|:)[ \t]*["']([^"'\n]+)["']/g
const RUBY_KEY = /(?<![\w"':])["':]?([A-Za-z_]\w*)["']?[ \t]*(?:=>|:(?!:)|=(?=[^=>\s]))/g

/**
 * Variables that a Vagrantfile has for a playbook which its provisioner runs, by the inventory that it writes or with
 * `--extra-vars`. Ruby makes their values, so that no more than their names are read, each with the place that it stands at.
 */
export function givenByVagrant(project: Project, playbook: string): ReadonlyMap<string, Span> {
  const found = new Map<string, Span>()
  for (const [path, source] of project) {
    if (partsOf(path).name.toLowerCase() !== 'vagrantfile') continue
    const text = withoutComments(source, 'vagrant')
    const isForIt = [...text.matchAll(VAGRANT_PLAYBOOK)].some(
      ([, named = '']) => normalPath(joinPath(directoryOf(path), named)) === playbook,
    )
    if (!isForIt) continue
    for (const { 0: key, 1: name = '', index } of text.matchAll(RUBY_KEY))
      if (!found.has(name)) found.set(name, { path, start: index, end: index + key.length })
  }
  return found
}
