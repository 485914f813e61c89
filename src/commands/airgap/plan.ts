import { Command } from 'commander'
import { planJson, planText } from '../../airgap/plan/report.ts'
import type { ExitStatus, Session } from '../session.ts'
import { type PlanOptions, planOptions, readPlan } from './inventory.ts'

interface Options extends PlanOptions {
  readonly json?: true
}

/** `k3seal airgap plan`: the files that the nodes of an inventory need, and where each comes from and goes. */
export function planCommand(session: Session, _setStatus: (status: ExitStatus) => void): Command {
  return planOptions(new Command('plan').description('list the files that the nodes of an inventory need'))
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nNo vault password is needed. What neither inventory nor facts tell is assumed, and named as such.',
    )
    .action(async (options: Options) => {
      const plan = await readPlan(session, options)
      session.stdout.write(options.json ? planJson(plan) : planText(plan))
    })
}
