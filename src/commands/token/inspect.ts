import { resolve } from 'node:path'
import { Command } from 'commander'
import { UserError } from '../../errors.ts'
import { readBytes } from '../../io/files.ts'
import type { Secret } from '../../secret.ts'
import { caHashOf } from '../../token/caHash.ts'
import { inspectToken } from '../../token/inspect.ts'
import { inspectionJson, inspectionText } from '../../token/report.ts'
import type { ExitStatus, Session } from '../session.ts'
import { isTerminal, readToEnd, tokenFrom, withoutLineBreak } from '../tokenInput.ts'

interface Options {
  readonly ca?: string
  readonly file?: string
  readonly json?: true
  readonly exact?: true
}

export function inspectCommand(session: Session, setStatus: (status: ExitStatus) => void): Command {
  return (
    new Command('inspect')
      .description(
        `Says what a token is, which nodes it serves and how strong it is; never shows it.
The token comes from standard input, from --file, or is asked for; never from the command line.`,
      )
      .usage('[options] < token')
      .option('--ca <file>', "check the token's CA hash against a server's server-ca.crt")
      .option('--file <file>', 'read the token from a file')
      .option('--json', 'print JSON')
      .option('--exact', 'keep a line break at the end instead of taking one off')
      // What else stands on the command line may be a token, so commander may not put it into its own message.
      .argument('[refused...]')
      .allowUnknownOption()
      .addHelpText('after', '\nExit status: 0 usable and strong, 1 findings, 2 wrong use.')
      .action(async (_refused: readonly string[], options: Options, self: Command) => {
        refuseArguments(self.args)
        const ca = options.ca === undefined ? undefined : certificate(session, options.ca)
        const token = await read(session, options)
        const inspection = inspectToken(token, { ca })
        session.stdout.write(options.json ? inspectionJson(inspection) : inspectionText(inspection))
        if (inspection.problems.length > 0) setStatus(1)
      })
  )
}

function refuseArguments(args: readonly string[]): void {
  if (args.length === 0) return
  throw new UserError(
    'inspect takes no token, and no option it does not know, on the command line: every user of the machine can read it there, and the shell keeps it in its history',
    {
      fix: 'pipe the token in, or use --file; if what you gave is in use, take it as seen and make a new one',
    },
  )
}

async function read(session: Session, { file, exact }: Options): Promise<Secret> {
  if (file === undefined && isTerminal(session.stdin)) return ask(session)
  const bytes = file === undefined ? await readToEnd(session.stdin) : bytesOf(session, file, '--file')
  const from = file === undefined ? 'standard input' : file
  const given = tokenFrom(bytes, from)
  if (exact) return given
  const token = withoutLineBreak(given)
  if (token.reveal() !== token.reveal().trim())
    session.stderr.write(
      `white space around the token in ${from} is kept, all but one line break at the end: K3s keeps it in K3S_TOKEN, too\n`,
    )
  return token
}

async function ask(session: Session): Promise<Secret> {
  if (!session.interactive)
    throw new UserError('there is no token on standard input, and nobody to ask', {
      fix: 'pipe the token in, or use --file',
    })
  const { askSecret } = await import('../../wizard/ask.ts')
  return askSecret('Token', session)
}

function certificate(session: Session, path: string): Buffer {
  const bytes = bytesOf(session, path, '--ca')
  let found: unknown
  try {
    found = caHashOf(bytes)
  } catch (cause) {
    throw new UserError('holds a damaged certificate', {
      at: path,
      fix: 'copy it again from a server: /var/lib/rancher/k3s/server/tls/server-ca.crt',
      cause,
    })
  }
  if (found === undefined)
    throw new UserError('holds no certificate in PEM form', {
      at: path,
      fix: 'give the /var/lib/rancher/k3s/server/tls/server-ca.crt',
    })
  return bytes
}

function bytesOf(session: Session, path: string, flag: '--file' | '--ca'): Buffer {
  const bytes = readBytes(resolve(session.cwd, path))
  if (bytes === undefined)
    throw new UserError(`the file that ${flag} names does not exist`, {
      // Behind --file may stand the token itself.
      at: flag === '--ca' ? path : undefined,
      fix: 'give the path of a file',
    })
  return bytes
}
