import { type NodeSpec, nodeProblems, parseNodeSpec } from '../ansible/nodeSpec.ts'
import { UserError } from '../errors.ts'
import { type Draft, nodeText } from './answers.ts'
import type { Question } from './question.ts'
import type { Scene } from './scene.ts'

type Kind = 'servers' | 'agents'

const FORM =
  'One to a line: NAME=ADDRESS, or NAME alone where DNS knows it. Options go behind a comma: a1=10.0.0.21,arch=arm64.'

const explanations: Readonly<Record<Kind, string>> = {
  servers: `They run the control plane: one, or three for high availability. ${FORM} An empty line ends the list.`,
  agents: `They run pods only. ${FORM} An empty line ends the list; none is fine.`,
}

/** The question for one kind of node. Nodes of the inventory stay; what is typed comes on top. */
export function nodeQuestion(kind: Kind): Question<readonly NodeSpec[]> {
  const title = kind === 'servers' ? 'Servers' : 'Agents'
  const other: Kind = kind === 'servers' ? 'agents' : 'servers'
  return {
    title,
    flags: [
      kind === 'servers' ? '--server NAME[=ADDRESS]' : '--agent NAME[=ADDRESS]',
      '--nodes-csv FILE',
      '--from-inventory FILE',
      '--from-ssh-config [FILE]',
    ],
    keys: [kind],
    preset(scene) {
      const known = scene.existing?.[kind] ?? []
      return kind === 'agents' || known.length > 0 ? { answer: known } : undefined
    },
    async ask(asker, scene, draft) {
      const known = scene.existing?.[kind] ?? []
      const others = draft[other] ?? scene.existing?.[other] ?? []
      const all = (lines: readonly string[]) => [...known, ...lines.flatMap((line) => nodesOf(line, scene))]
      const lines = await asker.lines({
        message: known.length === 0 ? title : `More ${kind}`,
        explanation:
          known.length === 0
            ? explanations[kind]
            : `The inventory has ${listed(known)}. ${FORM} An empty line ends the list; none is fine.`,
        initial: added(kind, scene, draft),
        problem: (line, entries) =>
          line === ''
            ? kind === 'servers' && known.length + entries.length === 0
              ? 'a cluster needs at least one server'
              : undefined
            : lineProblem(line, scene, (nodes) => [...all(entries), ...nodes], others),
        note: (entries) => warningsOf(kind, all(entries), others),
      })
      return all(lines)
    },
    read: (fields) => fields.nodes(kind),
    write: (nodes) => [{ key: kind, value: nodes.map(nodeText) }],
    show: (nodes) => (nodes.length === 0 ? 'none' : nodes.map(nodeText).join('  ')),
  }
}

/**
 * A line may hold several nodes, with white space between them. Where an ssh_config is at hand, a name alone, or a
 * pattern such as `web-*`, stands for what that says.
 */
export function nodesOf(line: string, { sshHosts }: Pick<Scene, 'sshHosts'>): readonly NodeSpec[] {
  return line
    .split(/\s+/)
    .filter((word) => word !== '')
    .flatMap((word) => {
      if (sshHosts === undefined || /[=,]/.test(word)) return [parseNodeSpec(word)]
      const found = sshHosts(word)
      if (found.length === 0 && /[*?]/.test(word))
        throw new UserError(`the ssh_config has no host ${word}`, {
          fix: 'write a name or a pattern that it has',
        })
      return found.length === 0 ? [parseNodeSpec(word)] : found
    })
}

function added(kind: Kind, scene: Scene, draft: Draft): readonly string[] {
  const known = new Set((scene.existing?.[kind] ?? []).map(({ name }) => name))
  return (draft[kind] ?? []).filter(({ name }) => !known.has(name)).map(nodeText)
}

function lineProblem(
  line: string,
  scene: Scene,
  together: (nodes: readonly NodeSpec[]) => readonly NodeSpec[],
  others: readonly NodeSpec[],
): string | undefined {
  try {
    const nodes = nodesOf(line, scene)
    const names = new Set(nodes.map(({ name }) => name))
    const problem = nodeProblems(together(nodes), others).find(
      ({ severity, node }) => severity === 'error' && node !== undefined && names.has(node),
    )
    return problem && `${problem.message}: ${problem.fix}`
  } catch (error) {
    if (error instanceof UserError) return `${error.message}: ${error.fix}`
    throw error
  }
}

function warningsOf(kind: Kind, nodes: readonly NodeSpec[], others: readonly NodeSpec[]): string | undefined {
  const [servers, agents] = kind === 'servers' ? [nodes, others] : [others, nodes]
  const names = new Set(nodes.map(({ name }) => name))
  const warnings = nodeProblems(servers, agents).filter(
    ({ severity, node }) =>
      severity === 'warning' && (node === undefined ? kind === 'servers' : names.has(node)),
  )
  return warnings.length === 0
    ? undefined
    : warnings.map(({ message, fix }) => `${message}: ${fix}`).join('\n')
}

function listed(nodes: readonly NodeSpec[]): string {
  const names = nodes.slice(0, 4).map(({ name }) => name)
  return nodes.length > names.length
    ? `${names.join(', ')} and ${nodes.length - names.length} more`
    : names.join(', ')
}
