import type { HostScope } from '../../ansible/hostScope.ts'
import { variableText } from '../../ansible/template/index.ts'
import { UserError } from '../../errors.ts'
import { Secret } from '../../secret.ts'
import { AIRGAP_DIRECTORY } from './variableNames.ts'

export type Reading =
  | { readonly kind: 'absent' }
  | { readonly kind: 'text'; readonly name: string; readonly text: string }
  /** It is there, and can't be told: vaulted, or a template that needs more than the inventory. */
  | { readonly kind: 'closed'; readonly name: string; readonly why: string; readonly at: string | undefined }

const ABSENT: Reading = { kind: 'absent' }

/** The first of these variables that a host has, as text. An empty one counts as absent. */
export function readVariable(names: readonly string[], scope: HostScope): Reading {
  for (const path of names) {
    const [name = path, inner] = path.split('.')
    const value = scope.variables.get(name)
    if (value === undefined || value === null || value === '') continue
    const plain = inner === undefined ? value : textAt(value, inner)
    if (plain === undefined) continue
    // Rendering costs, hosts are many, and most values are no templates.
    if (typeof plain === 'string' && !plain.includes('{')) return { kind: 'text', name: path, text: plain }
    if (inner !== undefined) continue
    const reading = rendered(name, scope)
    if (reading.kind !== 'absent') return reading
  }
  return ABSENT
}

function rendered(name: string, scope: HostScope): Reading {
  try {
    const text = variableText(name, scope)?.text
    if (text === undefined || text === '') return ABSENT
    if (text instanceof Secret)
      return { kind: 'closed', name, why: 'it is vaulted', at: scope.placeOf?.(name) }
    return { kind: 'text', name, text }
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    return { kind: 'closed', name, why: error.message, at: scope.placeOf?.(name) }
  }
}

function textAt(value: unknown, key: string): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const inner = (value as Record<string, unknown>)[key]
  return typeof inner === 'string' ? inner : undefined
}

/** The variable that names the directory with the files, k3s-ansible's first; `undefined`: the host has none. */
export function airgapDirectoryVariable(scope: HostScope): string | undefined {
  if (scope.variables.has('airgap_dir')) return 'airgap_dir'
  return [...scope.variables.keys()].find((name) => AIRGAP_DIRECTORY.test(name))
}

/** What a value that is vaulted says to a command that asks for no password. */
export function keptClosed(_envelope: string, at: string): never {
  throw new UserError('the value is vaulted, and stays closed', { at, fix: 'write it in clear text' })
}
