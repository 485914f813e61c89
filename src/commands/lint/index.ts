import { Command, Option } from 'commander'
import { failLevels } from '../../lint/finding.ts'
import { collect, list } from '../parse.ts'
import type { ExitStatus, Session } from '../session.ts'
import { formats, type LintFlags } from './flags.ts'
import { runLint } from './run.ts'

/** `k3seal lint`: what is wrong with the way of a token, from the inventory to the service that starts. */
export function command(session: Session, setStatus: (status: ExitStatus) => void): Command {
  return new Command('lint')
    .description(
      'follow the join token through inventory, roles and units, and report where it is lost or leaks',
    )
    .argument('[path...]', 'projects (directories), or files to report within the projects around them', [])
    .addOption(
      new Option('-f, --format <FORMAT>', 'how to report; text, or github under GitHub Actions').choices(
        formats,
      ),
    )
    .option('-o, --output <FILE>', 'where the report goes instead of standard output')
    .option(
      '-i, --inventory <PATH>',
      'as for ansible-playbook, instead of the inventories found; again for more',
      collect,
    )
    .option('--select <IDS>', 'only rules whose ids begin so: a,b', list)
    .option('--ignore <IDS>', 'all but the rules whose ids begin so', list)
    .addOption(
      new Option('--fail-on <LEVEL>', 'exit with 1 from this severity on (default: warning)').choices(
        failLevels,
      ),
    )
    .option('--exit-zero', 'exit with 0 whatever is found')
    .option('--exclude <GLOB>', 'pass over what this gitignore pattern takes; again for more', collect)
    .option('--force-exclude', 'also where files are named')
    .option('-c, --config <FILE>', 'instead of the nearest .k3seal.yml')
    .option('--baseline <FILE>', 'report only what is not in this file')
    .option('--update-baseline', 'write what is found now to the baseline')
    .option('--fix', 'put right what can be put right safely')
    .option('--fix-dry-run', 'show what --fix would change')
    .option('--stdin-filename <FILE>', 'read the text of this file from standard input')
    .option('--show-unknown', 'also what could not be followed')
    .option('--list-rules', 'the rules, and nothing else')
    .option('-q, --quiet', 'one line for each finding, no summary')
    .option('--no-cache', 'work everything out anew, and keep nothing')
    .option('--no-color', 'without colours')
    .addHelpText(
      'after',
      '\nNeither Python nor a vault password is needed. Exit status: 0 nothing found, 1 findings, 2 wrong use.',
    )
    .action(async (paths: readonly string[], flags: LintFlags) => {
      setStatus(await runLint(session, paths, flags))
    })
}
