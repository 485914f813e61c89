import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { build } from 'esbuild'
import type { ExitStatus } from '../../src/commands/session.ts'
import type { Tree } from './mutations.ts'

export interface LintQuestion {
  readonly cwd: string
  readonly args: readonly string[]
}

export interface LintAnswer {
  readonly status: ExitStatus
  readonly output: string
  /** The stack of what was thrown and is no `UserError`. */
  readonly broke: string | undefined
}

const MAX_MS = 10_000
const MAX_MIB = 1024

/** Runs `k3seal lint` in a thread, so that a run that does not end, or wants too much memory, is a fault like any other. */
export class LintWorker {
  readonly #scratch = mkdtempSync(join(tmpdir(), 'k3seal-mutants-'))
  readonly #main = join(this.#scratch, 'main.mjs')
  #worker: Worker | undefined

  async prepare(): Promise<void> {
    await build({
      entryPoints: [join(import.meta.dirname, 'lintWorkerMain.ts')],
      bundle: true,
      platform: 'node',
      format: 'esm',
      outfile: this.#main,
      banner: {
        js: "import { createRequire as __createRequire } from 'node:module';const require = __createRequire(import.meta.url);",
      },
      loader: { '.j2': 'text', '.yml': 'text' },
      external: ['inquirer', '@inquirer/core', 'execa'],
      logLevel: 'error',
    })
  }

  async end(): Promise<void> {
    await this.#worker?.terminate()
    rmSync(this.#scratch, { recursive: true, force: true })
  }

  /** What is wrong with how the lint of a tree went; `undefined`: nothing. `args` may not point outside of it. */
  async faultOf(tree: Tree, args: readonly string[] = []): Promise<string | undefined> {
    const cwd = join(this.#scratch, 'project')
    rmSync(cwd, { recursive: true, force: true })
    plant(cwd, tree)
    const begin = performance.now()
    const answer = await this.#ask({ cwd, args })
    const took = performance.now() - begin
    if (typeof answer === 'string') return `${answer} after ${Math.round(took)} ms`
    if (answer.broke !== undefined) return answer.broke
    if (![0, 1, 2].includes(answer.status)) return `ended with ${answer.status}`
    if (/^ {4}at .*:\d+:\d+\)?$/m.test(answer.output)) return `shows a stack: ${answer.output.slice(0, 1000)}`
    return took > MAX_MS ? `took ${Math.round(took)} ms` : undefined
  }

  async #ask(question: LintQuestion): Promise<LintAnswer | string> {
    this.#worker ??= new Worker(this.#main, { resourceLimits: { maxOldGenerationSizeMb: MAX_MIB } })
    const worker = this.#worker
    return new Promise((resolve) => {
      const drop = (why: string): void => {
        this.#worker = undefined
        settle(why)
        void worker.terminate()
      }
      const fail = (error: Error): void => drop(`ended its thread: ${error.stack ?? error.message}`)
      const timer = setTimeout(() => drop('did not end'), MAX_MS)
      const settle = (answer: LintAnswer | string): void => {
        clearTimeout(timer)
        worker.off('message', settle)
        worker.off('error', fail)
        // What comes after its end is nobody's concern.
        if (this.#worker !== worker) worker.on('error', () => undefined)
        resolve(answer)
      }
      worker.once('error', fail)
      worker.on('message', settle)
      worker.postMessage(question)
    })
  }
}

/** Writes a tree; where two of its paths exclude each other, the first one stands. */
export function plant(directory: string, tree: Tree): void {
  mkdirSync(directory, { recursive: true })
  for (const [path, content] of tree) {
    const file = join(directory, path)
    try {
      mkdirSync(dirname(file), { recursive: true })
      if (typeof content === 'object' && 'link' in content) symlinkSync(content.link, file)
      else writeFileSync(file, content)
    } catch (error) {
      const { code = '' } = error as NodeJS.ErrnoException
      if (!['EEXIST', 'EISDIR', 'ENOTDIR', 'ELOOP'].includes(code)) throw error
    }
  }
}
