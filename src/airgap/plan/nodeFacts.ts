import { UserError } from '../../errors.ts'
import {
  type AirgapArchitecture,
  airgapArchitectures,
  rpmFamilies,
  type selinuxTargets,
} from '../../facts/airgap.ts'
import { isRecord } from '../json.ts'

/** What Ansible's facts say of a node, as far as it decides which files the node needs. */
export interface NodeFacts {
  /** As `uname -m`. */
  readonly architecture?: string | undefined
  readonly osFamily?: string | undefined
  readonly distribution?: string | undefined
  readonly majorVersion?: string | undefined
  readonly packageManager?: string | undefined
  readonly selinux?: boolean | undefined
}

/**
 * Reads a file of facts: as `ansible -m setup --tree DIR` writes it, or as the fact cache `jsonfile` does (ansible-core 2.19
 * and newer wrap it into `__payload__`). `undefined` where it holds none, as for a host that was not reached. Throws
 * `UserError` where it is no such file.
 */
export function factsOf(path: string, text: string): NodeFacts | undefined {
  const parsed = objectIn(path, text)
  const { __payload__: payload, ansible_facts: nested } = parsed
  const facts = typeof payload === 'string' ? objectIn(path, payload) : isRecord(nested) ? nested : parsed
  const value = (name: string): unknown => facts[`ansible_${name}`] ?? facts[name]
  const words = (name: string): string | undefined => {
    const found = value(name)
    return typeof found === 'string' && found !== '' ? found : undefined
  }
  const found = {
    architecture: words('architecture'),
    osFamily: words('os_family'),
    distribution: words('distribution'),
    majorVersion: words('distribution_major_version'),
    packageManager: words('pkg_mgr'),
    selinux: selinuxStatus(value('selinux')),
  }
  return Object.values(found).every((each) => each === undefined) ? undefined : found
}

/** As the fact `ansible_selinux` tells it; `undefined` where it does not, as without Python's SELinux library. */
export function selinuxStatus(value: unknown): boolean | undefined {
  const status = isRecord(value) ? value.status : value
  if (status === 'enabled' || status === true) return true
  return status === 'disabled' || status === false ? false : undefined
}

/** K3s's name of an architecture, by that of a machine; `undefined` where K3s is not made for it. */
export function architectureOf(machine: string): AirgapArchitecture | undefined {
  const name = machine.trim().toLowerCase()
  for (const [arch, { machine: names }] of Object.entries(airgapArchitectures))
    if (names.includes(name)) return arch as AirgapArchitecture
  // As install.sh takes every arm*.
  return /^armv[5-8]/.test(name) ? 'arm' : undefined
}

/** `ansible_os_family` where it is not given but the distribution is. */
export function familyOf(distribution: string): string | undefined {
  return Object.entries(rpmFamilies).find(([, names]) => names.test(distribution))?.[0]
}

/**
 * Which package of k3s-selinux fits, as install.sh decides it from /etc/os-release. `undefined`: a distribution without RPM,
 * or one that nothing is known of.
 */
export function selinuxTargetOf({
  osFamily,
  distribution = '',
  majorVersion,
  packageManager,
}: NodeFacts): keyof typeof selinuxTargets | undefined {
  const family = osFamily ?? familyOf(distribution)
  if (family === 'Suse') return /^SLE.?Micro/i.test(distribution) ? 'slemicro' : 'sle'
  if (family !== 'RedHat') return undefined
  if (packageManager === 'atomic_container' || /coreos|iot/i.test(distribution)) return 'coreos'
  const major = Number(majorVersion)
  if (major === 7 || (/^Amazon/i.test(distribution) && major === 2)) return 'el7'
  return major === 8 || major > 36 || majorVersion === 'V10' ? 'el8' : 'el9'
}

function objectIn(path: string, text: string): Readonly<Record<string, unknown>> {
  const wrong = (why: string, cause?: unknown) =>
    new UserError(`holds no facts: ${why}`, {
      at: path,
      fix: 'gather them again: ansible all -i INVENTORY -m ansible.builtin.setup --tree DIR',
      cause,
    })
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch (cause) {
    throw wrong('it is no JSON', cause)
  }
  if (!isRecord(parsed)) throw wrong('it is no mapping')
  return parsed
}
