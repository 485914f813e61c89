import { commands } from './commands/index.ts'
import type { ExitStatus, Session } from './commands/session.ts'
import { Interrupted, UserError } from './errors.ts'
import { cacheDirectory } from './io/cache.ts'
import { hostPlatform } from './io/host.ts'
import { isTerminal, output } from './io/output.ts'
import { build, version } from './version.ts'

const [, , ...args] = process.argv
/** Whether Node was asked for a stream, which may still hold what was written to it. */
let isStreaming = false
const streamed = (stream: NodeJS.WriteStream): NodeJS.WriteStream => {
  isStreaming = true
  return stream
}
const errors = () => streamed(process.stderr)
let stdout: Session['stdout'] | undefined
let stderr: Session['stderr'] | undefined

const USAGE = `Usage: k3seal [command] [options]

Makes, seals, delivers and follows the join token of K3s clusters that are run with Ansible.

  k3seal                       ask, show every file as a diff, then write
  k3seal init site --answers answers.yml --yes
  k3seal lint
  k3seal token new

Commands:
${commands.map(({ name, summary }) => `  ${name.padEnd(10)} ${summary}`).join('\n')}

  k3seal COMMAND --help        the options of a command
  k3seal --version             the version

Exit status: 0 fine, 1 findings, 2 wrong use or an input that can't be used, 3 k3seal broke, 130 interrupted.
`

void main().then((status) => {
  process.exitCode = status
  // Nothing is left to do or to write: what V8 and Node would clear away costs a hook a tenth of its time.
  if (!isStreaming) process.exit()
})

async function main(): Promise<ExitStatus> {
  const [first] = args
  if (first === '--version' || first === '-V') {
    toStdout().write(`${version}\n`)
    return 0
  }
  if (first === '--help' || first === '-h' || first === 'help') {
    toStdout().write(USAGE)
    return 0
  }
  try {
    return await run(first)
  } catch (error) {
    return report(error)
  }
}

async function run(first: string | undefined): Promise<ExitStatus> {
  const named = commands.find(({ name }) => name === first)
  if (first !== undefined && !first.startsWith('-') && named === undefined) {
    const { suggestion } = await import('./suggestion.ts')
    throw new UserError(`there is no command ${first}`, {
      fix: suggestion(
        first,
        commands.map(({ name }) => name),
      ),
    })
  }
  const entry = named ?? commands.find(({ name }) => name === 'init')
  if (entry === undefined) throw new Error('the command table has no init')
  const { command } = await entry.load()
  let status: ExitStatus = 0
  const own = session()
  const program = command(own, (set) => {
    status = set
  })
  const { parse } = await import('./commands/parse.ts')
  const parsed = await parse(program, named === undefined ? args : args.slice(1), own)
  return parsed ?? status
}

function session(): Session {
  const { env } = process
  return {
    cwd: process.cwd(),
    env,
    get stdin() {
      return process.stdin
    },
    get stdout() {
      return toStdout()
    },
    get stderr() {
      return toStderr()
    },
    get interactive() {
      return isTerminal(2, errors) && process.stdin.isTTY && (env.CI ?? '') === ''
    },
    color: isTerminal(2, errors) ? !env.NO_COLOR && env.TERM !== 'dumb' : Boolean(env.FORCE_COLOR),
    get cache() {
      const directory = cacheDirectory(env, hostPlatform)
      return directory === undefined || build === undefined ? undefined : { directory, build }
    },
  }
}

function report(error: unknown): ExitStatus {
  if (error instanceof Interrupted) return 130
  if (error instanceof UserError) {
    const place = error.at === undefined ? '' : `${error.at}: `
    toStderr().write(`k3seal: ${place}${error.message}\n  cure: ${error.fix}\n`)
    return 2
  }
  const shown = error instanceof Error ? (error.stack ?? error.message) : String(error)
  toStderr().write(
    `k3seal broke; this is a defect in k3seal ${version}, not in your files. Please report what follows.\n${shown}\n`,
  )
  return 3
}

function toStdout(): Session['stdout'] {
  stdout ??= output(1, () => streamed(process.stdout), ended)
  return stdout
}

function toStderr(): Session['stderr'] {
  stderr ??= output(2, errors, ({ code }) => process.exit(code === 'EPIPE' ? 0 : 2))
  return stderr
}

/** `k3seal … | head` closes our output early; that is no fault of anybody's. */
function ended({ code, message }: NodeJS.ErrnoException): never {
  if (code === 'EPIPE') process.exit(0)
  toStderr().write(`k3seal: standard output can't be written: ${message}\n  cure: free some disk space\n`)
  process.exit(2)
}
