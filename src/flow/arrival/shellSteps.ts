import type { Atoms, Hop } from '../atoms.ts'
import type { PaperFile, PaperFiles } from '../files.ts'
import { Remembered } from '../remembered.ts'
import { Unknown } from '../unknown.ts'
import { hopSource, type Letters, lettersOf, markedText, paperSource, type Source } from './letters.ts'
import { fileAt } from './paths.ts'
import { expandedWord, programWords } from './programWords.ts'
import { type Opening, type RunStep, type ShellOutput, ShellRun, type Status } from './shellRun.ts'

/** A program that a shell text runs. */
export interface ShellStep {
  /** Marked, the program first; a word that is not known is one unknown atom. */
  readonly words: readonly string[]
  /** Whether nothing is left of one of its words as they are written: it gives no setting either way, or is an empty variable. */
  readonly lacksWord: boolean
  /** What the program gets: the environment of the shell, what was exported before, and its own assignments. */
  readonly environment: ReadonlyMap<string, string | Unknown>
  /** What may have set variables that are not in it, and is not known itself. */
  readonly opening: Opening | undefined
  /** Assignments in front of the program. */
  readonly assigned: ReadonlyMap<string, string>
  /** The step whose output it reads: `curl … | sh`. */
  readonly input: ShellStep | undefined
  /** Whether another program reads what it prints. */
  readonly isPiped: boolean
  /** Text that it reads: a here-document. */
  readonly document: string | undefined
  /** The file that it reads: `<FILE`. */
  readonly reads: string | undefined
  /** The file that what it prints goes to. */
  readonly output: ShellOutput<string> | undefined
  /**
   * Whether it depends on something that isn't known: a test or a question like `grep -q` before `&&` or `if`, any
   * program before `||`, a loop. That programs succeed is taken for granted.
   */
  readonly isConditional: boolean
  /** Offsets in the marked text as given; of a step inside of `sh -c '…'`, too. */
  readonly start: number
  readonly end: number
}

/**
 * The programs that `sh` would run, in order, those inside of `sh -c '…'` behind the `sh` itself. What can't be followed
 * is left out or unknown; it never throws. With `files`, `$(cat FILE)` and sourced files are read.
 */
export function shellSteps(
  marked: string,
  environment: ReadonlyMap<string, string | Unknown>,
  hop: Hop,
  atoms: Atoms,
  files?: PaperFiles,
): readonly ShellStep[] {
  const read = (from: PaperFiles): Read => {
    let readsFiles = false
    const steps = stepsOf(
      environment,
      hop,
      atoms,
      (path) => {
        readsFiles = true
        return fileAt(from, path)
      },
      (run) => run.run(textLetters(marked, hopSource('the shell text', [hop]), atoms)),
    )
    return { steps, readsFiles }
  }
  const given = [...environment]
  // An unknown value is more than its words.
  if (given.some(([, value]) => value instanceof Unknown)) return read(files ?? new Map()).steps
  const { steps, readsFiles } = known.get(atoms, [marked, given, hop], () => read(new Map()))
  return readsFiles && files !== undefined ? read(files).steps : steps
}

interface Read {
  readonly steps: readonly ShellStep[]
  /** Whether they depend on files of the node. */
  readonly readsFiles: boolean
}

const known = new Remembered<Read>()

/** A text that a shell reads, with all that is a word there. */
const textLetters = (marked: string, source: Source, atoms: Atoms): Letters =>
  lettersOf(marked, source, atoms, () => false)

/**
 * As `shellSteps`, of a program that `command` starts without a shell: its text, or its words where they are listed.
 * https://docs.ansible.com/ansible/latest/collections/ansible/builtin/command_module.html
 */
export function programSteps(
  program: Program,
  environment: ReadonlyMap<string, string | Unknown>,
  hop: Hop,
  atoms: Atoms,
): readonly ShellStep[] {
  return stepsOf(environment, hop, atoms, () => undefined, starting(program, hop, atoms))
}

/** A program that is started without a shell: its text, or its words where they are listed; whether variables in them are expanded. */
export interface Program {
  readonly words: string | readonly string[]
  readonly expands: boolean
}

const starting =
  ({ words, expands }: Program, hop: Hop, atoms: Atoms): Act =>
  (run, letters) => {
    const read = (marked: string): Letters => letters(marked, hopSource('the command', [hop]))
    const whole = typeof words === 'string' ? programWords(read(words)) : words.map(read)
    const expanded = whole.map((word) =>
      expands ? expandedWord(word, (name) => run.variables.get(name), atoms) : word,
    )
    return expanded.length > 0 ? run.start(expanded) : undefined
  }

/** A script that a shell is told to run: its path, and what `$1` and the others are. */
export interface Script {
  readonly path: string
  readonly file: PaperFile
  /** Marked. */
  readonly args: readonly string[]
}

/** As `shellSteps`, of a script. */
export function scriptSteps(
  { path, file, args }: Script,
  environment: ReadonlyMap<string, string | Unknown>,
  hop: Hop,
  atoms: Atoms,
  files: PaperFiles,
): readonly ShellStep[] {
  const { content } = file
  if (typeof content !== 'string') return []
  return stepsOf(
    environment,
    hop,
    atoms,
    (path) => fileAt(files, path),
    (run, letters) => {
      run.positional = args.map((arg) => letters(arg, hopSource('the arguments', [hop])))
      return run.run(textLetters(content, paperSource(path, file), atoms))
    },
  )
}

/** Starts a run on a text, which it reads with `letters`. Returns what it ends with. */
type Act = (run: ShellRun, letters: (marked: string, source: Source) => Letters) => Status

function stepsOf(
  environment: ReadonlyMap<string, string | Unknown>,
  hop: Hop,
  atoms: Atoms,
  file: ShellNode['file'],
  act: Act,
): readonly ShellStep[] {
  const steps: ShellStep[] = []
  const node: ShellNode = {
    // Where a relative one begins is not known here.
    file: (path) => (path.startsWith('/') ? file(path) : undefined),
    exists: (path) => (file(path) === undefined ? undefined : true),
    ran: (step) => {
      steps.push(step)
      return undefined
    },
  }
  running(environment, hop, atoms, node, act)
  return steps
}

/** The node that a shell text runs on. */
export interface ShellNode {
  file(path: string): ReturnType<typeof fileAt>
  exists(path: string): boolean | undefined
  /** Does what a program does, as the text comes to it; its exit status where that is certain. */
  ran(step: ShellStep): number | undefined
  forked?(): () => void
}

/** Runs a shell text: what its programs end with decides which come next. Returns what it ends with. */
export function runShell(
  marked: string,
  environment: ReadonlyMap<string, string | Unknown>,
  hop: Hop,
  atoms: Atoms,
  node: ShellNode,
): Status {
  return running(environment, hop, atoms, node, (run) =>
    run.run(textLetters(marked, hopSource('the shell text', [hop]), atoms)),
  )
}

/** Runs a program without a shell. Returns what it ends with. */
export function runProgram(
  program: Program,
  environment: ReadonlyMap<string, string | Unknown>,
  hop: Hop,
  atoms: Atoms,
  node: ShellNode,
): Status {
  return running(environment, hop, atoms, node, starting(program, hop, atoms))
}

function running(
  environment: ReadonlyMap<string, string | Unknown>,
  hop: Hop,
  atoms: Atoms,
  node: ShellNode,
  act: Act,
): Status {
  const letters = (marked: string, source: Source): Letters => lettersOf(marked, source, atoms)
  const unknown = new Map<string, Unknown>()
  const made = new Map<RunStep, ShellStep>()
  const text = (letters: Letters): string => markedText(letters, hop, atoms)
  const place = ({ text: whole }: RunStep, offset: number): number => whole.originAt(offset)?.at ?? 0
  // A mark has two units.
  const behind = ({ text: whole }: RunStep, offset: number): number => {
    const last = whole.originAt(offset - 1)
    return (last?.at ?? 0) + (last?.of.atom === undefined ? 1 : 2)
  }
  const shown = (step: RunStep): ShellStep => ({
    words: step.words.map(text),
    lacksWord: step.lacksWord,
    environment: new Map(
      [...step.environment].map(([name, value]) => {
        const marks = text(value)
        return [name, unknown.get(marks) ?? marks]
      }),
    ),
    opening: step.opening,
    assigned: new Map([...step.assigned].map(([name, value]) => [name, text(value)])),
    input: step.input === undefined ? undefined : made.get(step.input),
    isPiped: step.isPiped,
    document: step.document === undefined ? undefined : text(step.document),
    reads: step.reads === undefined ? undefined : text(step.reads),
    output: step.output === undefined ? undefined : { ...step.output, path: text(step.output.path) },
    isConditional: step.isConditional,
    start: place(step, step.start),
    end: behind(step, step.end),
  })
  const run = new ShellRun(atoms, {
    content: (path) => {
      const found = node.file(path)
      return found !== undefined && typeof found.file.content === 'string'
        ? lettersOf(found.file.content, paperSource(found.path, found.file), atoms)
        : undefined
    },
    exists: (path) => node.exists(path),
    forked: () => node.forked?.() ?? (() => {}),
    ran: (step) => {
      const own = shown(step)
      made.set(step, own)
      return node.ran(own)
    },
  })
  for (const [name, value] of environment) {
    const marks = typeof value === 'string' ? value : atoms.mark(unknownAtom(value, atoms))
    if (value instanceof Unknown) unknown.set(marks, value)
    run.variables.set(name, letters(marks, hopSource(`the environment ${name}`, [hop])))
    run.exported.add(name)
  }
  return act(run, letters)
}

/** An unknown value as a piece of text. */
export function unknownAtom(value: Unknown, atoms: Atoms): ReturnType<Atoms['root']> {
  const { what, why } = value
  return atoms.root(`unknown ${what}`, { kind: 'unknown', what, why })
}
