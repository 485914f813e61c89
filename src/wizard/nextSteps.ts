import type { NodeSpec } from '../ansible/nodeSpec.ts'
import {
  airgapArchitectures,
  airgapRole,
  type ImageArchive,
  imageEndings,
  imagesName,
} from '../facts/airgap.ts'
import { orchestration } from '../facts/orchestration.ts'

export interface NextSteps {
  /** The project as the user would `cd` to it; `undefined`: the user is there. */
  readonly directory: string | undefined
  /** Relative to the project. */
  readonly inventory: string
  /** The playbooks to run, in order, relative to the project. */
  readonly playbooks: readonly string[]
  /** The file that names the collections, relative to the project; `undefined`: none is needed. */
  readonly requirements: string | undefined
  /** What Ansible needs to find the vault password. */
  readonly vaultFlags: readonly string[]
  /** Whether a file of variables is encrypted as a whole, so that no command does without the password. */
  readonly hasVaultedFiles: boolean
}

/** A word for a POSIX shell: Ansible's control node runs no other. */
export function shellWord(text: string): string {
  return /^~?[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}

/** The commands that come next, one to a line, to be copied. */
export function nextCommands(steps: NextSteps): readonly string[] {
  const { directory, inventory, playbooks, requirements, vaultFlags, hasVaultedFiles } = steps
  const line = (...words: readonly string[]): string => words.map(shellWord).join(' ')
  // A single vaulted value is decrypted when it is used, and a ping uses none.
  const early = hasVaultedFiles ? vaultFlags : []
  return [
    ...(directory === undefined ? [] : [line('cd', directory)]),
    ...(requirements === undefined
      ? []
      : [line('ansible-galaxy', 'collection', 'install', '-r', requirements)]),
    line('ansible', 'all', '-i', inventory, ...early, '-m', 'ansible.builtin.ping'),
    line('ansible-playbook', '-i', inventory, ...vaultFlags, ...playbooks),
  ]
}

/** What the control node must have; the collection's own page says so. */
export const controlNodeNeeds = `Needs ansible-core ${orchestration.needs.ansibleCore} or newer, with the Python library ${orchestration.needs.python} (pip install ${orchestration.needs.python}).`

/**
 * The files that the airgap directory has to hold and does not. A node whose architecture is not given counts as amd64.
 * Where all nodes have one architecture, a binary called `k3s` is the right one.
 */
export function airgapNeeds(
  nodes: readonly NodeSpec[],
  has: (name: string) => boolean,
): readonly { readonly name: string; readonly from: string | undefined }[] {
  const architectures = [...new Set(nodes.map(({ arch }) => arch ?? 'amd64'))].sort()
  const wanted = [
    ...architectures.flatMap((arch) => {
      const { asset, target } = airgapArchitectures[arch]
      // The role gives it to every node whose own file is missing, so that beside others it can only be the one for amd64.
      const fallback = architectures.length === 1 || arch === 'amd64' ? [airgapRole.fallback] : []
      const images = (Object.keys(imageEndings) as ImageArchive[]).map((form) => imagesName(arch, form))
      return [
        { names: [target, ...fallback], from: asset === target ? undefined : `the release's ${asset}` },
        { names: images, from: undefined },
      ]
    }),
    { names: [airgapRole.installScript], from: 'install.sh of the git tag' },
  ]
  return wanted
    .filter(({ names }) => !names.some(has))
    .map(({ names: [name = ''], from }) => ({ name, from }))
}
