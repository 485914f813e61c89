import { join, resolve } from 'node:path'
import { Command, InvalidArgumentError } from 'commander'
import { parseChecksums } from '../../airgap/checksums.ts'
import { type Fetched, fetchedJson, type MissedFile, type OwnChecksums } from '../../airgap/fetch/fetched.ts'
import { parseMirror } from '../../airgap/fetch/mirror.ts'
import type { Plan } from '../../airgap/plan/plan.ts'
import { Interrupted, UserError } from '../../errors.ts'
import { httpSource, type Source } from '../../io/download/http.ts'
import { localSource, mirrorUrl } from '../../io/download/localSource.ts'
import { withLock } from '../../io/download/lock.ts'
import { ensureDirectory } from '../../io/download/place.ts'
import { showProgress } from '../../io/download/progress.ts'
import type { Timeouts } from '../../io/download/request.ts'
import { type RetryPolicy, retryPolicy } from '../../io/download/retry.ts'
import { nameOf, readText } from '../../io/files.ts'
import { interruptible } from '../../io/interrupt.ts'
import { version } from '../../version.ts'
import { collect } from '../parse.ts'
import type { ExitStatus, Session } from '../session.ts'
import { fetchFiles } from './fetchFiles.ts'
import { type PlanOptions, planOptions, readPlan } from './inventory.ts'

interface Options extends PlanOptions {
  readonly out: string
  readonly mirror?: string
  readonly checksums?: readonly string[]
  readonly jobs: number
  readonly retries: number
  readonly json?: true
}

/** `k3seal airgap fetch`: downloads and verifies the files of the plan. */
export function fetchCommand(session: Session, _setStatus: (status: ExitStatus) => void): Command {
  return planOptions(new Command('fetch').description('download and verify the files of the plan'))
    .requiredOption('--out <DIR>', "where the files go: what airgap_dir names for k3s-ansible's role")
    .option('--mirror <URL>', 'instead of GitHub; a URL or a directory, see below')
    .option('--checksums <FILE>', 'SHA-256 sums that you trust, as sha256sum writes; again for more', collect)
    .option('--jobs <N>', 'files at once', count(1, 16), 4)
    .option('--retries <N>', 'of a request that failed', count(0, 100), 5)
    .option('--json', 'print JSON instead of the paths of the files')
    .addHelpText(
      'after',
      `
Files get their names only when their SHA-256 is the one that the release lists (sha256sum-<arch>.txt, install.sh.sha256sum)
or --checksums has; a list of images without one, when its images are exactly those of the archives. What nobody vouches
for is refused. What is there and right is not downloaded again; what broke off, or
was interrupted, is gone on with by the next run. When all is there, k3seal-bundle.json lists it.

A mirror has the files of a release as URL/<version>/<asset>, install.sh and install.sh.sha256sum too, with %2B for the plus
of the version. Another layout is told by placeholders: {version}, {tag} (v1.31.5-k3s1) and {asset}, as in
  --mirror 'https://rancher-mirror.rancher.cn/k3s/{tag}'
  --mirror './downloads/{asset}'
What a mirror lacks can be put into DIR by hand, with its sum in --checksums.
Where it wants a login, put the URL into K3SEAL_MIRROR rather than on the command line, which other users can see.
Proxies: https_proxy, http_proxy, all_proxy, no_proxy. A CA of your own: NODE_EXTRA_CA_CERTS.

Exit status: 0 all is there, 2 something is missing, 130 interrupted.`,
    )
    .action((options: Options) => interruptible((signal) => runFetch(session, options, { signal })))
}

function count(least: number, most: number): (text: string) => number {
  return (text) => {
    const number = Number(text)
    if (!/^\d+$/.test(text) || number < least || number > most)
      throw new InvalidArgumentError(`It is a number from ${least} to ${most}.`)
    return number
  }
}

export interface FetchConditions {
  readonly signal: AbortSignal
  /** Instead of the plan for the inventory. */
  readonly plan?: Plan
  readonly timeouts?: Timeouts
  /** Instead of one with waits. */
  readonly policy?: RetryPolicy
}

const TIMEOUTS: Timeouts = { connect: 30_000, headers: 60_000, idle: 60_000 }
/** Beside the files, as long as they are fetched. */
export const LOCK = '.k3seal-fetch.lock'

/** Throws `UserError` where not all is there in the end, and what the signal was aborted with. */
export async function runFetch(
  session: Session,
  options: Options,
  { signal, timeouts = TIMEOUTS, policy = retryPolicy(options.retries), plan: given }: FetchConditions,
): Promise<void> {
  const { cwd, env, stdout, stderr } = session
  const say = (text: string): void => {
    stderr.write(`${text}\n`)
  }
  const named = options.mirror ?? env.K3SEAL_MIRROR
  const mirror = named ? parseMirror(mirrorUrl(named, cwd)) : undefined
  const own = (options.checksums ?? []).map((path) => ownChecksums(path, cwd))
  const plan = given ?? (await readPlan(session, options))
  for (const assumption of plan.assumptions) say(`note: ${assumption}`)
  if (/^http:/i.test(mirror?.layout ?? ''))
    say(
      'warning: the mirror is plain http: whoever is on the way can change files and their list of checksums',
    )
  const source = anySource(session, timeouts)
  const directory = resolve(cwd, options.out)
  ensureDirectory(directory)
  const fetched = await withLock(join(directory, LOCK), async () => {
    const progress = await showProgress({ stream: stderr, env, files: plan.artefacts.length })
    try {
      return await fetchFiles(
        { plan, directory, mirror, own, jobs: options.jobs },
        { source, policy, signal, progress, env },
      )
    } finally {
      progress.close()
    }
  }).catch((error: unknown) => {
    if (error instanceof Interrupted)
      say('Interrupted: what was downloaded is kept, and the next run goes on from there.')
    throw error
  })
  stdout.write(
    options.json
      ? fetchedJson(fetched)
      : fetched.files.map(({ artefact: { target } }) => `${nameOf(cwd, join(directory, target))}\n`).join(''),
  )
  report(fetched, say)
}

function anySource({ env }: Session, timeouts: Timeouts): Source {
  const http = httpSource(env, timeouts, `k3seal/${version}`)
  const local = localSource()
  return { open: (wanted) => (wanted.url.startsWith('file:') ? local : http).open(wanted) }
}

function ownChecksums(path: string, cwd: string): OwnChecksums {
  const text = readText(resolve(cwd, path))
  if (text === undefined)
    throw new UserError('does not exist', { at: path, fix: 'see what --checksums names' })
  const checksums = parseChecksums(text)
  const [fault] = checksums.faults
  if (fault !== undefined)
    throw new UserError(fault.message, {
      at: `${path}:${fault.line}:1`,
      fix: 'write lines as sha256sum does: the sum, two spaces, the name of the file',
    })
  return { path, checksums }
}

/** Says what is missing; throws where nodes need it. */
function report({ files, missed }: Fetched, say: (text: string) => void): void {
  const told = ({ artefact: { asset }, url, message, fix }: MissedFile): string =>
    `${asset} (${url}): ${message}\n  cure: ${fix}`
  for (const spare of missed.filter(({ isSpare }) => isSpare)) say(`warning: left out ${told(spare)}`)
  const needed = missed.filter(({ isSpare }) => !isSpare)
  const [only, ...others] = needed
  if (only === undefined) {
    say(`All ${files.length} files are there.`)
    return
  }
  const kept = ['', '; 1 other is there'][files.length] ?? `; ${files.length} others are there`
  if (others.length === 0)
    throw new UserError(`${only.artefact.asset} (${only.url}): ${only.message}${kept}`, { fix: only.fix })
  for (const file of needed) say(told(file))
  const names = needed.map(({ artefact: { asset } }) => asset).join(', ')
  throw new UserError(`${needed.length} files could not be had: ${names}${kept}`, {
    fix: 'put right what is listed above, and run it again',
  })
}
