import { dirname, relative, resolve } from 'node:path'
import type { Command } from 'commander'
import { Interrupted, UserError } from '../../errors.ts'
import { nameOf, pathKind } from '../../io/files.ts'
import { recoverWrites, writeAll } from '../../io/write.ts'
import type { Secret } from '../../secret.ts'
import { type Answers, type Draft, isAnswered } from '../../wizard/answers.ts'
import { type Asker, terminalAsker } from '../../wizard/ask.ts'
import { change, complete, type Filling, fill } from '../../wizard/dialogue.ts'
import { unifiedDiff } from '../../wizard/diff.ts'
import type { ExistingSite } from '../../wizard/existing.ts'
import { airgapNeeds, controlNodeNeeds, nextCommands, shellWord } from '../../wizard/nextSteps.ts'
import { questionKeys, questionTable } from '../../wizard/questions.ts'
import { reviewText, type Warning, warningText } from '../../wizard/review.ts'
import type { Scene } from '../../wizard/scene.ts'
import { paint, type Screen, screenOf, wrap } from '../../wizard/screen.ts'
import type { ExitStatus, Session } from '../session.ts'
import { givenAnswers, type InitFlags, initOptions } from './flags.ts'
import { addNodes, checkNodes, sshHostsOf } from './nodes.ts'
import { type Plan, planOf } from './plan.ts'
import { type Place, placeAt, readProject, sceneOf } from './scene.ts'
import { Sealer } from './secrets.ts'

export function command(session: Session, _setStatus: (status: ExitStatus) => void): Command {
  return initOptions().action((directory: string, flags: InitFlags) => init(session, directory, flags))
}

async function init(session: Session, named: string, flags: InitFlags): Promise<void> {
  const screen = screenOf(session)
  const say = (text: string): void => {
    session.stderr.write(`${text}\n`)
  }
  const directory = resolve(session.cwd, named)
  if (!flags.dryRun && (await recoverWrites(directory)) === 'finished')
    say('An interrupted run had decided to write: its files are in place now.')
  const place = await placeAt(directory, session)
  const asker = session.interactive && flags.input && !flags.tokenStdin ? terminalAsker(session) : undefined
  const filling: Filling = { asker, takesPresets: flags.yes ?? false, silence: silenceOf(flags) }
  const { sshHosts, warnings: sshWarnings } = sshHostsOf(flags, session)
  const draft = givenAnswers(flags, session, () => newPasswordPath(place))

  const inventory = await inventoryOf(draft, place, sshHosts, filling, session)
  const project = readProject(directory, inventory ?? 'inventory.yml')
  const settled = inventory === undefined ? undefined : { path: inventory, project }
  const { scene, existing } = sceneOf(place, settled, sshHosts, session)
  addNodes(draft, flags, scene, existing, session)
  if (asker !== undefined && !flags.yes) say(greeting(place, existing, screen))

  const sealer = new Sealer(session, place, existing, asker)
  const saveTo = flags.saveAnswers === undefined ? undefined : resolve(session.cwd, flags.saveAnswers)
  // Before any question: who misspelt a flag should not learn it from the last one.
  checkNodes(draft.servers ?? [], draft.agents ?? [], existing, { isPartial: true })
  let answers = await complete(draft, scene, filling)
  for (;;) {
    const nodeWarnings = checkNodes(answers.servers, answers.agents, existing)
    const sealed = await sealer.seal(answers)
    const plan = await planOf({ answers, sealed, existing, project, place, saveTo, session })
    const warnings = [
      ...sshWarnings,
      ...nodeWarnings,
      ...airgapWarnings(answers, scene, place, session),
      ...plan.warnings,
    ]
    if (plan.writes.length === 0) {
      say(upToDate(warnings, screen))
      return
    }
    const run: Run = { place, plan, answers, scene, existing, warnings, screen, say, session }
    if (flags.dryRun) {
      preview(run)
      return
    }
    if (flags.yes) {
      say(reviewText(answers, scene, plan.changes, warnings, screen))
      await write(run, directory)
      return
    }
    if (asker === undefined)
      throw new UserError(`${filling.silence}, and nobody has agreed to write ${plan.writes.length} files`, {
        fix: 'look at them with --dry-run, then add --yes',
      })
    const decision = await decide(run, asker)
    if (decision === 'write') {
      await write(run, directory)
      return
    }
    if (decision === 'leave') {
      say('Nothing was written.')
      throw new Interrupted()
    }
    answers = await change(decision, answers, scene, asker)
  }
}

interface Run {
  readonly place: Place
  readonly plan: Plan
  readonly answers: Answers
  readonly scene: Scene
  readonly existing: ExistingSite | undefined
  readonly warnings: readonly Warning[]
  readonly screen: Screen
  readonly say: (text: string) => void
  readonly session: Session
}

/** The inventory has to be known before the other questions can look into it. `undefined`: it was not said. */
async function inventoryOf(
  draft: Draft,
  place: Place,
  sshHosts: Scene['sshHosts'],
  filling: Filling,
  session: Session,
): Promise<string | undefined> {
  const { scene } = sceneOf(place, undefined, sshHosts, session)
  await fill('inventory', draft, scene, filling)
  if (!isAnswered(draft, 'inventory')) return undefined
  const path = nameOf(place.directory, draft.inventory ?? 'inventory.yml')
  draft.inventory = path
  if (pathKind(resolve(place.directory, path)) === 'directory')
    throw new UserError('this inventory is a directory, and k3seal writes one file', {
      fix: 'name the file in it that holds the cluster: --inventory DIRECTORY/hosts.yml',
      at: path,
    })
  return path
}

function newPasswordPath({ newPasswordPath: path }: Place): string {
  if (path !== undefined) return path
  throw new UserError('there is no home directory to keep a new vault password in', {
    fix: 'name the file: --new-vault-password FILE',
  })
}

function silenceOf({ input, tokenStdin }: InitFlags): string {
  if (!input) return 'questions are off (--no-input)'
  return tokenStdin
    ? 'standard input is taken by the token'
    : 'nobody can be asked: standard input or standard error is no terminal, or CI is set'
}

function greeting({ directory, shown }: Place, existing: ExistingSite | undefined, screen: Screen): string {
  const hosts = existing === undefined ? 0 : existing.servers.length + existing.agents.length
  const text =
    existing === undefined
      ? `A K3s cluster in ${shown(directory)}. Nothing is written before you have seen every file.`
      : `The inventory in ${shown(directory)} has ${hosts} ${hosts === 1 ? 'node' : 'nodes'}; answers change it line by line. Nothing is written before you have seen every change.`
  return `${paint(screen, 'bold', 'k3seal')}\n${wrap(text, screen.width - 1)}\n`
}

function diffs({ plan, existing }: Run, screen: Pick<Screen, 'color'>): string {
  const secrets: Secret[] = [existing?.token, existing?.agentToken].flatMap((found) =>
    found?.kind === 'plain' ? [found.value] : [],
  )
  return plan.changes.map((file) => unifiedDiff(file, secrets, screen)).join('')
}

function preview(run: Run): void {
  const { answers, scene, plan, warnings, screen, say, session } = run
  session.stdout.write(diffs(run, { color: false }))
  say(reviewText(answers, scene, plan.changes, warnings, screen))
  say('\nDry run: nothing was written.')
}

type Decision = 'write' | 'leave' | keyof Answers

async function decide(run: Run, asker: Asker): Promise<Decision> {
  const { answers, scene, plan, warnings, screen, say } = run
  say(`\n${diffs(run, screen)}`)
  say(reviewText(answers, scene, plan.changes, warnings, screen))
  say('')
  const next = await asker.choose<'write' | 'change' | 'leave'>({
    message: plan.writes.length === 1 ? 'Write it?' : `Write these ${plan.writes.length} files?`,
    explanation: 'All of them or, if anything goes wrong, none.',
    choices: [
      { value: 'write', name: 'write' },
      { value: 'change', name: 'change an answer' },
      { value: 'leave', name: 'leave, and write nothing' },
    ],
  })
  if (next !== 'change') return next
  return asker.choose<keyof Answers>({
    message: 'Which answer?',
    explanation: 'The others stay as they are.',
    choices: questionKeys
      .filter((key) => key !== 'inventory' && (questionTable[key].isOpen?.(scene, answers) ?? true))
      .map((key) => ({ value: key, name: questionTable[key].title })),
  })
}

async function write(run: Run, directory: string): Promise<void> {
  const { plan, say, answers, screen, scene } = run
  await writeAll(directory, plan.writes)
  const count = plan.writes.length === 1 ? '1 file' : `${plan.writes.length} files`
  say(`\n${paint(screen, 'green', `Wrote ${count}.`)}`)
  const made = plan.writes.find(({ path }) => answers.vault.kind === 'new' && path === answers.vault.path)
  if (made !== undefined)
    say(
      wrap(
        `Keep a copy of ${scene.shown(made.path)}: without it nobody can decrypt the token.`,
        screen.width - 1,
      ),
    )
  say(`\n${paint(screen, 'bold', 'Next')}`)
  const missing = airgapMissing(run)
  if (missing !== undefined) {
    for (const line of missing.lines) say(wrap(line, screen.width - 1, '  '))
    say(`  ${paint(screen, 'cyan', missing.command)}\n`)
  }
  // Not wrapped: they are to be copied.
  for (const line of nextCommands(plan.next)) say(`  ${paint(screen, 'cyan', line)}`)
  if (plan.next.requirements !== undefined) say(`\n${wrap(controlNodeNeeds, screen.width - 1)}`)
}

function airgapMissing({
  answers,
  scene,
  place,
}: Run): { readonly lines: readonly string[]; readonly command: string } | undefined {
  const { airgapDir, inventory } = answers
  if (airgapDir === undefined || /\{\{/.test(airgapDir)) return undefined
  const isThere = (name: string): boolean => scene.kindOf(`${airgapDir}/${name}`) !== 'absent'
  const missing = airgapNeeds([...answers.servers, ...answers.agents], isThere)
  if (missing.length === 0) return undefined
  const directory = place.shown(resolve(place.directory, dirname(inventory), airgapDir))
  const source = place.shown(resolve(place.directory, inventory))
  return {
    lines: [
      `Put into ${directory}, from ${answers.k3sVersion}:`,
      ...missing.map(({ name, from }) => (from === undefined ? `- ${name}` : `- ${name} (${from})`)),
      'or have them downloaded and verified:',
    ],
    command: ['k3seal', 'airgap', 'fetch', '-i', source, '--out', directory].map(shellWord).join(' '),
  }
}

/** A relative path starts at the inventory, and who typed it may have meant the working directory. */
function airgapWarnings(
  { airgapDir, inventory }: Answers,
  scene: Scene,
  place: Place,
  { cwd }: Session,
): readonly Warning[] {
  if (airgapDir === undefined || scene.kindOf(airgapDir) !== 'absent') return []
  const meant = resolve(cwd, airgapDir)
  if (pathKind(meant) !== 'directory') return []
  const directory = resolve(place.directory, dirname(inventory))
  return [
    {
      message: `${airgapDir} starts at the inventory, so ${place.shown(resolve(directory, airgapDir))} is meant, and that is not there`,
      fix: `if you meant the one in the working directory: --airgap-dir ${relative(directory, meant)}`,
    },
  ]
}

function upToDate(warnings: readonly Warning[], screen: Screen): string {
  const text = 'Nothing to change: all files are as the answers want them.'
  return warnings.length === 0 ? text : `${warningText(warnings, screen)}\n${text}`
}
