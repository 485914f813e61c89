import { dirname, join, resolve } from 'node:path'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { type Architecture, architectures } from '../../airgap/artefact.ts'
import { airgapDirectoryVariable, readVariable } from '../../airgap/plan/inventoryVariables.ts'
import { clusterMembers } from '../../airgap/plan/members.ts'
import { architectureOf } from '../../airgap/plan/nodeFacts.ts'
import { openScopes } from '../../airgap/plan/nodes.ts'
import { airgapPlan, type Plan } from '../../airgap/plan/plan.ts'
import { type Inventory, readInventory } from '../../ansible/inventory/index.ts'
import { UserError } from '../../errors.ts'
import { type ImageArchive, imageEndings } from '../../facts/airgap.ts'
import { fileSizes, inventoryPaths, nameOf, pathKind, readTexts } from '../../io/files.ts'
import { configuredInventories } from '../configuredInventories.ts'
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

/** An inventory as it was read: nothing of it was decrypted. */
export interface AirgapInventory {
  readonly inventory: Inventory
  /** What `-i` names, relative to the working directory; host lists as they are. */
  readonly sources: readonly string[]
  /** Path relative to the working directory → text: the sources, and `group_vars` and `host_vars` beside them and there. */
  readonly texts: ReadonlyMap<string, string>
  /** Absolute: the directory that `airgap_dir` names, where there is one. */
  readonly directory: string | undefined
}

/** Reads what `-i`, or else `ansible.cfg`, names. Throws `UserError`. */
export async function airgapInventory(
  session: Session,
  options: Pick<PlanOptions, 'inventory'>,
): Promise<AirgapInventory> {
  const { cwd } = session
  const named = options.inventory ?? (await configuredInventories(session))
  for (const source of named)
    if (!source.includes(',') && pathKind(resolve(cwd, source)) === 'absent')
      throw new UserError('does not exist', { at: source, fix: 'name the inventory with -i' })
  const paths = named
    .filter((source) => !source.includes(','))
    .flatMap((source) => inventoryPaths(resolve(cwd, source)))
  const { texts } = readTexts(cwd, [...paths, 'group_vars', 'host_vars'])
  const sources = named.map((source) => (source.includes(',') ? source : nameOf(cwd, resolve(cwd, source))))
  const inventory = readInventory(texts, sources, { playbookDirectory: '' })
  return { inventory, sources, texts, directory: directoryOf(cwd, inventory, texts, sources) }
}

/** The plan for the nodes that the options name. Throws `UserError`. */
export async function readPlan(session: Session, options: PlanOptions): Promise<Plan> {
  const { cwd } = session
  const { inventory, texts, directory } = await airgapInventory(session, options)
  const { servers, agents } = clusterMembers(inventory)
  const gathered =
    options.facts === undefined
      ? { facts: new Map(), factless: [] }
      : readFacts(cwd, options.facts, [...servers, ...agents])
  return airgapPlan({
    inventory,
    project: texts,
    absolute: (path) => resolve(cwd, path),
    k3sVersion: options.k3sVersion,
    architectures: options.arch ?? [],
    selinux: options.selinux,
    archive: options.archive ?? 'zst',
    ...gathered,
    sizes: directory === undefined ? new Map() : fileSizes(directory),
  })
}

/**
 * A relative `airgap_dir` starts at the playbook, which nobody names here: the places where playbooks lie are tried, from the
 * working directory on. https://github.com/k3s-io/k3s-ansible/blob/1.2.2/README.md#airgap-install
 */
function directoryOf(
  cwd: string,
  inventory: Inventory,
  project: ReadonlyMap<string, string>,
  sources: readonly string[],
): string | undefined {
  const { servers, agents } = clusterMembers(inventory)
  const [first] = [...servers, ...agents]
  if (first === undefined) return undefined
  const scopes = openScopes({ inventory, project, absolute: (path) => resolve(cwd, path) })
  const scope = scopes.scopeOf(first)
  const variable = airgapDirectoryVariable(scope)
  const reading = variable === undefined ? undefined : readVariable([variable], scope)
  if (reading?.kind !== 'text') return undefined
  const beside = sources
    .filter((source) => !source.includes(','))
    .map((source) => dirname(resolve(cwd, source)))
  const starts = [cwd, ...beside, ...beside.map((directory) => dirname(directory))]
  return starts
    .flatMap((start) => [start, join(start, 'playbooks')])
    .map((start) => resolve(start, reading.text))
    .find((path) => pathKind(path) === 'directory')
}
