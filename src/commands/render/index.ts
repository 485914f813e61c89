import { join, relative, resolve } from 'node:path'
import { Command, Option } from 'commander'
import { readInventory } from '../../ansible/inventory/index.ts'
import { UserError } from '../../errors.ts'
import type { ServiceManager } from '../../generate/unit.ts'
import { modeOf, nameOf, namesIn, pathKind, readBytes, readText } from '../../io/files.ts'
import { insideGit } from '../../io/git.ts'
import { hostPlatform } from '../../io/host.ts'
import { type FileWrite, recoverWrites, writeAll } from '../../io/write.ts'
import { Secret } from '../../secret.ts'
import { positionAt } from '../../span.ts'
import { isVaulted } from '../../syntax/vault.ts'
import { inventoryTexts } from '../inventories.ts'
import { collect } from '../parse.ts'
import type { ExitStatus, Session } from '../session.ts'
import { decryptAny, type VaultFlags, type VaultSecret, vaultSecrets } from '../vaultSecrets.ts'
import { type HostProblem, type RenderPlan, renderPlan } from './plan.ts'

interface Options extends VaultFlags {
  readonly inventory?: readonly string[]
  readonly host?: readonly string[]
  readonly serviceManager: ServiceManager
  readonly out: string
  readonly force?: boolean
}

/** `k3seal render`: the files that the delivery puts on each node, into a directory for each. */
export function command(session: Session, _setStatus: (status: ExitStatus) => void): Command {
  return new Command('render')
    .description('render the units, drop-ins and env files of the hosts of an inventory')
    .option('-i, --inventory <PATH>', 'as for ansible-playbook; again for more', collect)
    .option('--host <NAME>', 'only this host; again for more', collect)
    .addOption(
      new Option('--service-manager <NAME>', 'what starts K3s on the nodes')
        .choices(['systemd', 'openrc'])
        .default('systemd'),
    )
    .requiredOption('--out <DIR>', 'where the files go: DIR/HOST/etc/…')
    .option('--force', 'also where DIR holds something else')
    .option('--vault-password-file <FILE>', 'as for ansible-playbook; a file or a script', collect)
    .option(
      '--vault-id <LABEL@SOURCE>',
      'as for ansible-playbook; SOURCE is a file, a script or prompt',
      collect,
    )
    .option('--ask-vault-pass', 'type the vault password')
    .addHelpText(
      'after',
      '\nEnv files hold the join token: they are readable for you alone, and git is told to pass DIR over.',
    )
    .action((options: Options) => render(session, options))
}

async function render(session: Session, options: Options): Promise<void> {
  const { cwd, stdout, stderr } = session
  const say = (text: string): void => {
    stderr.write(`${text}\n`)
  }
  const out = resolve(cwd, options.out)
  const shown = (path: string): string => nameOf(cwd, path)
  const plan = await planFor(session, options, say)
  report(plan.problems, say)
  if ((await recoverWrites(out)) === 'finished')
    say('An interrupted run had decided to write: its files are in place now.')
  const ownIgnore = ignoreFile(out, options)
  const files: FileWrite[] = [...plan.files].flatMap(([host, generated]) =>
    generated.map(({ path, text, mode }) => ({
      path: join(out, host, ...path.split('/')),
      content: text,
      mode,
    })),
  )
  const wanted = ownIgnore === undefined ? files : [ownIgnore, ...files]
  const changed = wanted.filter((file) => !isAsWanted(file))
  if (
    changed.some((file) => file === ownIgnore) &&
    (await insideGit(files[0]?.path ?? out, session.env)) === 'tracked-or-visible'
  )
    say(
      `${shown(out)} lies in a git work tree and will hold tokens: its .gitignore keeps git away from all of it.`,
    )
  await writeAll(out, changed, { directoryMode: 0o700 })
  for (const { path } of files) stdout.write(`${shown(path)}\n`)
  const token = files.find(({ content }) => content instanceof Secret)
  if (token !== undefined && (await insideGit(token.path, session.env)) === 'tracked-or-visible')
    say(
      `git would take the tokens in ${shown(out)}: put /${relative(cwd, out).replaceAll('\\', '/')}/ into .gitignore, or choose another --out.`,
    )
  say(
    changed.length === 0
      ? 'All of them were there already, as they should be.'
      : `Wrote ${changed.length} of ${wanted.length} files.`,
  )
}

async function planFor(session: Session, options: Options, say: (text: string) => void): Promise<RenderPlan> {
  const { cwd } = session
  let secrets: Awaited<ReturnType<typeof vaultSecrets>> | undefined
  const open = async (): Promise<readonly VaultSecret[]> => {
    secrets ??= await vaultSecrets(session, options, {
      projectDir: cwd,
      ask: session.interactive ? (label) => typed(label, session) : undefined,
    })
    return secrets.secrets
  }
  const { sources, texts } = await inventoryTexts(session, options.inventory)
  const project = new Map(texts)
  const vaultedFiles = new Set([...project].filter(([, text]) => isVaulted(text)).map(([path]) => path))
  // A password is asked for only where something is vaulted.
  const available = [...project.values()].some((text) => text.includes('$ANSIBLE_VAULT;')) ? await open() : []
  for (const path of vaultedFiles)
    project.set(path, decryptAny(project.get(path) ?? '', available, path).reveal())
  for (const warning of secrets?.warnings ?? []) say(`warning: ${warning}`)

  const inventory = readInventory(project, sources, { playbookDirectory: '' })
  const problems: HostProblem[] = inventory.faults.map(({ at, message, fix, severity = 'error' }) => {
    const { line, column } = positionAt(project.get(at.path) ?? '', at.start)
    return {
      severity: severity === 'error' ? 'error' : 'warning',
      hosts: [],
      message,
      fix,
      at: `${at.path}:${line}:${column}`,
    }
  })
  if (problems.some(({ severity }) => severity === 'error')) return { files: new Map(), problems }
  const plan = renderPlan({
    inventory,
    project,
    vaultedFiles,
    decrypt: (envelope, at) => decryptAny(envelope, available, at),
    absolute: (path) => resolve(cwd, path),
    hosts: options.host ?? [],
    serviceManager: options.serviceManager,
  })
  return { files: plan.files, problems: [...plan.problems, ...problems] }
}

async function typed(label: string, session: Session): Promise<Secret> {
  const { askSecret } = await import('../../wizard/ask.ts')
  return askSecret(label === 'default' ? 'Vault password' : `Vault password (${label})`, session)
}

const MANY = 5

/** Prints all that is wrong; throws where that keeps anything from being rendered. */
function report(problems: readonly HostProblem[], say: (text: string) => void): void {
  const errors = problems.filter(({ severity }) => severity === 'error')
  const words = ({ hosts, message }: HostProblem): string => {
    const [named, others] = [hosts.slice(0, MANY), hosts.length - MANY]
    if (named.length === 0) return message
    return `${named.join(', ')}${others > 0 ? ` and ${others} more` : ''}: ${message}`
  }
  for (const problem of problems) {
    if (problem.severity === 'error' && errors.length === 1) continue
    const { severity, fix, at } = problem
    say(`${at === undefined ? '' : `${at}: `}${severity}: ${words(problem)}\n  cure: ${fix}`)
  }
  const [only] = errors
  if (only === undefined) return
  if (errors.length === 1)
    throw new UserError(`${words(only)}; nothing was written`, { fix: only.fix, at: only.at })
  const hosts = new Set(errors.flatMap(({ hosts: named }) => named))
  throw new UserError(
    `${errors.length} things are wrong${hosts.size === 0 ? '' : ` with ${hosts.size} hosts`}; nothing was written`,
    { fix: 'put right what is listed above' },
  )
}

/** The `.gitignore` that keeps git away from the tokens; undefined where somebody else's is there. */
function ignoreFile(out: string, { out: at, force }: Options): FileWrite | undefined {
  const path = join(out, '.gitignore')
  const there = readText(path)
  const isOurs = there?.split(/\r?\n/).includes('*') ?? false
  const kind = pathKind(out)
  if (kind !== 'absent' && kind !== 'directory')
    throw new UserError('is no directory', { at, fix: 'choose another --out' })
  if (!isOurs && force !== true && namesIn(out).length > 0)
    throw new UserError('holds something that k3seal did not render', {
      at,
      fix: 'choose an empty or new directory for --out, or add --force',
    })
  return there === undefined || isOurs ? { path, content: there ?? '*\n', mode: 0o644 } : undefined
}

/** Whether a file is there already, a secret one for nobody else to read. */
function isAsWanted({ path, content }: FileWrite): boolean {
  const there = readBytes(path)
  if (there === undefined) return false
  const wanted = content instanceof Secret ? content.revealBytes() : Buffer.from(content)
  if (!there.equals(wanted)) return false
  return !(content instanceof Secret) || hostPlatform === 'win32' || ((modeOf(path) ?? 0) & 0o077) === 0
}
