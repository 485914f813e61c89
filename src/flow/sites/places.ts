import { isFixture as isTest } from '../../ansible/content/index.ts'
import { isBelow, isInventoryName, partsOf } from '../../path.ts'

/** What reads a file, as far as its path says. */
export type FileKind =
  | 'docs'
  | 'unit'
  | 'env-file'
  | 'shell'
  | 'make'
  | 'docker'
  | 'ci'
  | 'vagrant'
  | 'yaml'
  | 'ini'
  | 'other'

const TEMPLATES: ReadonlySet<string> = new Set(['j2', 'jinja', 'jinja2', 'tmpl', 'tpl', 'tftpl'])
const DOCS: ReadonlySet<string> = new Set(['md', 'rst', 'adoc', 'txt', 'html', 'patch', 'diff'])
const SHELLS: ReadonlySet<string> = new Set(['sh', 'bash', 'zsh', 'openrc'])
const YAML: ReadonlySet<string> = new Set(['yml', 'yaml', 'json'])
/** Directories of files that systems source. */
const SOURCED: ReadonlySet<string> = new Set(['default', 'sysconfig', 'conf.d'])

const begins = (text: string, ...words: readonly string[]): boolean =>
  words.some((word) => text.startsWith(word))

/** A template is of the kind of the file that it makes. */
export function fileKind(path: string, text: string): FileKind {
  const made = isTemplate(path) ? path.slice(0, path.lastIndexOf('.')) : path
  const { directories, name } = partsOf(made)
  const { directories: folders, name: word, ending } = partsOf(made.toLowerCase())
  if (DOCS.has(ending) || begins(word, 'readme', 'changelog', 'license', 'contributing')) return 'docs'
  if (isPipeline(directories, name)) return 'ci'
  if (name.endsWith('.service')) return 'unit'
  if (name.endsWith('.conf') && directories.at(-1)?.endsWith('.service.d') === true) return 'unit'
  if (name.includes('env') && /(?:^|\.)env(?:\..*)?$/.test(name)) return 'env-file'
  if (name.startsWith('k3s') && SOURCED.has(directories.at(-1) ?? '')) return 'env-file'
  if (ending === 'mk' || word === 'justfile' || begins(word, 'makefile', 'gnumakefile')) return 'make'
  if (begins(word, 'dockerfile', 'containerfile')) return 'docker'
  if (ending === 'rb' || word === 'vagrantfile') return 'vagrant'
  if (SHELLS.has(ending) || [...folders, word].some((part) => begins(part, 'init.d', 'jenkinsfile')))
    return 'shell'
  if (YAML.has(ending)) return 'yaml'
  if (ending === 'ini') return 'ini'
  if (text.startsWith('#!')) return 'shell'
  if (/^\[(?:Unit|Service)\][ \t]*$/m.test(text)) return 'unit'
  const isBare = name !== '' && !name.includes('.')
  if (isBare || isInventoryName(made))
    return /^[ \t]*\[[^\]\n]+\]\s*$|^[\w.-]+[ \t]+\w+=/m.test(text) ? 'ini' : isBare ? 'yaml' : 'other'
  return 'other'
}

/** What a CI service runs. */
function isPipeline(directories: readonly string[], name: string): boolean {
  if (directories.includes('.circleci')) return true
  if (directories.some((one, index) => one === '.github' && directories[index + 1] === 'workflows'))
    return true
  return (
    (name.endsWith('.yml') || name.endsWith('.yaml')) &&
    begins(name, '.gitlab-ci', '.drone', '.woodpecker', 'azure-pipelines')
  )
}

export function isTemplate(path: string): boolean {
  return TEMPLATES.has(partsOf(path).ending)
}

const FIXTURES: ReadonlySet<string> = new Set([
  'fixture',
  'fixtures',
  'testdata',
  'e2e',
  'doc',
  'docs',
  '.ci',
  'ci',
])

/** Tests, CI, documentation and machines of Vagrant: the clusters of these are made for an hour. */
export function isFixture(path: string): boolean {
  const lower = path.toLowerCase()
  const { name } = partsOf(lower)
  return isTest(path) || isBelow(lower, FIXTURES) || name === 'vagrantfile' || name.startsWith('.gitlab-ci')
}

const SAMPLE_WORDS: ReadonlySet<string> = new Set([
  'sample',
  'samples',
  'example',
  'examples',
  'template',
  'dist',
  'tmpl',
])
const SAMPLE_DIRECTORIES: ReadonlySet<string> = new Set(['sample', 'samples', 'example', 'examples'])
/** What lies there is rendered, whatever it is called. */
const RENDERED: ReadonlySet<string> = new Set(['templates'])

/** Whether a file is there to be copied and filled in: `inventory-sample.yml`, `secrets.example.yml`, `inventory/sample/`. */
export function isSample(path: string): boolean {
  const lower = path.toLowerCase()
  if (isBelow(lower, SAMPLE_DIRECTORIES)) return true
  return (
    !isBelow(lower, RENDERED) &&
    partsOf(lower)
      .name.split(/[-_.]/)
      .some((word) => SAMPLE_WORDS.has(word))
  )
}
