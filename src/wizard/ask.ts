import type { Status } from '@inquirer/core'
import { Interrupted } from '../errors.ts'
import { Secret } from '../secret.ts'
import { type Entry, entryView, submitted } from './entry.ts'
import { marksOf, paint, type Screen, screenOf, type Terminal, wrap } from './screen.ts'

export interface Choice<T> {
  readonly value: T
  readonly name: string
  /** Shown while the choice is the active one. */
  readonly description?: string
}

/**
 * Asks a person. Every function throws `Interrupted` on Ctrl-C, Ctrl-D and a closed terminal;
 * the terminal is as it was before by then.
 */
export interface Asker {
  readonly screen: Screen
  /** A typed line, trimmed. */
  line(entry: Entry): Promise<string>
  /** Typed lines, trimmed; never a preset with others. */
  lines(entry: Entry): Promise<readonly string[]>
  choose<T>(question: {
    readonly message: string
    readonly explanation: string
    readonly choices: readonly Choice<T>[]
    readonly preset?: T
  }): Promise<T>
  yes(question: {
    readonly message: string
    readonly explanation: string
    readonly preset: boolean
  }): Promise<boolean>
  /** Typed blindly. `problem` may not quote what it is given. */
  secret(question: {
    readonly message: string
    readonly explanation?: string
    readonly problem?: (value: Secret) => string | undefined
  }): Promise<Secret>
  say(text: string): void
}

/** One secret from the terminal: for commands that have no other question. */
export function askSecret(message: string, terminal: Terminal): Promise<Secret> {
  return terminalAsker(terminal).secret({
    message,
    problem: (value) => (value.isEmpty ? 'nothing was typed' : undefined),
  })
}

export function terminalAsker(terminal: Terminal): Asker {
  const look = () => screenOf(terminal)
  return {
    get screen() {
      return look()
    },
    async line(entry) {
      const [line = ''] = await prompt<readonly string[]>(terminal, {
        type: 'entry',
        message: entry.message,
        entry,
      })
      return line
    },
    lines: (entry) =>
      prompt(terminal, { type: 'entry', message: entry.message, entry: { ...entry, many: true } }),
    choose: ({ message, explanation, choices, preset }) =>
      prompt(terminal, {
        type: 'select',
        message,
        choices: choices.map(({ value, name, description }) => ({
          value,
          name,
          ...(description === undefined ? {} : { description: wrap(description, look().width - 1, '  ') }),
        })),
        ...(preset === undefined ? {} : { default: preset }),
        pageSize: 10,
        loop: false,
        theme: theme(look(), explanation, false),
      }),
    yes: ({ message, explanation, preset }) =>
      prompt(terminal, {
        type: 'confirm',
        message,
        default: preset,
        theme: theme(look(), explanation, true),
      }),
    async secret({ message, explanation, problem }) {
      const typed = await prompt<string>(terminal, {
        type: 'password',
        message,
        mask: '*',
        toggleMask: false,
        validate: (value: string) => problem?.(new Secret(value)) ?? true,
        theme: {
          ...theme(look(), explanation, true),
          style: {
            ...theme(look(), explanation, true).style,
            answer: () => paint(look(), 'dim', '[secret, not shown]'),
          },
        },
      })
      return new Secret(typed)
    },
    say(text) {
      terminal.stderr.write(`${text}\n`)
    },
  }
}

/**
 * inquirer colours whatever the terminal is; this theme heeds `Screen`, shows an explanation under the question
 * and folds it up once the question is answered. `pointer`: the answer is typed, on a line of its own.
 */
function theme(screen: Screen, explanation: string | undefined, pointer: boolean) {
  const marks = marksOf(screen)
  const below =
    explanation === undefined
      ? ''
      : `\n${paint(screen, 'dim', wrap(explanation, screen.width - 1, '  '))}${pointer ? `\n${paint(screen, 'cyan', marks.pointer)}` : ''}`
  const dim = (text: string) => paint(screen, 'dim', text)
  const cyan = (text: string) => paint(screen, 'cyan', text)
  return {
    prefix: { idle: cyan('?'), done: paint(screen, 'green', marks.done) },
    icon: { cursor: marks.pointer },
    style: {
      answer: cyan,
      message: (text: string, status: Status) =>
        paint(screen, 'bold', text) + (status === 'done' ? '' : below),
      error: (text: string) => paint(screen, 'red', `${marks.wrong} ${text}`),
      defaultAnswer: (text: string) => dim(`(${text})`),
      help: dim,
      highlight: cyan,
      description: dim,
      disabled: dim,
      keysHelpTip: () => dim(screen.unicode ? '  ↑↓ move · Enter choose' : '  arrows move, Enter chooses'),
    },
  }
}

/** Runs one prompt of inquirer's and gives its answer. */
async function prompt<T>(terminal: Terminal, question: Record<string, unknown>): Promise<T> {
  const { default: inquirer } = await import('inquirer')
  const leave = new AbortController()
  const { stdin } = terminal
  // inquirer answers neither to Ctrl-D nor to a terminal that went away: its promise would stay open for ever.
  const closed = () => leave.abort()
  const key = (_: unknown, pressed: { name?: string; ctrl?: boolean } | undefined) => {
    if (pressed?.ctrl && pressed.name === 'd')
      setImmediate(() => {
        if (stdin.isPaused()) leave.abort()
      })
  }
  stdin.on('keypress', key)
  stdin.once('end', closed)
  stdin.once('close', closed)
  try {
    const ask = inquirer.createPromptModule({
      input: stdin,
      output: terminal.stderr,
      signal: leave.signal,
    })
    ask.registerPrompt('entry', await entryPrompt(terminal))
    const answers = (await ask([{ ...question, name: 'answer' } as never])) as { answer: T }
    return answers.answer
  } catch (error) {
    const { name } = error as Error
    if (name === 'ExitPromptError' || name === 'AbortPromptError') throw new Interrupted()
    throw error
  } finally {
    stdin.removeListener('keypress', key)
    stdin.removeListener('end', closed)
    stdin.removeListener('close', closed)
  }
}

/** inquirer's own input looks at an answer only after Enter; this prompt does on every key, and takes several lines. */
async function entryPrompt(terminal: Terminal) {
  const { createPrompt, isBackspaceKey, isEnterKey, isTabKey, useKeypress, useState } = await import(
    '@inquirer/core'
  )
  return createPrompt<readonly string[], { entry: Entry }>(({ entry }, done) => {
    const [line, setLine] = useState('')
    const [entries, setEntries] = useState<readonly string[]>(entry.initial ?? [])
    const [stage, setStage] = useState<'asking' | 'done'>('asking')
    const [refused, setRefused] = useState(false)
    useKeypress((key, rl) => {
      if (stage === 'done') return
      if (isEnterKey(key)) {
        const answer = submitted(entry, { line, entries })
        const problem = entry.problem(answer, entries)
        if (problem !== undefined) {
          // Enter emptied the line; what was typed comes back to be mended.
          rl.write(line)
          setRefused(true)
          return
        }
        const ends = !entry.many || line.trim() === ''
        const all = answer === '' ? entries : [...entries, answer]
        setEntries(all)
        setLine(entry.many || !ends ? '' : answer)
        if (!ends) return
        setStage('done')
        done(entry.many ? all : [answer])
      } else if (isTabKey(key)) {
        const text = line === '' ? (entry.preset ?? '') : line
        rl.clearLine(0)
        rl.write(text)
        setLine(text)
      } else if (isBackspaceKey(key) && line === '' && entries.length > 0) {
        const last = entries.at(-1) ?? ''
        setEntries(entries.slice(0, -1))
        rl.write(last)
        setLine(last)
      } else {
        setLine(rl.line)
        setRefused(false)
      }
    })
    return entryView(entry, { line, entries, stage, refused }, screenOf(terminal))
  })
}
