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

/** `token: "…"` of a Vagrantfile's `extra_vars`. */
export function* rubyVariablesIn(
  path: string,
  text: string,
  kind: FileKind,
  names: ReadonlySet<string>,
): Generator<Setting> {
  if (kind !== 'vagrant' || !K3S.test(text)) return
  for (const match of text.matchAll(
    /^[^#\n]{0,300}?(?<![\w:])["']?(\w{1,64})["']?[ \t]*(?:=>|:)[ \t]*(?=["'])/gm,
  )) {
    const name = match[1] ?? ''
    const value = names.has(name)
      ? readValue(path, text, match.index + match[0].length, kind, false)
      : undefined
    if (value === undefined) continue
    yield {
      name,
      carrier: 'extra-vars',
      sink: undefined,
      use: 'unknown',
      isArgument: false,
      file: kind,
      ...value,
    }
  }
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
