import { PROGRAM, SUMS } from '../bundle.ts'

export interface ReadmeFacts {
  readonly k3sVersion: string | undefined
  readonly architectures: readonly string[]
  /** The directory of the files for nodes, below the top. */
  readonly directory: string
  /** As `-i` would name them; none where no inventory came along. */
  readonly inventories: readonly string[]
}

/** What somebody at the far side has to know, who got nothing but the archive. */
export function readmeText({ k3sVersion, architectures, directory, inventories }: ReadmeFacts): string {
  const sources = inventories.length === 0 ? ['inventory.yml'] : inventories
  const inventory = sources.map((source) => `-i ${shellWord(source)}`).join(' ')
  const place = shellWord(directory)
  return `K3s${k3sVersion === undefined ? '' : ` ${k3sVersion}`}${architectures.length === 0 ? '' : ` for ${architectures.join(', ')}`}, for a site without internet. Packed by k3seal.

Check that nothing was lost or changed on the way:

  sha256sum -c ${SUMS}

Check that everything which the nodes need is there, with Node 20.19 or later and nothing else:

  node ${PROGRAM} airgap verify ${place} ${inventory}

Bring the join token to the nodes, with Ansible${inventories.length === 0 ? ' and an inventory of yours' : ''}. What is vaulted needs the vault password, which is not in here:

  ansible-playbook ${inventory} --vault-password-file FILE k3seal/deliver.yml

Then run what installs K3s, which is not in here either: a playbook of yours, or that of the collection k3s.orchestration.
Its airgap_dir is ${directory}:

  ansible-playbook ${inventory} --vault-password-file FILE -e airgap_dir="$PWD"/${place} k3s.orchestration.site
  ansible-playbook ${inventory} --vault-password-file FILE k3seal/protect.yml

${PROGRAM} is all of k3seal: node ${PROGRAM} --help. The licences of what it is made of are in
THIRD-PARTY-NOTICES.txt, and bom.cdx.json lists what this archive holds.
`
}

function shellWord(text: string): string {
  return /^[\w./+@%:-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}
