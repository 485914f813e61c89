import { commandAt, firstOf, REACH, withoutComments } from './around.ts'
import { namesIn } from './expressions.ts'
import type { FileKind } from './places.ts'
import type { Setting } from './site.ts'
import { readValue } from './value.ts'

const K3S = /k3s|rke2/i
const EXTRA = /(?<![\w-])(?:-e|--extra-vars)(?:[ \t]+|=)(?:\\?["'])?([^\n]*)/g
const RUNS_ANSIBLE = /\bansible(?:-playbook|-navigator)?\b/

/** Token variables that a command line gives to Ansible: `ansible-playbook -e token=…`. */
export function* extraVariablesIn(
  path: string,
  source: string,
  kind: FileKind,
  names: ReadonlySet<string>,
): Generator<Setting> {
  if (kind === 'unit' || kind === 'env-file' || kind === 'ini' || !RUNS_ANSIBLE.test(source)) return
  const text = withoutComments(source, kind)
  for (const match of firstOf(text.matchAll(EXTRA))) {
    if (
      !RUNS_ANSIBLE.test(commandAt(text, match.index, kind).text) &&
      !isHandedToAnsible(collectedIn(text, match.index), text)
    )
      continue
    const [given = '', rest = ''] = match
    const start = match.index + given.length - rest.length
    for (const { 0: assignment, 1: name = '', index } of rest.matchAll(
      /(?<![\w.-])([A-Za-z_]\w*)\\?["']?(?:=|[ \t]*:[ \t]*)/g,
    )) {
      if (!names.has(name)) continue
      const value = readValue(path, text, start + index + assignment.length, kind, false)
      if (value === undefined) continue
      yield {
        name,
        carrier: 'extra-vars',
        sink: undefined,
        use: 'unknown',
        isArgument: true,
        file: kind,
        ...value,
      }
    }
  }
}

/** The variable that arguments are collected in: `ARGS+=(-e …)`, `ARGS="-e …"`. */
function collectedIn(text: string, offset: number): string | undefined {
  const before = text.slice(Math.max(0, offset - REACH), offset)
  return /(?<!\w)([A-Za-z_]\w*)\+?=(?:\([^()]*|(["'])(?:(?!\2)[^\n])*)$/.exec(before)?.[1]
}

/** Whether a command of Ansible takes a variable: `ansible-playbook site.yml "${ARGS[@]}"`. */
function isHandedToAnsible(name: string | undefined, text: string): boolean {
  if (name === undefined) return false
  const taken = new RegExp(`\\$[{(]?${name}\\b`)
  return text
    .replaceAll('\\\n', '  ')
    .split('\n')
    .some((line) => RUNS_ANSIBLE.test(line) && taken.test(line))
}

/**
 * `token: "…"` in Ruby. Of what a Vagrantfile gives to Ansible only `extra_vars` stand in a command line: `host_vars` and
 * `groups` go into the inventory that Vagrant writes
 * (https://github.com/hashicorp/vagrant/blob/18dc215865b29e0951956ac1f4d5a0ee28da9611/plugins/provisioners/ansible/provisioner/base.rb).
 */
export function* rubyVariablesIn(
  path: string,
  text: string,
  kind: FileKind,
  names: ReadonlySet<string>,
): Generator<Setting> {
  if (kind !== 'vagrant' || !K3S.test(text)) return
  const extra = extraVarsOfRuby(text)
  for (const match of text.matchAll(
    /^[^#\n]{0,300}?(?<![\w:])["']?(\w{1,64})["']?[ \t]*(?:=>|:)[ \t]*(?=["'])/gm,
  )) {
    const name = match[1] ?? ''
    const offset = match.index + match[0].length
    const value = names.has(name) ? readValue(path, text, offset, kind, false) : undefined
    if (value === undefined) continue
    yield {
      name,
      carrier: extra.some(([start, end]) => start < offset && offset < end) ? 'extra-vars' : 'variable',
      sink: undefined,
      use: 'unknown',
      isArgument: false,
      file: kind,
      ...value,
    }
  }
}

/** From the brace that opens a mapping of `extra_vars` to the one that closes it. */
function extraVarsOfRuby(text: string): readonly (readonly [start: number, end: number])[] {
  return [...firstOf(text.matchAll(/\bextra_vars\b[^\n{]*\{/g))].map(({ 0: opening, index }) => {
    const start = index + opening.length
    let depth = 1
    let end = start
    for (; end < text.length && end - start < REACH && depth > 0; end += 1)
      depth += text[end] === '{' ? 1 : text[end] === '}' ? -1 : 0
    return [start, end]
  })
}

/** Variables that stand in a k3s command, dotted where they are members of a mapping. */
export function argumentNamesIn(text: string): readonly string[] {
  if (!/\b(?:k3s|rke2)\s+(?:server|agent)\b|INSTALL_(?:K3S|RKE2)_EXEC/.test(text)) return []
  const commands = /^.*(?:\b(?:k3s|rke2)[ \t]+(?:server|agent)\b|INSTALL_(?:K3S|RKE2)_EXEC).*$/gm
  return [...text.matchAll(commands)].flatMap(([line]) => [
    ...[...line.matchAll(/\{\{-?\s*(\w+)\b(?![.[])/g)].map(([, name = '']) => name),
    ...namesIn(line),
  ])
}
