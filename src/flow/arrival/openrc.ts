import { cut, join } from '../../syntax/sourced.ts'
import type { Atoms } from '../atoms.ts'
import type { PaperFiles } from '../files.ts'
import { k3sCommandOf } from './k3sCommand.ts'
import { type Letters, madeLetters } from './letters.ts'
import { fileAt, namesIn } from './paths.ts'
import type { Process } from './process.ts'
import { k3sStep, lookupIn, shellOn, stepEnvironment } from './shellProcess.ts'
import type { RunStep, ShellRun } from './shellRun.ts'
import type { SourceOf } from './systemdProcess.ts'
import type { UnitInForce } from './unitFiles.ts'

export function initScript(files: PaperFiles, service: string): UnitInForce | undefined {
  const found = fileAt(files, `/etc/init.d/${service}`)
  return found?.file.kind === 'file' ? { name: service, fragment: found, dropIns: [] } : undefined
}

/** `runscript` is what it was called before 0.13. */
const OF_OPENRC = /^#!.*(?:openrc-run|runscript)/

/** Whether the script of a service is one for `openrc-run`, which no other init has. */
export function isOfOpenrc(files: PaperFiles, service: string): boolean {
  const content = initScript(files, service)?.fragment.file.content
  return typeof content === 'string' && OF_OPENRC.test(content)
}

/**
 * What OpenRC would execute: conf.d, rc.conf and the script are sourced by one shell, then `start_pre` and `start` are
 * called. https://github.com/OpenRC/openrc/blob/master/sh/openrc-run.sh.in
 */
export function openrcProcess(
  files: PaperFiles,
  { name, fragment }: UnitInForce,
  sourceOf: SourceOf,
  atoms: Atoms,
): Process {
  const service = name.replace(/\.service$/, '')
  const source = sourceOf(fragment.path, fragment.file)
  const content = typeof fragment.file.content === 'string' ? fragment.file.content : undefined
  const hops = source.hops(0, content?.length ?? 0)
  const nothing: Process = {
    argv: [],
    environment: [],
    reads: [],
    hops,
    failure: undefined,
    unknown: typeof fragment.file.content === 'string' ? undefined : fragment.file.content.unknown,
    fileAt: lookupIn(files),
  }
  if (content === undefined) return nothing
  const withScript = new Map([...files, [fragment.path, fragment.file]])
  const { run, reads, content: read } = shellOn(lookupIn(withScript), hops, sourceOf, atoms)
  const script = read(fragment.path)
  const origin = script?.originAt(0)
  if (script === undefined || origin === undefined) return { ...nothing, failure: 'the init script is empty' }
  for (const variable of ['RC_SVCNAME', 'SVCNAME']) run.variables.set(variable, madeLetters(service, origin))
  if (OF_OPENRC.test(content))
    for (const path of configFiles(service, files)) sourceFile(path, read, run, reads, withScript, hops)
  run.positional = [madeLetters('start', origin)]
  run.run(script)
  run.call('start_pre')
  const step = startStep(run)
  if (step === undefined)
    return { ...nothing, reads, unknown: 'what the init script starts', environment: [] }
  return {
    ...nothing,
    argv: step.words,
    reads,
    environment: stepEnvironment(step, run, { path: fragment.path, carrier: 'init-script' }, []),
  }
}

/** What holds for all services; then `/etc/conf.d/NAME`, of `net.eth0` that of `net` before. */
function configFiles(service: string, files: PaperFiles): readonly string[] {
  const [general = service] = service.split('.', 1)
  const all = namesIn(files, '/etc/rc.conf.d').filter((name) => /^[^.].*\.conf$/.test(name))
  const common = ['/etc/rc.conf', ...all.map((name) => `/etc/rc.conf.d/${name}`)]
  return [...new Set([...common, `/etc/conf.d/${general}`, `/etc/conf.d/${service}`])]
}

function sourceFile(
  path: string,
  read: (path: string) => Letters | undefined,
  run: ShellRun,
  reads: { path: string; optional: boolean; exists: boolean; hops: Process['hops'] }[],
  files: PaperFiles,
  hops: Process['hops'],
): void {
  const text = read(path)
  const file = fileAt(files, path)?.file
  if (path.startsWith('/etc/conf.d/') || file !== undefined)
    reads.push({ path, optional: true, exists: file !== undefined, hops: [...(file?.hops ?? []), ...hops] })
  if (text !== undefined) run.run(text)
  else if (file !== undefined) run.open('env-file', `what stands in ${path}`)
}

/** The program behind `start`, or the one that `command=` names with its `command_args=`, which a shell reads once more. */
function startStep(run: ShellRun): RunStep | undefined {
  const before = run.steps.length
  if (!run.call('start')) {
    const command = run.variables.get('command')
    const origin = command?.originAt(0)
    if (command !== undefined && origin !== undefined) {
      const made = (text: string): Letters => madeLetters(text, origin)
      const given = (name: string): Letters => join([made(' '), run.variables.get(name) ?? made('')])
      const isSupervised = run.variables.get('supervisor')?.text === 'supervise-daemon'
      const own = isSupervised && (run.variables.get('supervise_daemon_args')?.text ?? '') !== ''
      run.run(
        join([
          made(isSupervised ? 'supervise-daemon' : 'start-stop-daemon'),
          given(own ? 'supervise_daemon_args' : 'start_stop_daemon_args'),
          made(' --exec '),
          command,
          made(' --'),
          given('command_args'),
          given(isSupervised ? 'command_args_foreground' : 'command_args_background'),
        ]),
      )
    }
  }
  const steps = [...run.steps.slice(before), ...run.steps.slice(0, before)]
  const started = steps.map(withoutDaemon)
  // Behind `env` or `sh -c` K3s is found later.
  return k3sStep(started) ?? k3sStep(steps) ?? started.find((step, index) => step !== steps[index])
}

/** `start-stop-daemon … --exec PROGRAM … -- ARGUMENTS` as the program itself. */
function withoutDaemon(step: RunStep): RunStep {
  const name = step.words[0]?.text.replace(/^.*\//, '')
  if (name !== 'start-stop-daemon' && name !== 'supervise-daemon') return step
  const environment = new Map(step.environment)
  let program: Letters | undefined
  let at = 1
  for (; at < step.words.length && step.words[at]?.text !== '--'; at += 1) {
    const word = step.words[at]
    const next = step.words[at + 1]
    if (word === undefined) break
    const [, option, variable] = /^(--exec|--startas|--env)=(?:(\w+)=)?/.exec(word.text) ?? []
    if (option === '--env' && variable !== undefined)
      environment.set(variable, cut(word, '--env='.length + variable.length + 1))
    else if (option !== undefined) program = cut(word, option.length + 1)
    else if (/^(?:-x|--exec|-a|--startas)$/.test(word.text)) program = next
    else if (/^(?:-e|--env)$/.test(word.text) && next !== undefined) {
      const equals = next.text.indexOf('=')
      if (equals > 0) environment.set(next.text.slice(0, equals), cut(next, equals + 1))
    } else if (
      program === undefined &&
      name === 'supervise-daemon' &&
      k3sCommandOf([word, ...step.words.slice(at + 2)]) !== undefined
    )
      program = word
  }
  return program === undefined
    ? step
    : { ...step, environment, words: [program, ...step.words.slice(at + 1)] }
}
