import { dirname, join, resolve } from 'node:path'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { type Architecture, architectures } from '../../airgap/artefact.ts'
import { airgapDirectoryVariable, readVariable } from '../../airgap/plan/inventoryVariables.ts'
import { clusterMembers } from '../../airgap/plan/members.ts'
import { architectureOf } from '../../airgap/plan/nodeFacts.ts'
import { openScopes } from '../../airgap/plan/nodes.ts'
import { airgapPlan, type Plan } from '../../airgap/plan/plan.ts'
import type { HostScope } from '../../ansible/hostScope.ts'
import { readInventory } from '../../ansible/inventory/index.ts'
import { type ImageArchive, imageEndings } from '../../facts/airgap.ts'
import { fileSizes, pathKind } from '../../io/files.ts'
import { inventoryTexts } from '../inventories.ts'
import { collect } from '../parse.ts'
import type { Session } from '../session.ts'
import { readFacts } from './facts.ts'

/** The options by which the subcommands know their nodes, as `planOptions` declares them. */
export interface PlanOptions {
  readonly inventory?: readonly string[]
  readonly facts?: string
  readonly k3sVersion?: string
  readonly arch?: readonly Architecture[]
  /** A version; `true` where the option stands alone, `false` for `--no-selinux`. */
  readonly selinux?: string | boolean
  readonly archive?: ImageArchive
}

/** Declares the options that `readPlan` reads. */
export function planOptions(command: Command): Command {
  return command
    .option('-i, --inventory <PATH>', 'as for ansible-playbook; again for more', collect)
    .option('--facts <DIR>', 'facts of the hosts: of setup --tree, or of the fact cache jsonfile')
    .option('--k3s-version <VERSION>', 'the release, such as v1.31.5+k3s1; default: k3s_version')
    .option(
      '--arch <ARCH>',
      `for nodes that nothing else tells it of: ${architectures.join(', ')}; again for more`,
      architecture,
    )
    .option('--selinux [VERSION]', 'also k3s-selinux, for all nodes with RPM; VERSION like 1.6-1')
    .option('--no-selinux', 'without k3s-selinux')
    .addOption(
      new Option('--archive <FORM>', 'of the images').choices(Object.keys(imageEndings)).default('zst'),
    )
}

function architecture(value: string, before: readonly Architecture[] = []): readonly Architecture[] {
  const given = value.split(',').map((name) => {
    const arch = architectureOf(name)
    if (arch === undefined) throw new InvalidArgumentError(`K3s is made for ${architectures.join(', ')}.`)
    return arch
  })
  return [...new Set([...before, ...given])]
}

/** The plan for the nodes that the options name: nothing of their inventory is decrypted. Throws `UserError`. */
export async function readPlan(session: Session, options: PlanOptions): Promise<Plan> {
  const { cwd } = session
  const { sources, texts: project } = await inventoryTexts(session, options.inventory)
  const inventory = readInventory(project, sources, { playbookDirectory: '' })
  const { servers, agents } = clusterMembers(inventory)
  const nodes = [...servers, ...agents]
  const scoped = { inventory, project, absolute: (path: string) => resolve(cwd, path) }
  const [first] = nodes
  const written = first === undefined ? undefined : writtenDirectory(openScopes(scoped).scopeOf(first))
  const directory = written === undefined ? undefined : directoryAt(cwd, sources, written)
  const gathered =
    options.facts === undefined ? { facts: new Map(), factless: [] } : readFacts(cwd, options.facts, nodes)
  return airgapPlan({
    ...scoped,
    k3sVersion: options.k3sVersion,
    architectures: options.arch ?? [],
    selinux: options.selinux,
    archive: options.archive ?? 'zst',
    ...gathered,
    sizes: directory === undefined ? new Map() : fileSizes(directory),
  })
}

/** `airgap_dir` as a host has it. */
function writtenDirectory(scope: HostScope): string | undefined {
  const variable = airgapDirectoryVariable(scope)
  const reading = variable === undefined ? undefined : readVariable([variable], scope)
  return reading?.kind === 'text' ? reading.text : undefined
}

/**
 * A relative `airgap_dir` starts at the playbook, which nobody names here: the places where playbooks lie are tried, from the
 * working directory on. https://github.com/k3s-io/k3s-ansible/blob/1.2.2/README.md#airgap-install
 */
function directoryAt(cwd: string, sources: readonly string[], written: string): string | undefined {
  const beside = sources
    .filter((source) => !source.includes(','))
    .map((source) => dirname(resolve(cwd, source)))
  const starts = [cwd, ...beside, ...beside.map((directory) => dirname(directory))]
  return starts
    .flatMap((start) => [start, join(start, 'playbooks')])
    .map((start) => resolve(start, written))
    .find((path) => pathKind(path) === 'directory')
}
