import { Readable, Writable } from 'node:stream'
import { parentPort } from 'node:worker_threads'
import { command } from '../../src/commands/lint/index.ts'
import { parse } from '../../src/commands/parse.ts'
import type { ExitStatus, Session } from '../../src/commands/session.ts'
import { UserError } from '../../src/errors.ts'
import type { LintAnswer, LintQuestion } from './lintWorker.ts'

/** `k3seal lint` as often as it is asked, in a thread that can be ended whatever it does. */
parentPort?.on('message', async (question: LintQuestion) => {
  parentPort?.postMessage(await lint(question))
})

class Sink extends Writable {
  text = ''

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString()
    done()
  }
}

async function lint({ cwd, args }: LintQuestion): Promise<LintAnswer> {
  const stdout = new Sink()
  const stderr = new Sink()
  const session: Session = {
    cwd,
    env: {},
    stdin: Readable.from([]),
    stdout,
    stderr,
    interactive: false,
    color: false,
  }
  let status: ExitStatus = 0
  let broke: string | undefined
  try {
    const program = command(session, (set) => {
      status = set
    })
    status = (await parse(program, args, session)) ?? status
  } catch (error) {
    // As cli.ts does.
    status = error instanceof UserError ? 2 : 3
    if (status === 3) broke = error instanceof Error ? (error.stack ?? error.message) : String(error)
  }
  return { status, output: stdout.text + stderr.text, broke }
}
