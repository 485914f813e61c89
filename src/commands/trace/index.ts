import { Command, Option } from 'commander'
import { collect, list } from '../parse.ts'
import type { ExitStatus, Session } from '../session.ts'
import { formats, type TraceFlags } from './flags.ts'
import { runTrace } from './run.ts'
import { scenarioWords } from './scenarios.ts'

/** `k3seal trace`: the way of the token to each node, hop by hop, in each scenario. */
export function command(session: Session, setStatus: (status: ExitStatus) => void): Command {
  return new Command('trace')
    .description('show the way of the join token to each node, hop by hop, in each scenario')
    .argument('[path]', 'a project or a role (directory), or one playbook', '.')
    .addOption(
      new Option('-f, --format <FORMAT>', 'how to show it; mermaid: a flowchart for each playbook')
        .choices(formats)
        .default('text'),
    )
    .option('-o, --output <FILE>', 'where it goes instead of standard output')
    .option(
      '-i, --inventory <PATH>',
      'as for ansible-playbook, instead of the inventories found; again for more',
      collect,
    )
    .option('--playbook <FILE>', 'only this playbook; again for more', collect)
    .option('--host <HOST>', 'only this host; again for more', collect)
    .option('--scenario <WORDS>', `only scenarios that are so: ${scenarioWords.join(', ')}`, list)
    .option('-c, --config <FILE>', 'instead of the nearest .k3seal.yml')
    .option('--show-unknown', 'also what could not be followed')
    .option('--no-color', 'without colours')
    .addHelpText(
      'after',
      '\ntrace shows, lint judges: the exit status is 0 whatever arrives, and 2 for wrong use. No value of a token is ever shown.',
    )
    .action(async (path: string, flags: TraceFlags) => {
      await runTrace(session, path, flags)
      setStatus(0)
    })
}
