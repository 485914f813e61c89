import { resolve } from 'node:path'
import { Command } from 'commander'
import { verificationJson, verificationText } from '../../airgap/verify/report.ts'
import { verifyBundle } from '../../airgap/verify/verify.ts'
import { UserError } from '../../errors.ts'
import { pathKind } from '../../io/files.ts'
import type { ExitStatus, Session } from '../session.ts'
import { type PlanOptions, planOptions, readPlan } from './inventory.ts'
import { readBundleFiles } from './verifyFiles.ts'

interface Options extends PlanOptions {
  readonly json?: true
}

/** `k3seal airgap verify DIR`: whether the files of a bundle bring the nodes to a start. Reads, and asks nobody. */
export function verifyCommand(session: Session, setStatus: (status: ExitStatus) => void): Command {
  return planOptions(
    new Command('verify')
      .description('check the files of a bundle, offline, against each other and an inventory')
      .argument('<DIR>', 'the directory of the bundle: airgap_dir, or where airgap unpack put it'),
  )
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExit status: 0 without problems, 1 with problems, 2 wrong use. Without -i the files are\ncompared with each other alone. Nothing in DIR is run, changed or sent anywhere.',
    )
    .action(async (named: string, options: Options) => {
      const directory = resolve(session.cwd, named)
      const kind = pathKind(directory)
      if (kind !== 'directory')
        throw new UserError(kind === 'absent' ? 'does not exist' : 'is no directory', {
          at: named,
          fix:
            kind === 'file'
              ? 'unpack an archive first: k3seal airgap unpack'
              : 'name the directory of the bundle',
        })
      const plan = asksForNodes(options) ? await readPlan(session, options) : undefined
      const found = verifyBundle({ ...(await readBundleFiles(session, directory)), directory, plan })
      session.stdout.write(
        options.json ? verificationJson(found) : verificationText(found, plan?.nodes.length ?? 0),
      )
      if (found.problems.length > 0) setStatus(1)
    })
}

/** Without an inventory the other options have nothing to say anything of. */
function asksForNodes({ inventory, ...others }: Options): boolean {
  if (inventory !== undefined) return true
  const [given] = (['facts', 'k3sVersion', 'arch', 'selinux'] as const).filter(
    (name) => others[name] !== undefined,
  )
  if (given === undefined) return false
  const options = { facts: '--facts', k3sVersion: '--k3s-version', arch: '--arch', selinux: '--selinux' }
  throw new UserError(`${options[given]} is of use with an inventory only`, { fix: 'name it with -i' })
}
