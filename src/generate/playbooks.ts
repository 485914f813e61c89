import type { Project } from '../ansible/value.ts'
import { orchestration } from '../facts/orchestration.ts'
import { CLEANUP, DELIVER, PROTECT } from './delivery.ts'
import type { GeneratedFile } from './file.ts'

/** What runs K3s's own installation. */
export interface Installer {
  /** As `import_playbook` names it. */
  readonly site: string
  readonly reset: string
  /** Whether the project is a checkout of k3s-ansible itself, so that no collection is needed. */
  readonly isCheckout: boolean
}

/** k3s-ansible's own playbooks where the project is a checkout of it, else those of the collection. */
export function installerOf(project: Project): Installer {
  const isCheckout = /^name:\s*["']?orchestration\b/m.test(project.get('galaxy.yml') ?? '')
  const directory = ['playbooks', 'playbook'].find((name) => project.has(`${name}/site.yml`))
  if (directory !== undefined && (isCheckout || project.has('roles/k3s_server/tasks/main.yml')))
    return { site: `${directory}/site.yml`, reset: `${directory}/reset.yml`, isCheckout: true }
  return {
    site: `${orchestration.name}.site`,
    reset: `${orchestration.name}.reset`,
    isCheckout: false,
  }
}

/** Whether the collection is installed from: by the site playbook that k3seal writes, or by the project's own. */
export function usesCollection(project: Project): boolean {
  const own = project.get('site.yml') ?? project.get('site.yaml')
  return !installerOf(project).isCheckout && (own === undefined || own.includes(orchestration.name))
}

/** Where a project may name the collections that it needs. */
export const REQUIREMENTS = ['requirements.yml', 'requirements.yaml', 'collections/requirements.yml'] as const

/** The playbooks of the site and its requirements, as far as the project has none of its own. */
export function sitePlaybooks(project: Project): readonly GeneratedFile[] {
  const { site, reset } = installerOf(project)
  const files: GeneratedFile[] = []
  const add = (path: string, text: string): void => {
    files.push({ path, text, mode: 0o644 })
  }
  if (usesCollection(project) && REQUIREMENTS.every((path) => !project.has(path)))
    add('requirements.yml', requirements())
  if (!project.has('site.yml') && !project.has('site.yaml'))
    add(
      'site.yml',
      `---
- name: Deliver the join token
  ansible.builtin.import_playbook: ${DELIVER}

- name: Install K3s
  ansible.builtin.import_playbook: ${site}

- name: Close the files that hold the token
  ansible.builtin.import_playbook: ${PROTECT}
`,
    )
  const isOurs = installerOf(project).isCheckout || usesCollection(project)
  if (isOurs && !project.has('reset.yml') && !project.has('reset.yaml'))
    add(
      'reset.yml',
      `---
- name: Remove K3s
  ansible.builtin.import_playbook: ${reset}

- name: Take the join token away
  ansible.builtin.import_playbook: ${CLEANUP}
`,
    )
  return files
}

/** What a playbook of the project's own should do and doesn't, cause and cure in one line each. */
export function playbookNotes(project: Project): readonly string[] {
  const notes: string[] = []
  const own = (name: string): readonly [string, string] | undefined =>
    [...project].find(([path]) => path === `${name}.yml` || path === `${name}.yaml`)
  const [site, siteText = ''] = own('site') ?? []
  const [reset, resetText = ''] = own('reset') ?? []
  if (site !== undefined && !siteText.includes(DELIVER))
    notes.push(`${site} is yours and stays as it is: run ${DELIVER} before it, or import it there first`)
  if (site !== undefined && usesCollection(project) && !siteText.includes(PROTECT))
    notes.push(`${site} leaves the servers' config.yaml open to every user: import ${PROTECT} there last`)
  if (reset !== undefined && !resetText.includes(CLEANUP))
    notes.push(`${reset} is yours and stays as it is: run ${CLEANUP} after it, or import it there last`)
  const path = REQUIREMENTS.find((name) => project.has(name))
  const text = path === undefined ? '' : (project.get(path) ?? '')
  if (path !== undefined && usesCollection(project) && !/k3s-ansible|k3s\.orchestration/.test(text))
    notes.push(
      `${path} is yours and stays as it is: add ${orchestration.repository} (type: git, version: ${orchestration.version}) and ansible.utils to its collections`,
    )
  return notes
}

/** The collection's own list of dependencies leaves ansible.utils out, which its roles use. */
function requirements(): string {
  return `---
collections:
  - name: ${orchestration.repository}
    type: git
    version: ${orchestration.version}
  - name: ansible.utils
`
}
