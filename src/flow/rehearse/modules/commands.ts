import { List, Omitted } from '../../../ansible/template/values.ts'
import { installer as installerTexts } from '../../../facts/installer.ts'
import type { Span } from '../../../span.ts'
import { behindWrappers } from '../../../syntax/shell/index.ts'
import {
  arrivalAt,
  arrivalOfStep,
  k3sIn,
  type Program,
  programSteps,
  runProgram,
  runShell,
  type Script,
  type ShellNode,
  type ShellStep,
  scriptSteps,
  shellSteps,
  unknownAtom,
} from '../../arrival/index.ts'
import { fileAt, globbed } from '../../arrival/paths.ts'
import type { Carried } from '../../arrival.ts'
import { hasMark } from '../../atoms.ts'
import { type FlowValue, OLD_VERSION } from '../../evaluate/index.ts'
import { heldIn, type PaperFile, type PaperFiles, withFile } from '../../files.ts'
import {
  fileRunBy,
  type InstallerResult,
  installerCallOf,
  isPipedIntoNothing,
  runInstaller,
  runUninstaller,
  tokenGoneAstray,
} from '../../installer.ts'
import type { Event } from '../../rehearsal.ts'
import { broughtBy, Unknown } from '../../unknown.ts'
import { type Call, type Effect, ModuleFails, normalised, Undecided } from '../call.ts'
import { environmentOf } from '../environment.ts'
import { strangeArguments } from '../strangeArguments.ts'
import type { NodeState } from '../world.ts'
import { type CarriedScript, carriedScript } from './carriedScript.ts'
import { startsContainer } from './containers.ts'
import {
  existing,
  fileEvent,
  hasSettings,
  isMissing,
  mayBeMade,
  readBack,
  shown,
  TOKEN_FILE,
  taskRun,
  unknownContent,
  withoutFile,
} from './files.ts'
import { endsLine, generated, isAnotherEachTime } from './generated.ts'
import { writtenMode } from './mode.ts'
import { lacksShell } from './noShell.ts'
import { bringsHelper, isForked, mayBring, ownScriptOf } from './ownScripts.ts'
import { installsPackage, packaged } from './packages.ts'
import { type Answer, probed } from './probes.ts'
import { mayRun, started, startedK3s } from './services.ts'
import { pipeOf, printedBy, type ShellView, teed } from './shellText.ts'
import { transientUnit } from './transient.ts'

/** `command`, `shell`, `raw`, `script`: what matters of the programs that they run. */
export function command(call: Call): Effect {
  const { at, module } = call.task.action
  const isRaw = module === 'raw'
  const strange = strangeArguments(call.task).find((name) => call.value(name) !== undefined)
  if (strange !== undefined) return { failed: `${module} has no argument ${strange}`, changed: false }
  if (isRaw && call.task.action.freeForm === undefined && call.argument('_raw_params') === undefined)
    return { failed: 'raw has no command', changed: false }
  const marked = commandText(call)
  const given = environmentOf(call)
  // It runs its text and nothing else: https://docs.ansible.com/ansible/latest/collections/ansible/builtin/raw_module.html
  const environment: typeof given = isRaw ? new Map() : given
  for (const value of environment.values())
    call.use('environment', value, call.context.environment.at(-1)?.at ?? at)
  if (marked === undefined) {
    call.note('a command that is not known')
    return { result: output(call, undefined, undefined, undefined) }
  }
  const argv = argvOf(call)
  if (argv === undefined)
    call.use('command', marked, call.task.action.freeForm?.at ?? call.argument('cmd')?.at ?? at)
  else for (const { word, at } of argv) call.use('command', word, at)
  const carried = module === 'script' ? carriedScript(call, marked) : undefined
  if (module === 'script' && carried === undefined) {
    call.note('a script that is not known')
    return { node: { isOpen: true }, result: output(call, undefined, undefined, undefined) }
  }
  const isShell = argv === undefined && module !== 'command'
  const started: Started = isShell
    ? { line: carried?.line ?? marked }
    : {
        words: argv?.map(({ word }) => word) ?? marked,
        expands: module === 'command' && call.flag('expand_argument_vars', true) !== false,
      }
  const [creates, removes] = isRaw ? [] : [call.path('creates'), call.path('removes')]
  if (creates !== undefined && isThere(call, creates))
    return { changed: false, result: output(call, '', 0, marked) }
  if (removes !== undefined && !isThere(call, removes))
    return { changed: false, result: output(call, '', 0, marked) }
  return new Steps(call, carried).run(started, environment, marked)
}

/**
 * Whether `creates` or `removes` finds something; where nobody knows, nothing but what K3s may have made. `script` takes no glob:
 * https://docs.ansible.com/ansible/latest/collections/ansible/builtin/command_module.html#parameter-creates
 */
function isThere(call: Call, pattern: string): boolean {
  const { files } = call.node
  const isGlob = call.task.action.module !== 'script' && /^\/.*[*?[]/.test(pattern)
  const paths = isGlob ? globbed(files, pattern) : [pattern]
  if (paths.some((path) => existing(call, path) ?? files.has(path))) return true
  if (!mayBeMade(call, pattern)) return false
  const what = `${shown(pattern)} exists on ${call.target}`
  const decided = call.world.decisions.get(what)
  if (decided === undefined) throw new Undecided(what, call.task.action.at)
  return decided
}

function commandText(call: Call): string | undefined {
  const { freeForm } = call.task.action
  if (call.argument('argv') !== undefined && TAKES_LIST.has(call.task.action.module))
    return argvOf(call)
      ?.map(({ word }) => word)
      .join(' ')
  const text = freeForm === undefined ? call.text('cmd', '_raw_params') : call.textOf(freeForm)
  return typeof text === 'string' ? text : undefined
}

const TAKES_LIST: ReadonlySet<string> = new Set(['command', 'shell'])

/** The words of `argv`, each where it stands; `undefined` where it is not given, or not known. */
function argvOf(call: Call): readonly { readonly word: string; readonly at: Span }[] | undefined {
  const argv = TAKES_LIST.has(call.task.action.module) ? call.argument('argv') : undefined
  const value = argv === undefined ? undefined : call.evaluated(argv)
  if (argv === undefined || !(value instanceof List)) return undefined
  const items = [...value]
  const { node } = argv
  const places = node?.kind === 'sequence' && node.items.length === items.length ? node.items : undefined
  return items.flatMap((item, index) => {
    if (item instanceof Omitted) return []
    const place = places?.[index]
    const text = call.evaluator.within(item, argv.at)
    if (text instanceof Unknown) call.part(text)
    const word = typeof text === 'string' ? text : call.atoms.mark(unknownAtom(text, call.atoms))
    return { word, at: place?.alias ?? place?.at ?? argv.at }
  })
}

/** What a command returns: its output is a text of its own. Without `rc` it succeeds, or the task would have failed. */
function output(
  call: Call,
  stdout: string | undefined,
  status: number | undefined,
  marked: string | undefined,
): ReadonlyMap<string, FlowValue> {
  const { module } = call.task.action
  const text = stdout ?? call.unknownText(`the output of ${module}`)
  const rc = status ?? (call.isTolerant ? unknownStatus(call) : 0)
  const errors = rc === 0 ? '' : call.unknownText(`the errors of ${module}`)
  return new Map<string, FlowValue>([
    ['rc', rc],
    ['stdout', text],
    ['stdout_lines', new List(linesOf(call, text))],
    ['stderr', errors],
    ['stderr_lines', new List(errors === '' ? [] : [errors])],
    ...commandShown(module, marked),
    ['start', ''],
    ['end', ''],
    ['delta', ''],
  ])
}

/** What it was told, as `command` and `shell` return it, whatever `no_log` says: `command` word by word. */
function commandShown(module: string, marked: string | undefined): readonly (readonly [string, FlowValue])[] {
  if (module === 'raw' || module === 'script' || marked === undefined) return []
  return [['cmd', module === 'command' ? new List(marked.trim().split(/\s+/)) : marked]]
}

/** Where something in it is not known, nobody knows how many there are. */
function linesOf(call: Call, text: string): readonly string[] {
  const { atoms } = call
  if (!hasMark(text)) return text.replace(/\n$/, '').split('\n')
  if (atoms.plain(text) === undefined) return [text]
  const { text: plain, marks } = atoms.traced(text)
  let start = 0
  return plain
    .replace(/\n$/, '')
    .split('\n')
    .map((line) => {
      const end = start + line.length
      let result = ''
      let last = start
      for (const { start: from, end: to, atom } of marks) {
        if (from >= end || to <= start) continue
        const part = plain.slice(Math.max(from, start), Math.min(to, end))
        const own =
          part === atom.text ? atom : atoms.derive(atom, call.hop('is a line of it'), { text: part })
        result += plain.slice(last, Math.max(from, start)) + atoms.mark(own)
        last = Math.min(to, end)
      }
      result += plain.slice(last, end)
      start = end + 1
      return result
    })
}

function unknownStatus(call: Call): Unknown {
  const { at, keywords } = call.task
  const name = keywords.get('register')?.value
  return new Unknown(
    `${typeof name === 'string' ? `${name}.rc` : 'the exit status'} of ${call.host}`,
    'the exit status of a command',
    at,
  )
}

/** A program that is called after K3s or a relative of it, and is not K3s itself. */
const BRINGS = /(?:^|[\s/])(?:k3sup|k3d|autok3s|[\w.-]*(?:k3s|rancher)[\w.-]*\.(?:sh|py|run))(?:\s|$)/i

const isOption = (word: string): boolean => word.startsWith('-')
/** Settings of containerd, below any data directory: no token stands in them. https://docs.k3s.io/advanced#configuring-containerd */
const OF_CONTAINERD = /\/agent\/etc\/containerd\//
/** Options of grep with which it prints the lines that it finds. */
const PLAIN = /^-[iEFwx]+$|^--(?:ignore-case|extended-regexp|fixed-strings)$/

/** With these it only asks. */
const QUIET = /^-[A-Za-z]*[qcLl]|^--(?:quiet|silent|count|files-with(?:out-match|-matches))$/

/** What is done to services, besides asking. */
const ACTING =
  /^(?:start|stop|restart|reload|(?:try-)?(?:reload-or-)?restart|(?:re)?enable|disable|mask|unmask|kill|daemon-re(?:load|exec)|reset-failed)$/

/** Programs that print nothing of the files which they are given. */
const PRINTS_NONE =
  /^(?:rm|cp|mv|ln|ls|stat|test|\[|touch|mkdir|install|chmod|chown|chgrp|chcon|restorecon|shred|wc|cksum|(?:md5|b2|sha\d+)sum)$/

/** Programs that may start whatever service there is. */
const STARTS_OTHERS = /^(?:reboot|shutdown|xargs|supervisorctl)$/

/** Whether a program does not fail, as far as a play can know. */
const isSure = (name: string, words: readonly string[]): boolean =>
  /^(?:systemd-run|echo|printf)$/.test(name) ||
  (name === 'rm' && words.some((word) => /^-\w*f|^--force$/.test(word)))

/** Relatives of K3s that install it, on whatever nodes; `k3sup install --skip-install` only fetches a kubeconfig. */
const INSTALLS =
  /(?:^|[\s/;&|])(k3sup(?=\s+(?:install|join)\b)(?!(?:\\\n|[^\n;&|])*\s--skip-install(?:\s|=true|$))|k3d(?=\s+(?:cluster|node)\s+create\b)|autok3s(?=\s+(?:create|join)\b))/

/** As many scripts as are followed that call each other. */
const MOST_SCRIPTS = 5

/** The words of a step, what is not known in them as placeholders. */
const wordsOf = ({ words }: ShellStep, { atoms }: Call): readonly string[] =>
  words.map((word) => atoms.traced(word).text)

/** What a task starts: a line of a shell, or a program without one. */
type Started = { readonly line: string } | Program

class Steps {
  readonly #call: Call
  readonly #carried: CarriedScript | undefined
  #node: NodeState
  readonly #events: Event[] = []
  #stdout: string | undefined
  /** Without an answer that says so, a command changes something. */
  #changed: boolean | undefined = true
  /** How many steps are known to the last. */
  #followed = 0
  /** Whether the text is a single program. */
  #isAlone = false
  /** Why the last step that failed did. */
  #why: string | undefined
  /** What was printed so far, where all of it is known. */
  #said: string | undefined = ''
  #hasAnswered = false

  constructor(call: Call, carried: CarriedScript | undefined) {
    this.#call = call
    this.#carried = carried
    this.#node =
      carried === undefined
        ? call.node
        : { ...call.node, files: withFile(call.node.files, carried.path, carried.file) }
    const directory = call.task.action.module === 'raw' ? undefined : call.path('chdir')
    // A relative one begins in the home of the user.
    this.#directory = directory !== undefined && /^[\w.]/.test(directory) ? undefined : directory
  }

  run(started: Started, environment: ReadonlyMap<string, string | Unknown>, marked: string): Effect {
    const effect = this.#run(started, environment, marked)
    if (this.#carried === undefined || effect.node?.files === undefined) return effect
    return { ...effect, node: { ...effect.node, files: withoutFile(effect.node.files, this.#carried.path) } }
  }

  #run(started: Started, environment: ReadonlyMap<string, string | Unknown>, marked: string): Effect {
    const call = this.#call
    const hop = call.hop('runs a command')
    const node: ShellNode = {
      file: (path) => this.#file(path),
      exists: (path) => this.#exists(path),
      ran: (step) => this.#ran(step),
      forked: () => {
        const directory = this.#directory
        return () => {
          this.#directory = directory
        }
      },
    }
    const isShell = 'line' in started
    const steps = isShell
      ? shellSteps(started.line, environment, hop, call.atoms, call.node.files)
      : programSteps(started, environment, hop, call.atoms)
    const [program] = steps
    const failed = isShell || program === undefined ? undefined : lacksShell(wordsOf(program, call))
    if (failed !== undefined) return { failed, result: output(call, '', 2, marked), changed: false }
    if (isPipedIntoNothing(steps, call.node.files, call.atoms))
      call.note('nothing runs the K3s install script: only variables stand behind the pipe')
    this.#isAlone = steps.length === 1
    const status = isShell
      ? runShell(started.line, environment, hop, call.atoms, node)
      : runProgram(started, environment, hop, call.atoms, node)
    const text = call.atoms.traced(marked).text
    if (call.task.action.module !== 'command' || steps.length > 1) this.#redirected(text)
    // A program of another name may have brought K3s: k3sup, a script of the site.
    if (this.#followed === 0 && BRINGS.test(text)) {
      const [, program] = INSTALLS.exec(text) ?? []
      this.#mayHaveBrought(program)
      if (program !== undefined) call.context.stage.note(broughtBy(program, call.task.action.at))
    }
    const made = this.#stdout === undefined ? generated(text) : undefined
    if (made !== undefined) this.#print(call.unknownText(made, true, isAnotherEachTime(text)))
    const said = this.#hasAnswered ? this.#said?.replace(/\n+$/, '') : undefined
    const rc = typeof status === 'number' ? status : undefined
    const done = {
      node: this.#node,
      opensNodes: this.#opensNodes,
      events: this.#events,
      result: output(call, this.#stdout ?? said, rc, marked),
    }
    if (rc !== undefined && rc !== 0)
      return { ...done, failed: this.#why ?? 'a command that ends with an error', changed: false }
    return this.#changed === undefined ? done : { ...done, changed: this.#changed }
  }

  /** What the shell itself reads: `$(cat FILE)`, `. FILE`. */
  #file(written: string): ReturnType<ShellNode['file']> {
    const call = this.#call
    const { files } = this.#node
    const directory = written.startsWith('/') ? '' : this.#directory
    // A name alone is looked for in PATH.
    if (directory === undefined || !written.includes('/')) return undefined
    const found = fileAt(files, `${directory}/${written}`)
    const path = found?.path ?? normalised(`${directory}/${written}`)
    if (found === undefined && (!TOKEN_FILE.test(path) || isMissing(call, path))) return undefined
    const content = readBack(call, path, this.#node)
    if (content === undefined) return undefined
    const { mode, owner, hops = [] } = found?.file ?? {}
    return { path, file: { kind: 'file', content, mode, owner, hops } }
  }

  #exists(path: string): boolean | undefined {
    const there = path.startsWith('/') ? existing(this.#call, normalised(path), this.#node) : undefined
    if (there === undefined) return undefined
    this.#hasAnswered = true
    this.#changed = undefined
    return there
  }

  /** Runs a program; its exit status where that is certain. */
  #ran(step: ShellStep): number | undefined {
    const before = this.#stdout
    const words = wordsOf(step, this.#call)
    const asked = probed(this.#call, words, this.#node)
    if (asked !== undefined && this.#isAlone) this.#changed = undefined
    const answer = asked ?? this.#version(words)
    const status = answer?.rc ?? this.#status(step)
    this.#writes(step, before)
    if (!step.isPiped && step.output === undefined) this.#says(step, answer)
    return status
  }

  #says(step: ShellStep, answer: Answer | undefined): void {
    const { stdout } = answer ?? {}
    const said = answer === undefined ? printedBy(step, this.#view) : stdout && `${stdout}\n`
    if (answer !== undefined) this.#hasAnswered = true
    this.#said =
      said === undefined || this.#said === undefined || step.isConditional ? undefined : this.#said + said
  }

  /** A step that fails for a reason. */
  #fails(why: string, status: number): number {
    this.#why = why
    return status
  }

  #status(step: ShellStep): number | undefined {
    try {
      return this.#step(step)
    } catch (error) {
      if (!(error instanceof ModuleFails)) throw error
      return this.#fails(error.why, 1)
    }
  }

  #step(written: ShellStep): number | undefined {
    const call = this.#call
    const step = this.#placed(written)
    const { manager } = call.context.stage
    const given = wordsOf(step, call)
    const words = given.slice(behindWrappers(given))
    const [program = ''] = words
    const hop = call.hop('runs the K3s install script')
    const installer = installerCallOf(step, manager, hop, call.atoms, this.#node.files)
    if (installer !== undefined) {
      this.#followed += 1
      return this.#install(installer, step)
    }
    const [whole] = call.atoms.in(step.words[0] ?? '')
    if (whole !== undefined && installerTexts.addresses.test(whole.root.what))
      call.note(`the text of ${whole.root.what}, as a command`)
    const name = program.split('/').at(-1) ?? program
    const uninstalled = runUninstaller(this.#node.files, program, manager)
    if (uninstalled !== undefined) {
      this.#followed += 1
      const services = new Map(this.#node.services)
      for (const service of uninstalled.stopped) services.set(service, { started: false, enabled: false })
      const gone = uninstalled.files !== this.#node.files && /uninstall/.test(program)
      this.#node = {
        ...this.#node,
        files: uninstalled.files,
        services,
        ...(gone ? { k3s: 'absent' as const, starts: new Map(), founding: undefined } : {}),
      }
      return 0
    }
    const container = startsContainer(words)
    if (container !== undefined) {
      this.#followed += 1
      // Containers are no nodes of the inventory, but what they write may lie on this one.
      this.#node = { ...this.#node, isOpen: true }
      call.context.stage.note(broughtBy(container, call.task.action.at))
      return undefined
    }
    const script = ownScriptOf(step, this.#node.files, call.atoms)
    if (script !== undefined) return this.#script(script, step)
    const ran = fileRunBy(step, call.atoms)?.path
    if (ran !== undefined && bringsHelper(ran, this.#node.files)) this.#followed += 1
    else if (ran !== undefined && mayBring(ran, this.#node.files, call.atoms)) this.#notFollowed(ran)
    if (installsPackage(words)) {
      this.#node = { ...this.#node, ...packaged(this.#node) }
      return undefined
    }
    if (name === 'systemctl' || name === 'rc-service' || name === 'service')
      return this.#serviceCommand(
        name,
        words.slice(1).filter((word) => !word.startsWith('-')),
      )
    if (STARTS_OTHERS.test(name)) this.#node = { ...this.#node, ...mayRun(call, this.#node) }
    if (/^(?:systemd-run|rm)$/.test(name)) this.#followed += 1
    if (name === 'systemd-run') {
      const refused = this.#transient(step)
      if (refused !== undefined) return this.#fails(refused, 1)
    }
    const own = k3sIn(words)
    if (own !== undefined) this.#direct(step, given.length - words.length + own)
    if (name === 'chmod') this.#mode(words.slice(1))
    if (name === 'umask' && /^0?[0-7]{3}$/.test(words[1] ?? ''))
      this.#mask = 0o666 & ~Number.parseInt(words[1] ?? '', 8)
    if (name === 'rm') for (const path of words.slice(1)) if (path.startsWith('/')) this.#remove(path)
    if (name === 'cp' || name === 'mv') this.#copied(name, words.slice(1))
    if (name === 'k3s' && words[1] === 'token' && words[2] === 'create')
      this.#stdout = call.serverToken(call.target, 'is printed by k3s token create')
    const read =
      own !== undefined || PRINTS_NONE.test(name)
        ? undefined
        : words.slice(1).find((word) => TOKEN_FILE.test(word))
    if (read === undefined) {
      if (/^(?:cat|grep|awk|sed|cut|head|tail)$/.test(name)) this.#readFrom(name, words.slice(1))
      return own !== undefined || isSure(name, words) ? 0 : undefined
    }
    const path = normalised(read)
    if (isMissing(call, path)) {
      this.#stdout = ''
      return this.#fails(`${shown(path)} is not there`, /^(?:cat|head|tail|cut)$/.test(name) ? 1 : 2)
    }
    this.#printFile(path)
    return undefined
  }

  /** Where relative paths begin; `undefined` where that is not known. */
  #directory: string | undefined

  /** With the whole paths of files that are known. */
  #placed(step: ShellStep): ShellStep {
    const directory = this.#directory
    const [program = '', first = ''] = step.words
    if (program === 'cd') this.#directory = first.startsWith('/') ? first : undefined
    if (directory === undefined) return step
    const words = step.words.map((word, index) => {
      if (word.startsWith('/') || (index === 0 && !word.includes('/'))) return word
      const path = normalised(`${directory}/${word}`)
      return this.#node.files.get(path)?.kind === 'file' ? path : word
    })
    return { ...step, words }
  }

  /** What a script of the project runs, as if its lines stood in the task. It ends as its last line does. */
  #script(script: Script, step: ShellStep): number | undefined {
    const call = this.#call
    const { files } = this.#node
    const followed = this.#followed
    const hop = call.hop(`runs ${shown(script.path)}`)
    const steps =
      this.#scripts < MOST_SCRIPTS ? scriptSteps(script, step.environment, hop, call.atoms, files) : []
    const isAlone = this.#isAlone
    let status: number | undefined
    this.#scripts += 1
    this.#isAlone = false
    if (!isForked(steps, files, call.atoms))
      for (const inner of steps) {
        const before = this.#stdout
        status = this.#status(inner)
        this.#writes(inner, before)
      }
    this.#isAlone = isAlone
    this.#scripts -= 1
    if (this.#followed > followed) this.#followed = followed + 1
    else if (mayBring(script.path, files, call.atoms)) this.#notFollowed(script.path)
    return status
  }

  /** Scripts that have called each other. */
  #scripts = 0

  /** Something that is not followed has run: a program that goes to the nodes by itself, or what runs elsewhere for them. */
  #mayHaveBrought(program?: string): void {
    const { target, host, isOnNode } = this.#call
    this.#node = { ...this.#node, isOpen: true }
    this.#opensNodes ||= program !== 'k3d' && (program !== undefined || target !== host || !isOnNode)
  }

  #opensNodes = false

  #notFollowed(path: string): void {
    this.#mayHaveBrought()
    const name = path === this.#carried?.path ? this.#carried.source : path
    const { context, task } = this.#call
    context.stage.note(broughtBy(shown(name), task.action.at))
  }

  /** Followed text on the standard output. */
  #print(text: string): void {
    this.#stdout = text
    this.#call.use('result', text, this.#call.task.action.at)
  }

  #printFile(path: string): void {
    const text = readBack(this.#call, path)
    if (text !== undefined) this.#print(text.replace(/\n$/, ''))
  }

  /** `cat FILE`, or `grep … FILE | cut …`: the file, or the token of it, where the play knows what is in it. */
  #readFrom(name: string, words: readonly string[]): void {
    const call = this.#call
    const path = words.map(normalised).find((word) => word.startsWith('/') && this.#node.files.has(word))
    const file = path === undefined ? undefined : this.#node.files.get(path)
    if (path === undefined || file?.kind !== 'file' || typeof file.content !== 'string') return
    if (name === 'cat' && this.#isAlone) {
      this.#printFile(path)
      return
    }
    const asked = name === 'grep' ? words.find((word) => !word.startsWith('-')) : undefined
    if (name === 'grep' && words.some((word) => QUIET.test(word))) return
    const lines = file.content.split('\n').filter((line) => asked === undefined || isFound(asked, line))
    const tokens = new Set(lines.flatMap((line) => call.atoms.in(line)).filter(({ isFilled }) => isFilled))
    const [token] = tokens
    if (this.#isAlone && asked !== undefined && words.filter(isOption).every((word) => PLAIN.test(word))) {
      if (/^[\w=-]+$/.test(asked) && lines.length > 0) this.#print(lines.join('\n'))
      return
    }
    if (token === undefined || tokens.size > 1) return
    const read = call.atoms.derive(token, call.hop(`is read back from ${shown(path)}`))
    this.#print(call.atoms.mark(read))
  }

  #install(installer: NonNullable<ReturnType<typeof installerCallOf>>, step: ShellStep): number | undefined {
    const call = this.#call
    const { files } = this.#node
    const result = runInstaller(files, installer, call.atoms)
    for (const unknown of result.unknowns) call.note(unknown)
    const services = new Map(this.#node.services)
    const { service } = result
    const installed = this.#node.k3s === 'older' || this.#node.k3s === 'absent'
    this.#node = {
      ...this.#node,
      files: result.files,
      services,
      ...(installed ? { k3s: 'present' as const } : {}),
    }
    if (result.fatal !== undefined) {
      if (result.lacking !== undefined) this.#gaveUp(result.lacking)
      return this.#fails(result.fatal, 1)
    }
    if (service === undefined) {
      this.#node = { ...this.#node, isOpen: true }
      const what = result.command === 'unknown' ? 'whether as a server or an agent' : 'under which name'
      call.context.stage.note({
        at: call.task.action.at,
        what: `K3s is brought by the install script, and ${what} is not known`,
        isTold: true,
      })
      if (result.unnamed !== undefined) this.#unnamed(result.unnamed)
      return undefined
    }
    const known = services.get(service)
    services.set(service, {
      started: known?.started ?? false,
      enabled: result.enabled === true || known?.enabled === true,
    })
    this.#events.push({
      what: 'installer-ran',
      ...this.#place,
      service,
      before: () => this.#tokenAt(service, files),
      astray: tokenGoneAstray(step, call.atoms),
      task: taskRun(call),
    })
    if (result.started === true) this.#start(service)
    return 0
  }

  /** The install script that wants a token for an agent, and gets none. */
  #gaveUp({ service, files }: NonNullable<InstallerResult['lacking']>): void {
    this.#events.push({
      what: 'installer-gave-up',
      ...this.#place,
      token: this.#tokenAt(service, files),
      task: taskRun(this.#call),
    })
  }

  #unnamed({ service, files }: NonNullable<InstallerResult['unnamed']>): void {
    this.#events.push({
      what: 'service-unnamed',
      ...this.#place,
      service,
      token: this.#tokenAt(service, files),
      hops: [this.#call.hop('makes a service of K3s')],
    })
  }

  /** Where events of this task happen; which kind of node that is, shows later. */
  get #place(): Pick<Event, 'host' | 'kind' | 'at'> {
    const { target, task } = this.#call
    return { host: target, kind: 'agent', at: task.action.at }
  }

  /** What a service gets as its token by these files. */
  #tokenAt(service: string, files: PaperFiles): Carried {
    return arrivalAt(files, service, this.#call.context.stage.manager, this.#call.atoms).token
  }

  #start(service: string): void {
    const services = new Map(this.#node.services)
    services.set(service, { started: true, enabled: services.get(service)?.enabled ?? false })
    const effect = started(
      this.#call,
      { ...this.#node, services },
      service,
      this.#call.hop(`starts ${service}`),
    )
    this.#node = { ...this.#node, services, ...effect.node }
    this.#events.push(...(effect.events ?? []))
  }

  /** Certain is what it does to a service of K3s that is there. */
  #serviceCommand(program: string, words: readonly string[]): number | undefined {
    const [verb = '', names] =
      program === 'systemctl' ? [words[0], words.slice(1)] : [words[1], words.slice(0, 1)]
    if (!ACTING.test(verb)) return undefined
    this.#followed += 1
    let isSure = true
    for (const written of names) {
      const name = written.replace(/\.service$/, '')
      const known = this.#node.services.get(name)
      const services = new Map(this.#node.services)
      if (verb === 'stop')
        this.#node = {
          ...this.#node,
          services: services.set(name, { started: false, enabled: known?.enabled ?? false }),
        }
      if (verb === 'enable')
        this.#node = {
          ...this.#node,
          services: services.set(name, { started: known?.started ?? false, enabled: true }),
        }
      if (
        verb === 'restart' ||
        (verb === 'start' && known?.started !== true) ||
        (verb === 'enable' && /--now/.test(commandText(this.#call) ?? ''))
      )
        this.#start(name)
      isSure &&= this.#node.starts.has(name)
    }
    return isSure ? 0 : undefined
  }

  /** K3s that the task runs by itself, in the background most often. */
  #direct(step: ShellStep, at: number): void {
    const call = this.#call
    this.#followed += 1
    const arrival = arrivalOfStep(step, at, this.#node.files, call.hop('runs K3s by itself'), call.atoms)
    const services = new Map(this.#node.services)
    services.set(arrival.service, { started: true, enabled: false })
    const node = { ...this.#node, services }
    const effect = startedK3s(call, node, arrival, call.hop(`starts ${arrival.service}`))
    this.#node = { ...node, ...effect.node }
    this.#events.push(...(effect.events ?? []))
  }

  /** Why nothing starts, where that is so. */
  #transient({ words }: ShellStep): string | undefined {
    const call = this.#call
    const hop = call.hop('runs K3s by systemd-run')
    const unit = transientUnit(words, (word) => call.atoms.traced(word).text, hop)
    if (unit === undefined) return undefined
    if ('refused' in unit) return unit.refused
    this.#node = { ...this.#node, files: new Map(this.#node.files).set(unit.path, unit.file) }
    this.#start(unit.service)
    return undefined
  }

  #remove(path: string): void {
    const gone = /\/bin\/k3s$/.test(path) ? ({ k3s: 'absent' } as const) : {}
    this.#node = { ...this.#node, files: withoutFile(this.#node.files, normalised(path)), ...gone }
  }

  /** `cp` and `mv` of files that the play knows; a pattern stands for those that it fits. */
  #copied(program: 'cp' | 'mv', words: readonly string[]): void {
    const paths = words.filter((word) => !word.startsWith('-'))
    const target = paths.at(-1)
    if (target === undefined || !target.startsWith('/')) return
    const sources = paths.slice(0, -1).flatMap((path) => this.#matching(path))
    const isDirectory =
      target.endsWith('/') ||
      sources.length > 1 ||
      this.#node.files.get(normalised(target))?.kind === 'directory' ||
      [...this.#node.files.keys()].some((path) => path.startsWith(`${normalised(target)}/`))
    const files = new Map(this.#node.files)
    for (const source of sources) {
      const file = this.#node.files.get(source)
      if (file === undefined) continue
      if (program === 'mv') files.delete(source)
      const path = isDirectory ? `${target}/${source.slice(source.lastIndexOf('/') + 1)}` : target
      files.set(normalised(path), {
        ...file,
        hops: [...file.hops, this.#call.hop(`${program} to ${shown(normalised(path))}`)],
      })
    }
    this.#node = { ...this.#node, files }
  }

  #matching(path: string): readonly string[] {
    if (!/[*?]/.test(path)) return [normalised(path)]
    const pattern = normalised(path)
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replaceAll('*', '[^/]*')
      .replaceAll('?', '[^/]')
    const whole = new RegExp(`^${pattern}$`)
    return [...this.#node.files.keys()].filter((known) => whole.test(known))
  }

  get #view(): ShellView {
    return {
      text: (word) => this.#call.atoms.traced(word).text,
      content: (path) => {
        const file = this.#node.files.get(path)
        return file?.kind === 'file' && typeof file.content === 'string' ? file.content : undefined
      },
    }
  }

  /** What a step prints, in the files that it goes to; `before`: what was on the standard output without the step. */
  #writes(step: ShellStep, before: string | undefined): void {
    const view = this.#view
    const { paths, isAppended } = teed(step, view)
    const outputs = [
      ...paths.map((path) => ({ path, isAppended })),
      ...(step.output === undefined ? [] : [step.output]),
    ]
    if (outputs.length === 0) return
    const read = this.#stdout === before || this.#stdout === undefined ? undefined : `${this.#stdout}\n`
    if (step.output !== undefined) this.#stdout = before
    const content = step.isConditional ? undefined : (printedBy(step, view) ?? read)
    const made = content === undefined ? this.#made(step) : undefined
    for (const output of outputs) {
      const path = normalised(view.text(output.path))
      const isFollowed = path.startsWith('/') && !path.startsWith('/dev/')
      const isToken = output.isAppended || !hasSettings(path)
      const text =
        content ?? (isToken && !(step.isConditional && this.#node.files.has(path)) ? made : undefined)
      if (isFollowed && text !== undefined) this.#write(path, text, output.isAppended)
    }
  }

  /** The text of its own that a pipe makes for files. Under a condition one may be kept that was made before. */
  #made(step: ShellStep): string | undefined {
    const pipe = pipeOf(step, this.#view)
    const what = generated(pipe)
    if (what === undefined) return undefined
    const isAnother = !step.isConditional && isAnotherEachTime(pipe)
    const text = this.#call.unknownText(what, true, isAnother, this.#madeSoFar++)
    return endsLine(pipe) ? `${text}\n` : text
  }

  #madeSoFar = 0

  #write(path: string, text: string, isAppended: boolean): void {
    const call = this.#call
    const before = this.#node.files.get(path)
    this.#written.add(path)
    const known = before?.kind === 'file' && isAppended ? before : undefined
    const hop = call.hop(`a shell writes ${shown(path)}`)
    const file: PaperFile = {
      kind: 'file',
      content:
        known === undefined
          ? text
          : typeof known.content === 'string'
            ? known.content + text
            : { ...known.content, holds: heldIn(known.content) + text },
      mode: before?.mode ?? this.#mask,
      owner: before?.owner,
      hops: [...(known?.hops ?? []).filter(({ at }) => at !== hop.at), hop],
    }
    this.#node = { ...this.#node, files: withFile(this.#node.files, path, file) }
    this.#events.push(fileEvent(call, path, file, undefined))
  }

  /** What `umask` says of new files; `undefined` where it says nothing. */
  #mask: number | undefined
  readonly #written = new Set<string>()

  #mode(words: readonly string[]): void {
    const [mode, ...paths] = words.filter((word) => !/^-[A-Za-z]|^--/.test(word))
    for (const path of paths.map(normalised)) {
      const file = this.#node.files.get(path)
      if (file === undefined || mode === undefined) continue
      const changed = { ...file, mode: writtenMode(mode, file.mode) }
      this.#node = { ...this.#node, files: withFile(this.#node.files, path, changed) }
      if (this.#written.has(path)) this.#events.push(fileEvent(this.#call, path, changed, undefined))
    }
  }

  /** A file of K3s that a shell writes in another way: what is in it then is not known. */
  #redirected(text: string): void {
    for (const [, written = ''] of text.matchAll(/(?:>>?|\btee\s+(?:-a\s+)?)\s*["']?(\/[\w./-]*)/g)) {
      const path = normalised(written)
      if (!/k3s|rancher/.test(path) || /^\/dev\/|\.log$/.test(path) || this.#written.has(path)) continue
      const before = this.#node.files.get(path)
      this.#node = {
        ...this.#node,
        files: new Map(this.#node.files).set(path, {
          kind: 'file',
          content: unknownContent('written by a shell'),
          mode: before?.mode,
          owner: before?.owner,
          hops: [...(before?.hops ?? []), this.#call.hop(`a shell writes ${path}`)],
        }),
      }
      if (!OF_CONTAINERD.test(path)) this.#call.note(`a shell writes ${path}`)
    }
  }

  #version(given: readonly string[]): Answer | undefined {
    const call = this.#call
    const [program = '', ...args] = given.slice(behindWrappers(given))
    if (!/(?:^|\/)k3s$/.test(program) || !(args.includes('--version') || args[0] === '-v')) return undefined
    this.#followed += 1
    call.context.stage.asked.add('version')
    this.#changed = false
    if (this.#node.k3s === 'absent')
      return {
        rc: this.#fails('k3s is not there', call.task.action.module === 'command' ? 2 : 127),
        stdout: '',
      }
    this.#stdout = `k3s version ${this.#node.k3s === 'older' ? OLD_VERSION : wantedVersion(call)} (0123abcd)\ngo version go1.24.0`
    return { rc: 0, stdout: this.#stdout }
  }
}

const VERSION_VARIABLES = ['k3s_version', 'k3s_release_version', 'k3s_release', 'k3s_ver', 'release_version']

/** The release that the play installs, under the names that projects give it, as K3s says it: with a v. */
function wantedVersion(call: Call): string {
  for (const name of VERSION_VARIABLES) {
    const value = call.evaluator.value(`{{ ${name} | default('') }}`, call.task.at)
    const text = typeof value === 'string' ? call.atoms.plain(value) : undefined
    if (text !== undefined && /^v?\d/.test(text)) return `v${text.replace(/^v/, '')}`
  }
  return 'v1.31.0+k3s1'
}

/** Whether `grep` finds a line, as far as its pattern is words and anchors; other patterns find every line. */
function isFound(pattern: string, line: string): boolean {
  const [, start, word, end] = /^(\^?)([\w=-]+)(\$?)$/.exec(pattern) ?? []
  if (word === undefined) return true
  return start === '^' ? line.startsWith(word) : end === '$' ? line.endsWith(word) : line.includes(word)
}
