import { setDefault } from '../ansible/config.ts'
import type { Project } from '../ansible/value.ts'
import { deliveryFiles } from './delivery.ts'
import type { GeneratedFile } from './file.ts'
import { withIgnored } from './gitignore.ts'
import { playbookNotes, sitePlaybooks } from './playbooks.ts'

export interface ProjectChoices {
  /** The inventory, and files of variables beside it that change. */
  readonly inventory: readonly GeneratedFile[]
  /** For `vault_password_file` in ansible.cfg; `undefined`: ansible.cfg stays as it is. */
  readonly vaultPasswordFile: string | undefined
  /** A password file inside the project, relative to it. */
  readonly ignored: string | undefined
}

/**
 * All files of a site but a vault password, whole, whether or not they are there already and the same. `project` is
 * what is there. The order is the one to look at them in: what is the same for everybody first, the inventory last.
 */
export function projectFiles(
  project: Project,
  { inventory, vaultPasswordFile, ignored }: ProjectChoices,
): readonly GeneratedFile[] {
  const config = project.get('ansible.cfg')
  const ignore = project.get('.gitignore')
  return [
    ...deliveryFiles,
    ...sitePlaybooks(project),
    ...(vaultPasswordFile === undefined
      ? []
      : [
          {
            path: 'ansible.cfg',
            text: setDefault(config, 'vault_password_file', vaultPasswordFile),
            mode: 0o644,
          },
        ]),
    ...(ignored === undefined
      ? []
      : [
          {
            path: '.gitignore',
            text: withIgnored(ignore, ignored, 'the password of Ansible Vault'),
            mode: 0o644,
          },
        ]),
    ...inventory,
  ]
}

/** What the user should know of the files that are there: cause and cure in one line each. */
export function projectNotes(project: Project): readonly string[] {
  const edited = deliveryFiles.filter(({ path, text }) => project.has(path) && project.get(path) !== text)
  return [
    ...edited.map(
      ({ path }) =>
        `${path} differs from what this k3seal delivers and is replaced: it belongs to k3seal, so keep your own tasks in another file`,
    ),
    ...playbookNotes(project),
  ]
}
