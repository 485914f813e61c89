import { dirname, isAbsolute, join, relative, resolve } from 'node:path'
import type { Project } from '../../ansible/value.ts'
import { UserError } from '../../errors.ts'
import { DELIVER, PROTECT } from '../../generate/delivery.ts'
import { extendSite } from '../../generate/extendSite.ts'
import type { GeneratedFile } from '../../generate/file.ts'
import { newInventory } from '../../generate/inventory.ts'
import { installerOf, REQUIREMENTS, usesCollection } from '../../generate/playbooks.ts'
import { projectFiles, projectNotes } from '../../generate/project.ts'
import type { Site } from '../../generate/site.ts'
import { readText } from '../../io/files.ts'
import { insideGit } from '../../io/git.ts'
import type { FileWrite } from '../../io/write.ts'
import { Secret } from '../../secret.ts'
import { isVaulted } from '../../syntax/vault.ts'
import type { Answers } from '../../wizard/answers.ts'
import type { Change } from '../../wizard/diff.ts'
import { type ExistingSite, tokenWarnings } from '../../wizard/existing.ts'
import type { NextSteps } from '../../wizard/nextSteps.ts'
import type { Warning } from '../../wizard/review.ts'
import { answersText } from '../../wizard/saveAnswers.ts'
import { siteChange } from '../../wizard/siteChange.ts'
import { vaultIdAt } from '../../wizard/vaultQuestion.ts'
import type { Session } from '../session.ts'
import type { Place } from './scene.ts'
import type { Sealed } from './secrets.ts'

/** All that one run would do, worked out before anything is written. */
export interface Plan {
  readonly writes: readonly FileWrite[]
  readonly changes: readonly Change[]
  readonly warnings: readonly Warning[]
  readonly next: NextSteps
}

export interface PlanInput {
  readonly answers: Answers
  readonly sealed: Sealed
  readonly existing: ExistingSite | undefined
  readonly project: Project
  readonly place: Place
  /** Absolute, where the answers are to be saved. */
  readonly saveTo: string | undefined
  readonly session: Session
}

export async function planOf(input: PlanInput): Promise<Plan> {
  const { answers, sealed, existing, project, place, saveTo, session } = input
  const { files: inventory, notes } = inventoryFiles(input)
  const password = passwordChoice(answers, place)
  await refuseVisiblePassword(sealed, password.ignored, session)
  const generated: readonly GeneratedFile[] = [
    ...projectFiles(project, { inventory, vaultPasswordFile: password.configure, ignored: password.ignored }),
    ...(sealed.passwordFile === undefined ? [] : [sealed.passwordFile]),
    ...(saveTo === undefined
      ? []
      : [{ path: saveTo, text: answersText(answers, pathFrom(dirname(saveTo))), mode: 0o644 }]),
  ]
  const plans = generated.map((file) => planned(file, project, place))
  const changed = plans.filter(({ change }) => change.before !== change.after)
  const after = new Map([...project, ...changed.map(({ name, change }) => [name, textOf(change)] as const)])
  const needsPassword =
    sealed.vaultedToken !== undefined ||
    sealed.vaultedAgentToken !== undefined ||
    existing?.token?.kind === 'vaulted'
  return {
    writes: changed.map(({ write }) => write),
    changes: changed.map(({ change }) => change),
    warnings: [
      ...sealed.warnings,
      ...[...(existing === undefined ? [] : tokenWarnings(existing)), ...notes, ...projectNotes(project)].map(
        (message) => ({ message, fix: undefined }),
      ),
    ],
    next: {
      directory: directoryFrom(session.cwd, place),
      inventory: answers.inventory,
      playbooks: playbooksOf(after),
      requirements: requirementsOf(after),
      vaultFlags: needsPassword
        ? vaultFlags(answers, place, password.configure !== undefined, session.cwd)
        : [],
      hasVaultedFiles: [...project.values()].some((text) => isVaulted(text)),
    },
  }
}

function inventoryFiles({ answers, sealed, existing, project }: PlanInput): {
  files: readonly GeneratedFile[]
  notes: readonly string[]
} {
  const { inventory: path, servers, agents, k3sVersion, apiEndpoint, airgapDir, user } = answers
  const { vaultedToken, vaultedAgentToken } = sealed
  const said = { servers, agents, k3sVersion, apiEndpoint, airgapDir, user, vaultedAgentToken }
  if (existing !== undefined) {
    const site: Partial<Site> = { ...said, ...(vaultedToken === undefined ? {} : { vaultedToken }) }
    const change = siteChange(existing, answers, site)
    return { files: extendSite(project, path, change), notes: change.notes }
  }
  if (vaultedToken === undefined) throw new Error('a new inventory without a token')
  const text = newInventory({ ...said, vaultedToken })
  // A file without a host or a group may hold comments that the user wants to keep.
  const before = (project.get(path) ?? '').replace(/^---\s*$/m, '').trimEnd()
  const whole = before === '' ? text : `---\n${before.trimStart()}\n\n${text.replace(/^---\n/, '')}`
  return { files: [{ path, text: whole, mode: 0o644 }], notes: [] }
}

/** Where a password that was made is named: in ansible.cfg unless one is named already, in .gitignore if it is inside. */
function passwordChoice(
  { vault }: Answers,
  { directory, mayConfigure, vault: known, portable }: Place,
): { readonly configure: string | undefined; readonly ignored: string | undefined } {
  if (vault.kind !== 'new') return { configure: undefined, ignored: undefined }
  const name = relative(directory, vault.path).replaceAll('\\', '/')
  const ignored = name.startsWith('..') || isAbsolute(name) ? undefined : name
  const isFree = known.shown.length === 0 && mayConfigure
  return { configure: isFree ? (ignored ?? portable(vault.path)) : undefined, ignored }
}

/** A new password inside a git work tree would be committed with the vault that it opens. Throws `UserError`. */
async function refuseVisiblePassword(
  { passwordFile }: Sealed,
  ignored: string | undefined,
  { env }: Session,
): Promise<void> {
  if (passwordFile === undefined || ignored !== undefined) return
  if ((await insideGit(passwordFile.path, env)) !== 'tracked-or-visible') return
  throw new UserError('the new vault password would lie in a git work tree that does not ignore it', {
    fix: 'add it to the .gitignore there, or choose a place outside: --new-vault-password FILE',
    at: passwordFile.path,
  })
}

interface Planned {
  readonly name: string
  readonly change: Change
  readonly write: FileWrite
}

function planned(
  { path, text, mode }: GeneratedFile,
  project: Project,
  { directory, shown }: Place,
): Planned {
  const absolute = resolve(directory, path)
  const before = isAbsolute(path) ? readText(path) : project.get(path)
  return {
    name: path,
    change: { path: shown(absolute), before, after: text, mode },
    write: { path: absolute, content: text, mode, before },
  }
}

const textOf = ({ after }: Change): string => (after instanceof Secret ? '' : after)

/** The site playbook, with the delivery before it and what closes config.yaml after it where it has not got them. */
function playbooksOf(project: Project): readonly string[] {
  const site = ['site.yml', 'site.yaml'].find((path) => project.has(path)) ?? 'site.yml'
  const text = project.get(site) ?? ''
  return [
    ...(text.includes(DELIVER) ? [] : [DELIVER]),
    site,
    ...(text.includes(PROTECT) || !usesCollection(project) ? [] : [PROTECT]),
  ]
}

/** A checkout of k3s-ansible names what it needs itself; with a role of the project's own there is nothing to say. */
function requirementsOf(project: Project): string | undefined {
  if (!installerOf(project).isCheckout && !usesCollection(project)) return undefined
  return REQUIREMENTS.find((path) => project.has(path))
}

function vaultFlags({ vault }: Answers, place: Place, isConfigured: boolean, cwd: string): readonly string[] {
  const path = (name: string): string => pathForAnsible(name, place, cwd)
  const isKnown = (name: string): boolean => place.vault.files.includes(name)
  if (vault.kind === 'configured') return place.vault.shown.length > 0 ? [] : ['--ask-vault-pass']
  if (vault.kind === 'new')
    return isConfigured || isKnown(vault.path) ? [] : ['--vault-password-file', path(vault.path)]
  return [
    ...vault.vaultIds.flatMap((id) => ['--vault-id', vaultIdAt(id, path)]),
    ...vault.passwordFiles
      .filter((name) => !isKnown(name))
      .flatMap((name) => ['--vault-password-file', path(name)]),
    ...(vault.ask ? ['--ask-vault-pass'] : []),
  ]
}

/** As it is written where Ansible runs: relative where project and file share the working directory. */
function pathForAnsible(name: string, { directory, newPasswordPath, portable }: Place, cwd: string): string {
  if (!isAbsolute(name)) return name
  const below = (parent: string): boolean => !/^\.\.|^[A-Za-z]:|^\//.test(relative(parent, name))
  const isNear = below(cwd) && !/^\.\./.test(relative(cwd, directory)) && name !== newPasswordPath
  return below(directory) || isNear ? relative(directory, name).replaceAll('\\', '/') : portable(name)
}

function directoryFrom(cwd: string, { directory, shown }: Place): string | undefined {
  if (relative(cwd, directory) === '') return undefined
  const name = relative(cwd, directory)
  return /^(?:\.\.[/\\]?)+/.test(name) && name.length < 40 ? name : shown(directory)
}

/** Paths as a file in `directory` has to say them: relative where they are below it. */
function pathFrom(directory: string): (absolute: string) => string {
  return (path) => {
    if (!isAbsolute(path)) return path
    const name = relative(directory, path)
    return name.startsWith('..') || isAbsolute(name) ? path : join(name).replaceAll('\\', '/')
  }
}
