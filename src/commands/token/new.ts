import { basename, dirname, resolve } from 'node:path'
import { Command, Option } from 'commander'
import { UserError } from '../../errors.ts'
import { pathKind } from '../../io/files.ts'
import { insideGit } from '../../io/git.ts'
import { writeAll } from '../../io/write.ts'
import { Secret } from '../../secret.ts'
import { type AlphabetName, alphabets, kindRules, type TokenKind } from '../../token/alphabets.ts'
import { newToken, resolved } from '../../token/generate.ts'
import type { Session } from '../session.ts'

const MAX_COUNT = 10_000

interface Options {
  readonly kind: TokenKind
  readonly length?: string
  readonly alphabet?: AlphabetName
  readonly count: string
  readonly out?: string
}

export function newCommand(session: Session): Command {
  return new Command('new')
    .description('Prints a token made from the random source of the system.')
    .addOption(
      new Option('--kind <kind>', 'what it is for').choices(Object.keys(kindRules)).default('server'),
    )
    .option('--length <n>', 'characters (64; microk8s 32; a bootstrap token always has 23)')
    .addOption(
      new Option(
        '--alphabet <name>',
        Object.entries(alphabets)
          .map(([name, { summary }]) => `${name}: ${summary}`)
          .join('; '),
      ).choices(Object.keys(alphabets)),
    )
    .option('--count <n>', 'how many, one a line', '1')
    .option('--out <file>', 'write to a new file, mode 0600, instead of standard output')
    .action((options: Options) => run(session, options))
}

async function run(session: Session, { kind, length, alphabet, count, out }: Options): Promise<void> {
  const wanted = {
    kind,
    alphabet,
    length: length === undefined ? undefined : wholeNumber('--length', length, kindRules[kind].length),
  }
  resolved(kind, wanted)
  const tokens = wholeNumber('--count', count, 1)
  if (tokens < 1 || tokens > MAX_COUNT)
    throw new UserError(`--count is from 1 to ${MAX_COUNT}`, {
      fix: 'a cluster needs one token, or two with an agent token; leave --count out',
    })
  const text = Array.from({ length: tokens }, () => `${newToken(wanted).reveal()}\n`).join('')
  if (out === undefined) session.stdout.write(text)
  else await writeNew(session, resolve(session.cwd, out), new Secret(text))
}

/** `fallback` is what the message recommends. Throws `UserError`. */
function wholeNumber(flag: string, text: string, fallback: number): number {
  if (/^[0-9]{1,9}$/.test(text)) return Number(text)
  throw new UserError(`${flag} wants a whole number`, { fix: `for example ${flag} ${fallback}` })
}

async function writeNew(session: Session, path: string, content: Secret): Promise<void> {
  if (pathKind(path) !== 'absent')
    throw new UserError('is there already, and a token that is in use would be lost with it', {
      at: path,
      fix: 'choose another name, or remove the file yourself',
    })
  if (pathKind(dirname(path)) !== 'directory')
    throw new UserError('its directory does not exist', { at: path, fix: `make ${dirname(path)} first` })
  await writeAll(dirname(path), [{ path, content, mode: 0o600, before: undefined }])
  session.stderr.write(`wrote ${path}, readable for you alone\n`)
  if ((await insideGit(path, session.env)) === 'tracked-or-visible')
    session.stderr.write(`git would take it: put ${basename(path)} into .gitignore\n`)
}
