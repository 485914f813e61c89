import { dirname, isAbsolute, join, relative, resolve } from 'node:path'
import { type AnsibleConfig, listItems, parseAnsibleConfig } from '../../ansible/config.ts'
import type { Project } from '../../ansible/value.ts'
import { vaultSources } from '../../ansible/vaultSources.ts'
import { UserError } from '../../errors.ts'
import { REQUIREMENTS } from '../../generate/playbooks.ts'
import { defaultVaultPasswordPath } from '../../generate/vaultPassword.ts'
import { ansibleConfigFile, type FoundConfig } from '../../io/ansibleConfigFile.ts'
import { ansiblePath } from '../../io/ansiblePath.ts'
import { inventoryPaths, modeOf, nameOf, namesIn, pathKind, readTexts } from '../../io/files.ts'
import { homeDirectory, hostPlatform } from '../../io/host.ts'
import { type ExistingSite, existingSite } from '../../wizard/existing.ts'
import type { Scene } from '../../wizard/scene.ts'
import type { Session } from '../session.ts'

/** What there is to know of a project before an answer is given. */
export interface Place {
  /** Absolute. */
  readonly directory: string
  /** The ansible.cfg that Ansible would read there. */
  readonly config: { readonly found: FoundConfig; readonly parsed: AnsibleConfig } | undefined
  readonly inventories: readonly string[]
  /** The password files that Ansible is set up with, absolute, and what people should read of all sources. */
  readonly vault: { readonly files: readonly string[]; readonly shown: readonly string[] }
  readonly newPasswordPath: string | undefined
  /** Whether an ansible.cfg of the project would count, and hide none that counts now. */
  readonly mayConfigure: boolean
  shown(path: string): string
  /** A path as ansible.cfg may have it on every machine of the user: with `~` below the home, else absolute. */
  portable(path: string): string
}

export async function placeAt(directory: string, session: Session): Promise<Place> {
  const { cwd, env } = session
  if (!['directory', 'absent'].includes(pathKind(directory)))
    throw new UserError('this is no directory', {
      fix: 'name the directory of an Ansible project',
      at: directory,
    })
  const shown = (path: string): string => shownPath(path, session)
  const { found } = await ansibleConfigFile({ projectDir: directory, cwd, env })
  const parsed = found && parseAnsibleConfig(shown(found.path), found.text)
  const config = found && parsed ? { found, parsed } : undefined
  const sources = vaultSources({
    vaultIds: [],
    passwordFiles: [],
    askVaultPass: false,
    env,
    config: parsed,
    cwd,
    projectDir: directory,
    configDir: found && dirname(found.path),
  })
  const files: string[] = []
  const texts: string[] = []
  for (const { kind, label, path, base, origin } of sources) {
    const name = path === undefined ? undefined : await ansiblePath(path, base ?? cwd, env)
    if (name !== undefined) files.push(name)
    const labelled = label === 'default' ? '' : `${label}@`
    texts.push(
      kind === 'prompt' ? `${labelled}typed in (${origin})` : `${labelled}${shown(name ?? '')} (${origin})`,
    )
  }
  const own = join(directory, 'ansible.cfg')
  const isOpenToAll = hostPlatform !== 'win32' && ((modeOf(directory) ?? 0) & 0o002) !== 0
  const others = found !== undefined && found.path !== own && /^[ \t]*[^\s#;[]/m.test(found.text)
  return {
    directory,
    config,
    inventories: inventoriesIn(directory, config),
    vault: { files, shown: texts },
    newPasswordPath: passwordPath(directory, session),
    mayConfigure: !isOpenToAll && !others && (found?.path === own || pathKind(own) === 'absent'),
    shown,
    portable: (path) => homePath(path, env),
  }
}

function passwordPath(projectDir: string, { env }: Session): string | undefined {
  try {
    return defaultVaultPasswordPath({ projectDir, env, platform: hostPlatform })
  } catch (error) {
    if (error instanceof UserError) return undefined
    throw error
  }
}

const NAMES = ['inventory', 'hosts'].flatMap((name) =>
  ['.yml', '.yaml', '.ini', ''].map((ending) => name + ending),
)

/** What ansible.cfg names, else what projects usually call it; files only, relative to the project. */
function inventoriesIn(directory: string, config: Place['config']): readonly string[] {
  const named = config?.found.path === join(directory, 'ansible.cfg') ? config.parsed.inventory : undefined
  const inside = (name: string): boolean => name !== '' && !name.startsWith('..') && !isAbsolute(name)
  const fromConfig = (named === undefined ? [] : listItems(named.value))
    .map((item) => nameOf(directory, resolve(directory, item)))
    .filter((name) => inside(name) && pathKind(join(directory, name)) !== 'directory')
  if (fromConfig.length > 0) return fromConfig
  const nested = ['inventory', 'inventories'].flatMap((parent) => [
    parent,
    ...directoriesIn(join(directory, parent)).map((name) => `${parent}/${name}`),
  ])
  return ['', ...nested]
    .flatMap((parent) => NAMES.map((name) => (parent === '' ? name : `${parent}/${name}`)))
    .filter((name) => pathKind(join(directory, name)) === 'file')
}

function directoriesIn(directory: string): readonly string[] {
  if (pathKind(directory) !== 'directory') return []
  return namesIn(directory).filter((name) => pathKind(join(directory, name)) === 'directory')
}

/** The texts of a project that the wizard may change or has to understand. */
export function readProject(directory: string, inventory: string): Project {
  const paths = [
    ...inventoryPaths(resolve(directory, inventory)),
    'ansible.cfg',
    '.gitignore',
    ...REQUIREMENTS,
    ...['site', 'reset'].flatMap((name) => [`${name}.yml`, `${name}.yaml`]),
    'galaxy.yml',
    'playbooks/site.yml',
    'playbook/site.yml',
    'roles/k3s_server/tasks/main.yml',
    'k3seal',
  ]
  return readTexts(directory, paths).texts
}

/** The scene for the questions. `project` is `undefined` as long as the inventory is not settled. */
export function sceneOf(
  place: Place,
  inventory: { readonly path: string; readonly project: Project } | undefined,
  sshHosts: Scene['sshHosts'],
  { cwd, env }: Session,
): { readonly scene: Scene; readonly existing: ExistingSite | undefined } {
  const existing = inventory && existingSite(inventory.project, inventory.path)
  const beside = join(place.directory, dirname(inventory?.path ?? ''))
  const scene: Scene = {
    inventories: place.inventories,
    existing,
    login: loginOf(place, env),
    airgapDir: namesOf(join(beside, 'airgap')).some((name) => /^k3s(?:$|[-.])/.test(name))
      ? 'airgap'
      : undefined,
    vaultSources: place.vault.shown,
    newPasswordPath: place.newPasswordPath,
    sshHosts,
    kindOf: (path) => pathKind(resolve(beside, expanded(path, env))),
    resolve: (path) => resolve(cwd, expanded(path, env)),
    shown: place.shown,
  }
  return { scene, existing }
}

function namesOf(directory: string): readonly string[] {
  return pathKind(directory) === 'directory' ? namesIn(directory) : []
}

function loginOf({ config }: Place, env: Session['env']): Scene['login'] {
  const configured = config?.parsed.defaults.get('remote_user')
  if (env.ANSIBLE_REMOTE_USER) return { name: env.ANSIBLE_REMOTE_USER, why: 'what ANSIBLE_REMOTE_USER says' }
  if (configured?.value) return { name: configured.value, why: `remote_user in ${configured.origin}` }
  const name = env.USER || env.LOGNAME || env.USERNAME
  return name ? { name, why: 'your own name on this machine' } : undefined
}

/** `~/` as shells read it; `$NAME` and `~user` stay for Ansible. */
function expanded(path: string, env: Session['env']): string {
  return /^~(?:\/|$)/.test(path) ? homeDirectory(env) + path.slice(1) : path
}

function shownPath(path: string, { cwd, env }: Session): string {
  return isAbsolute(path) ? (below(cwd, path) ?? homePath(path, env)) : path
}

/** With `~`, as it means the same file to every shell and to Ansible; absolute where it is not below the home. */
function homePath(path: string, env: Session['env']): string {
  const name = below(homeDirectory(env), path)
  return name === undefined ? path : `~/${name}`
}

function below(directory: string, path: string): string | undefined {
  const name = relative(directory, path)
  return name === '' || name.startsWith('..') || isAbsolute(name) ? undefined : name.replaceAll('\\', '/')
}
