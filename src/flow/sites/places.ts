import { isFixture as isTest } from '../../ansible/content/index.ts'

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

const KINDS: readonly (readonly [pattern: RegExp, kind: FileKind])[] = [
  [/(^|\/)(readme|changelog|license|contributing)[^/]*$|\.(md|rst|adoc|txt|html|patch|diff)$/i, 'docs'],
  [
    /(^|\/)\.github\/workflows\/|(^|\/)\.gitlab-ci[^/]*\.ya?ml$|(^|\/)(\.drone|\.woodpecker|azure-pipelines)[^/]*\.ya?ml$|(^|\/)\.circleci\//,
    'ci',
  ],
  [/\.service$|\.service\.d\/[^/]*\.conf$/, 'unit'],
  [/(^|[/.])env(\.[^/]*)?$|\.service\.env$|(^|\/)(default|sysconfig|conf\.d)\/k3s[^/]*$/, 'env-file'],
  [/(^|\/)(gnu)?makefile[^/]*$|\.mk$|(^|\/)[jJ]ustfile$/i, 'make'],
  [/(^|\/)(docker|container)file[^/]*$/i, 'docker'],
  [/(^|\/)vagrantfile$|\.rb$/i, 'vagrant'],
  [/\.(sh|bash|zsh|openrc)$|(^|\/)(init\.d|jenkinsfile)[^/]*/i, 'shell'],
  [/\.(ya?ml|json)$/i, 'yaml'],
  [/\.ini$/i, 'ini'],
]

/** A template is of the kind of the file that it makes. */
export function fileKind(path: string, text: string): FileKind {
  const made = path.replace(/\.(j2|jinja2?|tmpl|tpl|tftpl)$/, '')
  const found = KINDS.find(([pattern]) => pattern.test(made))?.[1]
  if (found !== undefined) return found
  if (text.startsWith('#!')) return 'shell'
  if (/(^|\/)[^/.]+$/.test(made))
    return /^\s*\[[^\]\n]+\]\s*$|^[\w.-]+[ \t]+\w+=/m.test(text) ? 'ini' : 'yaml'
  return 'other'
}

export function isTemplate(path: string): boolean {
  return /\.(j2|jinja2?|tmpl|tpl|tftpl)$/.test(path)
}

/** Tests, CI, documentation and machines of Vagrant: the clusters of these are made for an hour. */
export function isFixture(path: string): boolean {
  return (
    isTest(path) ||
    /(^|\/)(fixtures?|testdata|e2e|docs?|\.ci|ci)\/|(^|\/)(Vagrantfile|\.gitlab-ci[^/]*)$/i.test(path)
  )
}
