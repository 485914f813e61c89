import type { Readable, Writable } from 'node:stream'

/**
 * What a command may know of the process it runs in. `cli.ts` makes the real one, tests make their own;
 * no command reads `process`.
 */
export interface Session {
  /** Absolute. */
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly stdin: Readable
  /** Only what was asked for: tokens, reports, file lists. */
  readonly stdout: Writable
  /** Everything else: progress, questions, warnings. */
  readonly stderr: Writable
  /** Whether a person can be asked: standard input and standard error are terminals, `CI` and `--no-input` are off. */
  readonly interactive: boolean
  /** Whether standard error takes colours (NO_COLOR, FORCE_COLOR, TERM=dumb and the terminal are heeded). */
  readonly color: boolean
  /** Where results may be kept, and what tells this program from another one that keeps its own there. */
  readonly cache?: { readonly directory: string; readonly build: string } | undefined
}

/** 0 fine, 1 findings, 2 wrong use or unusable input, 3 k3seal broke, 130 interrupted. */
export type ExitStatus = 0 | 1 | 2 | 3 | 130
