import type { HostScopes } from '../../ansible/hostScope.ts'
import { UserError } from '../../errors.ts'
import { listed } from '../words.ts'
import { readVariable } from './inventoryVariables.ts'
import type { PlanQuestion } from './question.ts'
import { releaseName } from './release.ts'
import { versionVariables } from './variableNames.ts'

/** The one version of K3s that all nodes have. Throws `UserError` where there is none, or more than one. */
export function plannedVersion(
  hosts: readonly string[],
  scopes: HostScopes,
  { inventory, k3sVersion }: Pick<PlanQuestion, 'inventory' | 'k3sVersion'>,
): string {
  if (k3sVersion !== undefined) return checked(k3sVersion, undefined, '--k3s-version')
  const hostsOf = new Map<string, string[]>()
  const without: string[] = []
  for (const host of hosts) {
    const reading = readVariable(versionVariables, scopes.scopeOf(host))
    if (reading.kind === 'closed')
      throw new UserError(`${reading.name} can't be told here: ${reading.why}`, {
        at: reading.at,
        fix: 'write the version in clear text, or give it with --k3s-version',
      })
    if (reading.kind === 'absent' || reading.text === 'undefined') without.push(host)
    else {
      const known = hostsOf.get(reading.text)
      if (known === undefined) {
        const place = scopes.scopeOf(host).placeOf?.(reading.name)
        checked(reading.text, place, reading.name)
        hostsOf.set(reading.text, [host])
      } else known.push(host)
    }
  }
  if (hostsOf.size > 1)
    throw new UserError(
      `the nodes have different versions of K3s: ${[...hostsOf].map(([version, some]) => `${version} on ${listed(some)}`).join('; ')}`,
      { fix: 'a bundle holds one version: set one k3s_version for all nodes, or give it with --k3s-version' },
    )
  const [version] = hostsOf.keys()
  if (version !== undefined && without.length === 0) return version
  const closed = inventory.faults.find(({ message }) => /encrypted as a whole/.test(message))?.at.path
  const where = version === undefined ? '' : ` for ${listed(without)}`
  const maybe = closed === undefined ? '' : `; ${closed}, which is encrypted as a whole, may hold it`
  throw new UserError(`the inventory does not tell the version of K3s${where}${maybe}`, {
    fix: 'set k3s_version in group_vars, like k3s_version: v1.31.5+k3s1, or give it with --k3s-version',
  })
}

function checked(text: string, at: string | undefined, from: string): string {
  const release = releaseName(text)
  if ('version' in release) return release.version
  throw new UserError(`${from}: ${release.message}`, { at, fix: release.fix })
}
