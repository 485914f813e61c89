import type { Readable, Writable } from 'node:stream'
import { Secret } from '../secret.ts'

export interface ExecResult {
  /** `undefined` where a signal ended it. */
  readonly exitCode: number | undefined
  readonly stdout: Secret
  readonly stderr: string
}

export interface ExecOptions {
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** Written to standard input; without it the child reads nothing. */
  readonly input?: Secret
  /** Instead of `input`: what is too large for memory, and no secret. */
  readonly source?: Readable
  /** Streams of our own that the child uses: for programs that ask the user. What it says on `stderr` is not in the result then. */
  readonly inherit?: readonly ('stdin' | 'stderr')[]
  /** In milliseconds. */
  readonly timeout?: number
}

/**
 * Runs a program without a shell. Its standard output may be a password, so it comes back as a `Secret`.
 * Throws only where the program can't be started (`ENOENT`, `EACCES`, …): Node's own error, `code` set.
 */
export async function exec(
  file: string,
  args: readonly string[],
  { cwd, env, input, source, inherit = [], timeout }: ExecOptions,
): Promise<ExecResult> {
  const { execa } = await import('execa')
  const result = await execa(file, args, {
    cwd,
    env: { ...env },
    extendEnv: false,
    encoding: 'buffer',
    reject: false,
    stripFinalNewline: false,
    ...(input !== undefined
      ? { input: input.revealBytes() }
      : source !== undefined
        ? { input: source }
        : { stdin: inherit.includes('stdin') ? ('inherit' as const) : ('ignore' as const) }),
    ...(inherit.includes('stderr') ? { stderr: 'inherit' as const } : {}),
    ...(timeout === undefined ? {} : { timeout }),
  })
  if (result.exitCode === undefined && result.signal === undefined && result.cause !== undefined)
    throw result.cause
  return {
    exitCode: result.exitCode,
    stdout: new Secret(result.stdout as Uint8Array),
    stderr: Buffer.from((result.stderr as Uint8Array | undefined) ?? []).toString('utf8'),
  }
}

/** A running program that turns what is written to `input` into what is read from `output`. */
export interface Filter {
  readonly input: Writable
  readonly output: Readable
  /** Fulfilled when it has ended, also where it can't be started; `exitCode` 0: all went well. */
  readonly ended: Promise<{ readonly exitCode: number | undefined; readonly stderr: string }>
  stop(): void
}

/** Starts a program without a shell as a filter, for more bytes than memory should hold. `exec` is for all else. */
export async function startFilter(
  file: string,
  args: readonly string[],
  { cwd, env }: Pick<ExecOptions, 'cwd' | 'env'>,
): Promise<Filter> {
  const { execa } = await import('execa')
  const child = execa(file, args, {
    cwd,
    env: { ...env },
    extendEnv: false,
    reject: false,
    buffer: { stdout: false, stderr: true },
    stdin: 'pipe',
    encoding: 'buffer',
  })
  const ended = child.then((result) => ({
    exitCode: result.exitCode,
    stderr: Buffer.from((result.stderr as Uint8Array | undefined) ?? []).toString('utf8'),
  }))
  return { input: child.stdin, output: child.stdout, ended, stop: () => child.kill() }
}
