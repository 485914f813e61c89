import type { Inventory } from '../../ansible/inventory/index.ts'
import type { Project } from '../../ansible/value.ts'
import type { ImageArchive } from '../../facts/airgap.ts'
import type { Architecture } from '../artefact.ts'
import type { NodeFacts } from './nodeFacts.ts'

export interface PlanQuestion {
  readonly inventory: Inventory
  /** For the places in messages. */
  readonly project: Project
  /** Makes the inventory's directories absolute, as Ansible has them. */
  readonly absolute: (path: string) => string
  /** `--k3s-version`, which beats the inventory. */
  readonly k3sVersion?: string | undefined
  /** `--arch`: of the nodes that nothing else tells it of. */
  readonly architectures: readonly Architecture[]
  /** `--selinux`: for every node with RPM whose facts do not deny it, of that version; `false`: for none. */
  readonly selinux: string | boolean | undefined
  readonly archive: ImageArchive
  /** `--facts`, by host. */
  readonly facts: ReadonlyMap<string, NodeFacts>
  /** Hosts that `--facts` has a file of, without facts in it. */
  readonly factless: readonly string[]
  /** Bytes of what lies in the inventory's `airgap_dir`, by name. */
  readonly sizes: ReadonlyMap<string, number>
}

/** A node of the cluster, as far as inventory and facts tell it. */
export interface PlanNode {
  readonly name: string
  readonly kind: 'server' | 'agent'
  readonly arch: Architecture
  /** Whether something tells it; else it is assumed. */
  readonly archKnown: boolean
  /** As `ansible_os_family`. */
  readonly osFamily?: string
  /** Whether SELinux is on; `undefined`: nothing tells it. */
  readonly selinux: boolean | undefined
}
