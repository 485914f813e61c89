import type { Artefact } from '../artefact.ts'
import { planArtefacts } from './artefacts.ts'
import { planNodes } from './nodes.ts'
import type { PlanNode, PlanQuestion } from './question.ts'

export interface Plan {
  /** Such as `v1.31.5+k3s1`. */
  readonly k3sVersion: string
  /** Sorted by name. */
  readonly nodes: readonly PlanNode[]
  /** For each `target` one; the files of all nodes first, then by architecture. */
  readonly artefacts: readonly Artefact[]
  /** What was taken for granted, and what to mind, a sentence each. */
  readonly assumptions: readonly string[]
}

/** Every file that the nodes of an inventory need to start without internet. Throws `UserError`. */
export function airgapPlan(question: PlanQuestion): Plan {
  const { k3sVersion, nodes, assumptions } = planNodes(question)
  const { artefacts, remarks } = planArtefacts(k3sVersion, nodes, question)
  return {
    k3sVersion,
    nodes: nodes.map(({ name, kind, arch, archKnown, osFamily, selinux }) => ({
      name,
      kind,
      arch,
      archKnown,
      ...(osFamily === undefined ? {} : { osFamily }),
      selinux,
    })),
    artefacts,
    assumptions: [...assumptions, ...remarks],
  }
}
