import { nearestConfig, parseAnsibleConfig, pathItems } from '../../ansible/config.ts'
import { isFixture, within } from '../../ansible/content/index.ts'
import { directoryOf, joinPath, normalPath } from '../../ansible/inventory/projectTree.ts'
import type { Project } from '../../ansible/value.ts'
import type { Span } from '../../span.ts'
import { escaped } from '../../syntax/regExp.ts'
import type { UnknownNote } from '../unknown.ts'
import type { Stage } from './context.ts'
import { isNamed } from './lone.ts'

const K3S = /k3s/i

type Asking = Pick<Stage, 'content' | 'project' | 'playbook'>

/** A role that is asked for and lies elsewhere. */
export function missingRole(name: string, at: Span, { content, project, playbook }: Asking): UnknownNote {
  const isK3s = K3S.test(name)
  const elsewhere = content.roles.flatMap((role) =>
    isNamed(role, name) && !isFixture(role.directory) ? [role.directory] : [],
  )
  // Of another site it may be no more than a namesake of what is to be installed.
  if (elsewhere.length > 0 && !requirements(project).some(([, text]) => lists(text, name)))
    return {
      at,
      what: `${elsewhere.join(' or ')} is not where Ansible looks for the role ${name}`,
      cure: `name ${elsewhere.map((directory) => directoryOf(directory) || '.').join(' or ')} in roles_path`,
      ...(isK3s ? { isTold: true } : {}),
    }
  const what = `the role ${name} is not in the project`
  if (!isK3s) return { at, what }
  if (/\//.test(name)) return { at, what, isTold: true, cure: GIT }
  const [, collection] = OF_COLLECTION.exec(name) ?? []
  const wanted = installable(collection ?? name, collection !== undefined, project)
  if (wanted === undefined) return { at, what, isTold: true, cure: FOLLOWED }
  const command =
    collection === undefined
      ? `role install ${wanted} -p ${installedIn('roles', ['roles_path'], playbook, project)}`
      : `collection install ${wanted} -p ${installedIn('collections', COLLECTIONS, playbook, project)}`
  return { at, what, isTold: true, cure: `${FOLLOWED}: ansible-galaxy ${command}` }
}

const FOLLOWED = 'it is followed once it lies in the project'
const GIT = `${FOLLOWED}, and git does not ignore it`

/** A playbook that another one imports and that lies elsewhere. */
export function missingPlaybook(name: string, at: Span, { project }: Pick<Asking, 'project'>): UnknownNote {
  const isTold = K3S.test(name) ? ({ isTold: true } as const) : {}
  const wanted = joinPath(directoryOf(at.path), name)
  const elsewhere = [...project.keys()].filter((path) => path.endsWith(`/${name}`) && !isFixture(path))
  if (name !== '' && elsewhere.length > 0)
    return {
      at,
      what: `${elsewhere.join(' or ')} is not where Ansible looks for the playbook ${name}, which is ${normalPath(wanted)}`,
      cure: `name it as seen from ${directoryOf(at.path) || '.'}`,
      ...isTold,
    }
  const what = `the playbook ${name} is not in the project`
  return isTold.isTold === undefined ? { at, what } : { at, what, ...isTold, cure: GIT }
}

/** Where Ansible looks for what is installed, as seen from the project: what `ansible.cfg` says of that, or beside the playbook. */
function installedIn(
  kind: 'roles' | 'collections',
  settings: readonly string[],
  playbook: string,
  project: Project,
): string {
  const directory = directoryOf(playbook)
  const config = nearestConfig(project, directory)
  const { defaults } = parseAnsibleConfig(config?.path ?? '', config?.text ?? '')
  const items = settings.flatMap((name) => pathItems(defaults.get(name)?.value ?? ''))
  const own = items.flatMap((item) => within(directoryOf(config?.path ?? ''), item) ?? [])
  return own[0] ?? joinPath(directory, kind)
}

/** The second one is its older name. */
const COLLECTIONS = ['collections_path', 'collections_paths']

const OF_COLLECTION = /^(\w+\.\w+)\.\w/

/**
 * What `ansible-galaxy` is to be asked for: a file of the project that names it, or else it by its name with an author, as Galaxy
 * has it. The URL of a collection does not say how that is called.
 */
function installable(name: string, isCollection: boolean, project: Project): string | undefined {
  const files = requirements(project)
  const file =
    files.find(([, text]) => lists(text, name)) ??
    (isCollection ? files.find(([, text]) => URL_OF_GIT.test(text)) : undefined)
  if (file !== undefined) return `-r ${file[0]}`
  return name.includes('.') ? name : undefined
}

/** The outermost first. */
const requirements = (project: Project): readonly (readonly [path: string, text: string])[] =>
  [...project]
    .filter(([path]) => REQUIREMENTS.test(path) && !isFixture(path))
    .sort(([one], [other]) => one.split('/').length - other.split('/').length || (one < other ? -1 : 1))

const lists = (text: string, name: string): boolean =>
  new RegExp(`(?<![\\w.-])${escaped(name)}(?![\\w-]|\\.(?!git\\b)\\w)`).test(text)

const REQUIREMENTS = /(?:^|\/)requirements\.ya?ml$/
const URL_OF_GIT = /:\/\/|\bgit@/
