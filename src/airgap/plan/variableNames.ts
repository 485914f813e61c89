/** The release, as k3s-ansible, PyratLabs.k3s and others name the variable. */
export const versionVariables = ['k3s_version', 'k3s_release_version', 'install_k3s_version'] as const

/** Facts in an inventory, then k3seal's own variable and what projects name theirs. */
export const architectureVariables = [
  'ansible_architecture',
  'ansible_facts.architecture',
  'k3seal_arch',
  'k3s_arch',
  'k3s_architecture',
  'node_arch',
  'cpu_arch',
  'architecture',
  'arch',
] as const

/** The directory of the files, on the control node. */
export const AIRGAP_DIRECTORY = /air_?gap\w*(?:dir|directory|path|folder)$/i

/** Names that say something else in many a project, so that only what is an architecture counts. */
export const commonNames: ReadonlySet<string> = new Set(['architecture', 'arch'])
