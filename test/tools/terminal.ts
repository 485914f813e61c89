import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { requirePeer } from './peers.ts'

export interface TerminalOptions {
  readonly cwd: string
  readonly env?: Readonly<Record<string, string>>
  /** In columns and lines. */
  readonly width?: number
  readonly height?: number
}

/** A command in a real pseudo-terminal, which tmux emulates: what it shows is what a person would see. */
export class Terminal {
  readonly #server: string
  readonly #home: string
  readonly #socket: string

  /** `command` is for `sh`. The environment holds `env` and what a shell needs, and nothing of the test's own. */
  constructor(command: string, { cwd, env = {}, width = 80, height = 50 }: TerminalOptions) {
    this.#home = mkdtempSync(join(tmpdir(), 'k3seal-tty-'))
    this.#socket = join(this.#home, 'tmux')
    this.#server = requirePeer('tmux')
    const script = join(this.#home, 'run.sh')
    const given = {
      PATH: process.env.PATH ?? '',
      HOME: this.#home,
      LC_ALL: 'C.UTF-8',
      TERM: 'screen-256color',
      ...env,
    }
    const variables = Object.entries(given).map(
      ([name, value]) => `${name}='${value.replaceAll("'", `'\\''`)}'`,
    )
    const inner = join(this.#home, 'command.sh')
    writeFileSync(inner, `echo $$ > ${this.#home}/pid\nexec env -i ${variables.join(' ')} ${command}\n`)
    // Ctrl-C interrupts all that runs in the terminal, and this script has to tell how the command ended.
    writeFileSync(script, `trap : INT\nsh ${inner}\necho "ended with $?"\nexec sleep 1000\n`)
    const size = ['-x', `${width}`, '-y', `${height}`]
    this.#tmux('-f', '/dev/null', 'new-session', '-d', ...size, '-c', cwd, `sh ${script}`)
    this.#tmux('set-option', '-g', 'history-limit', '20000')
  }

  #tmux(...args: readonly string[]): string {
    const { status, stdout, stderr } = spawnSync(this.#server, ['-S', this.#socket, ...args], {
      encoding: 'utf8',
    })
    if (status !== 0) throw new Error(`tmux ${args.join(' ')}: ${stderr}`)
    return stdout
  }

  /** The process of the command, once it shows something. */
  get pid(): number {
    return Number(readFileSync(join(this.#home, 'pid'), 'utf8'))
  }

  /** Types characters as they are. */
  type(text: string): void {
    this.#tmux('send-keys', '-l', text)
  }

  /** Presses keys by tmux's names: `Enter`, `Down`, `C-c`, `BSpace`. */
  press(...keys: readonly string[]): void {
    this.#tmux('send-keys', ...keys)
  }

  /** Pastes a text, line breaks and all, at once. */
  paste(text: string): void {
    this.#tmux('set-buffer', text)
    this.#tmux('paste-buffer', '-d')
  }

  /** What can be seen now, without blank lines at the end. */
  screen(): string {
    return this.#tmux('capture-pane', '-p').trimEnd()
  }

  /** The same with everything that scrolled out at the top, and with the codes of colours where `codes` is set. */
  transcript({ codes = false } = {}): string {
    return this.#tmux('capture-pane', '-p', '-S', '-', ...(codes ? ['-e'] : [])).trimEnd()
  }

  get isCursorVisible(): boolean {
    return this.#tmux('display-message', '-p', '#{cursor_flag}').trim() === '1'
  }

  resize(width: number, height: number): void {
    this.#tmux('resize-window', '-x', `${width}`, '-y', `${height}`)
  }

  /** Waits until the screen has the text. Throws with the screen where it does not come. */
  async shows(text: string | RegExp, timeout = 15_000): Promise<string> {
    const end = Date.now() + timeout
    for (;;) {
      const screen = this.screen()
      if (typeof text === 'string' ? screen.includes(text) : text.test(screen)) return screen
      if (Date.now() > end) throw new Error(`${text} was not shown:\n${screen}`)
      await new Promise((resolve) => setTimeout(resolve, 25))
    }
  }

  /** The status that the command ended with. */
  async status(): Promise<number> {
    const screen = await this.shows(/ended with \d+$/)
    return Number(/ended with (\d+)$/.exec(screen)?.[1])
  }

  /** Ends the terminal, and with it the command, as closing a window does. */
  close(): void {
    spawnSync(this.#server, ['-S', this.#socket, 'kill-server'])
    rmSync(this.#home, { recursive: true, force: true })
  }
}
