import { tokenVariables } from '../../facts/tokenVariables.ts'
import { Secret } from '../../secret.ts'
import { isBootstrapShaped } from '../../token/form.ts'
import { inspectToken } from '../../token/inspect.ts'
import { roleOf } from '../artefactNames.ts'
import { isVaultedWhole, secretByContent, secretByName } from '../secretFiles.ts'
import { contentKind } from './elf.ts'
import type { Scene } from './scene.ts'
import type { SeenFile } from './seen.ts'

/** Options and environment variables of K3s that take a token: https://docs.k3s.io/cli/server#cluster-options */
const OWN_NAMES = ['K3S_TOKEN', 'K3S_AGENT_TOKEN', 'agent-token', 'agent_token']

/** https://docs.ansible.com/ansible/latest/inventory_guide/connection_details.html */
const PASSWORDS = /^ansible_(?:[a-z]+_)?pass(?:word)?$/

const NAMES = new Set([...tokenVariables.map(({ name }) => name), ...OWN_NAMES])
const ASSIGNED = /^[\s-]*(?:export\s+)?["']?([\w-]+)["']?\s*[:=]\s*(.*)$/

/** In a list of hosts, or `{…}` of YAML, several stand in a line. */
const INLINE = /(?:^|[\s,{-])["']?([\w-]+)["']?\s*[:=]\s*("[^"]*"|'[^']*'|[^\s,}"'][^\s,}]*)/g
const SETTINGS = /\.(?:ya?ml|ini|cfg|env|conf)$|(?:^|\/)(?:hosts|inventory)$/
const MAX_LINE = 4096

/** Programs hold the words without a secret behind them. */
const PROGRAM = /\.(?:cjs|mjs|js)$/

/** Texts in which a token stands in clear: whoever carries the bundle could join the cluster. Archives are not searched. */
export function verifySecrets(scene: Scene): void {
  let searched = 0
  for (const file of scene.files.values()) {
    if (file.fault !== undefined || PROGRAM.test(file.path)) continue
    const named = secretByName(file.path)
    const content =
      file.text === undefined || isVaultedWhole(file.head) ? undefined : secretIn(file, file.text)
    if (file.text !== undefined) searched++
    else if (roleOf(file.path).role === 'other' && /text$/.test(contentKind(file.head)))
      scene.unchecked('a text too large to be searched for secrets', file.path)
    const [what, line] = content ?? (named === undefined || isVaultedWhole(file.head) ? [] : [named])
    if (what === undefined) continue
    scene.problem(
      'secret-in-bundle',
      `${line === undefined ? 'is' : `line ${line} holds`} ${what} in clear text, for everybody who gets to see the bundle`,
      'take it out, or encrypt it with ansible-vault; make a new token where others have seen this one',
      [],
      file.path,
    )
  }
  if (searched > 0) scene.checked('.', `no secret in ${searched} ${searched === 1 ? 'text' : 'texts'}`)
}

function secretIn(file: SeenFile, text: string): readonly [what: string, line: number] | undefined {
  const isSettings = SETTINGS.test(file.path)
  for (const [index, line] of text.split('\n').entries()) {
    if (line.length > MAX_LINE) continue
    const what = assignedIn(line, isSettings) ?? secretByContent(Buffer.from(line))
    if (what !== undefined) return [what, index + 1]
  }
  return undefined
}

function assignedIn(line: string, isSettings: boolean): string | undefined {
  if (isBootstrapShaped(line.trim())) return 'a join token'
  const pairs = isSettings && !/^\s*#/.test(line) ? line.matchAll(INLINE) : [ASSIGNED.exec(line) ?? []]
  for (const [, name = '', value = ''] of pairs) {
    const literal = literalOf(value)
    if (literal === undefined) continue
    if (PASSWORDS.test(name)) return 'a password'
    if (NAMES.has(name) && (name !== 'token' || isSettings) && isToken(literal)) return 'a join token'
  }
  return undefined
}

/** What K3s would refuse as a token is none, and what everybody can read at its page is no secret. */
function isToken(literal: string): boolean {
  const { form, sample } = inspectToken(new Secret(literal))
  return form.kind !== 'malformed' && sample === undefined
}

/** The value as it stands there; undefined where it is computed, encrypted, empty, or a place to fill in. */
function literalOf(value: string): string | undefined {
  const [, quoted, bare] = /^(?:["']([^"']*)["']|([^#]*?))\s*(?:\s#.*)?$/.exec(value.trim()) ?? []
  const text = (quoted ?? bare ?? '').trim()
  if (text === '' || /^(?:null|~|true|false|yes|no|\.\.\.|\u2026)$/i.test(text)) return undefined
  return /^[!|>&*<[{%$`(]|\{\{|\$\{|\$\(/.test(text) ? undefined : text
}
