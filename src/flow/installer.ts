import { installer } from '../facts/installer.ts'
import { unitDirectories } from '../facts/systemd.ts'
import {
  type Letters,
  lettersOf,
  madeLetters,
  markedText,
  type Origin,
  unknownIn,
} from './arrival/letters.ts'
import { fileAt } from './arrival/paths.ts'
import { unknownAtom } from './arrival/shellSteps.ts'
import type { Atoms, Hop } from './atoms.ts'
import type { PaperFile, PaperFiles, ServiceManager } from './files.ts'
import { installerEnvironment } from './installer/environment.ts'
import { initText, type ServiceWords, unitText } from './installer/texts.ts'
import { installerWords } from './installer/words.ts'
import { Remembered } from './remembered.ts'
import { Unknown } from './unknown.ts'

export {
  fileRunBy,
  installerCallOf,
  isInstaller,
  isPipedIntoNothing,
  tokenGoneAstray,
} from './installer/call.ts'
export { runUninstaller, type UninstallResult } from './installer/uninstall.ts'

/** One run of K3s's install script. */
export interface InstallerCall {
  /** Of the process: `environment:` of the task and what the shell adds. Marked. */
  readonly environment: ReadonlyMap<string, string | Unknown>
  /** Behind the script's name (or `sh -s -`). Marked. */
  readonly args: readonly string[]
  readonly manager: ServiceManager
  /** Where it is run. */
  readonly hop: Hop
}

export interface InstallerResult {
  /** As they are afterwards; unchanged where it is fatal from the start. */
  readonly files: PaperFiles
  /** Without `.service`; `undefined` where the command or name can't be known. */
  readonly service: string | undefined
  readonly command: 'server' | 'agent' | 'unknown'
  readonly enabled: boolean | 'unknown'
  /** Whether it (re)starts the service in the end. */
  readonly started: boolean | 'unknown'
  /** Paths that this run wrote or wrote anew. */
  readonly written: readonly string[]
  /** Paths that it removed and did not write again. */
  readonly removed: readonly string[]
  /** Why the script gives up, in its own words less the values. */
  readonly fatal: string | undefined
  /** Where that is for want of a token: the agent that it would have made without one. */
  readonly lacking: { readonly service: string; readonly files: PaperFiles } | undefined
  /** Where the name of the service is not known: it under its usual name, as the call makes it under any other. */
  readonly unnamed: { readonly service: string; readonly files: PaperFiles } | undefined
  /** What of the call could not be known. */
  readonly unknowns: readonly string[]
}

/**
 * What the install script does on a node. That a binary is missing where the download is skipped is not told: it may have
 * come in a way that the files don't show. https://github.com/k3s-io/k3s/blob/main/install.sh
 */
export function runInstaller(files: PaperFiles, call: InstallerCall, atoms: Atoms): InstallerResult {
  return new Installation(files, call, atoms).result()
}

const texts = new Remembered<string>()

class Installation {
  readonly #before: PaperFiles
  readonly #files: Map<string, PaperFile>
  readonly #call: InstallerCall
  readonly #atoms: Atoms
  readonly #origin: Origin
  readonly #variables = new Map<string, Letters>()
  readonly #written: string[] = []
  readonly #removed = new Set<string>()
  readonly #unknowns = new Set<string>()

  constructor(files: PaperFiles, call: InstallerCall, atoms: Atoms) {
    this.#before = files
    this.#files = new Map(files)
    this.#call = call
    this.#atoms = atoms
    const source = { path: 'the install script', hops: () => [call.hop] }
    this.#origin = { of: { source, atom: undefined }, at: 0 }
    for (const [name, value] of call.environment)
      if (value instanceof Unknown && name.startsWith('INSTALL_K3S_') && !installer.ofRelease.test(name))
        this.#unknowns.add(notKnown(name, value))
  }

  result(): InstallerResult {
    const words = installerWords(this.#variable('INSTALL_K3S_EXEC'), this.#call.args.map(this.#letters))
    if (words === undefined) return this.#fatal('a quote in INSTALL_K3S_EXEC is not closed')
    const url = this.#variable('K3S_URL')
    const command = this.#command(words, url)
    if (command === undefined) return this.#lacking(words)
    if (url.text !== '' && unknownIn(url) === undefined && !url.text.startsWith('https://'))
      return this.#fatal('Only https:// URLs are supported for K3S_URL')
    const name = this.#name(command.word)
    if (name === undefined) return this.#unnamed(command.word, command.args)
    if (installer.invalidInName.test(name.text)) return this.#fatal('Invalid characters for system name')
    return this.#install(name, command.word, command.args)
  }

  readonly #letters = (marked: string): Letters => lettersOf(marked, this.#origin.of.source, this.#atoms)

  #made(text: string): Letters {
    return madeLetters(text, this.#origin)
  }

  #variable(name: string): Letters {
    let letters = this.#variables.get(name)
    if (letters === undefined) {
      letters = this.#letters(this.#marked(this.#call.environment.get(name) ?? ''))
      this.#variables.set(name, letters)
    }
    return letters
  }

  #marked(value: string | Unknown): string {
    return typeof value === 'string' ? value : this.#atoms.mark(unknownAtom(value, this.#atoms))
  }

  /** The text of a variable that decides something, or its default. */
  #setting(name: string, usual: string): string {
    const { text } = this.#variable(name)
    return text === '' ? usual : text
  }

  #isTrue(name: string): boolean | 'unknown' {
    const value = this.#variable(name)
    return unknownIn(value) === undefined ? value.text === 'true' : 'unknown'
  }

  /** `undefined`: it would be an agent, and there is no token. */
  #command(
    words: readonly Letters[],
    url: Letters,
  ): { readonly word: Letters; readonly args: readonly Letters[] } | undefined {
    const [first, ...rest] = words
    // What is an option or nothing is no command.
    const isOption = first === undefined || /^(?:-|$)/.test(first.text) || unknownIn(first)?.root.isHarmless
    if (!isOption) return { word: first, args: rest }
    if (url.text === '') return { word: this.#made('server'), args: words }
    if (this.#variable('K3S_TOKEN').text === '' && this.#variable('K3S_TOKEN_FILE').text === '')
      return undefined
    return { word: this.#made('agent'), args: words }
  }

  #name(command: Letters): Letters | undefined {
    const given = this.#variable('INSTALL_K3S_NAME')
    const word = given.text === '' ? command : given
    const unknown = unknownIn(word)
    if (unknown !== undefined) {
      this.#unknowns.add(notKnown(given.text === '' ? 'the command' : 'INSTALL_K3S_NAME', unknown))
      return undefined
    }
    return this.#made(given.text === '' && command.text === 'server' ? 'k3s' : `k3s-${word.text}`)
  }

  #unchanged(): InstallerResult {
    return {
      files: this.#before,
      service: undefined,
      command: 'unknown',
      enabled: 'unknown',
      started: 'unknown',
      written: [],
      removed: [],
      fatal: undefined,
      lacking: undefined,
      unnamed: undefined,
      unknowns: [...this.#unknowns],
    }
  }

  /** Of the services that are there one may be written anew: nobody knows which. */
  #opened(): InstallerResult {
    const [unknown = ''] = [...this.#unknowns].slice(-1)
    for (const [path, { mode, owner }] of this.#before)
      if (installer.serviceFiles.test(path))
        this.#files.set(path, { kind: 'file', content: { unknown }, mode, owner, hops: [this.#call.hop] })
    return { ...this.#unchanged(), files: new Map(this.#files) }
  }

  #unnamed(command: Letters, args: readonly Letters[]): InstallerResult {
    const opened = this.#opened()
    const usual = this.#made('k3s')
    const { files } = this.#install(usual, command, args)
    return { ...opened, command: commandOf(command), unnamed: { service: usual.text, files } }
  }

  #fatal(fatal: string): InstallerResult {
    return { ...this.#unchanged(), enabled: false, started: false, fatal }
  }

  #lacking(words: readonly Letters[]): InstallerResult {
    const fatal = this.#fatal(
      "Defaulted k3s exec command to 'agent' because K3S_URL is defined, but K3S_TOKEN or K3S_TOKEN_FILE is not defined.",
    )
    const service = this.#name(this.#made('agent'))
    if (service === undefined) return fatal
    const { files } = this.#install(service, this.#made('agent'), words)
    return { ...fatal, lacking: { service: service.text, files } }
  }

  #install(name: Letters, command: Letters, args: readonly Letters[]): InstallerResult {
    const bin = this.#setting('INSTALL_K3S_BIN_DIR', installer.binDirectory)
    const isSystemd = this.#call.manager === 'systemd'
    const directory = this.#setting('INSTALL_K3S_SYSTEMD_DIR', installer.systemdDirectory)
    const service = isSystemd ? `${directory}/${name.text}.service` : `/etc/init.d/${name.text}`
    const environment = isSystemd ? `${service}.env` : `${installer.openrcEnvironment}/${name.text}.env`
    const binary = this.#binary(bin, name.text, service, environment)
    const disabled = `${installer.disabledIn}/${name.text}.service`
    for (const path of [disabled, `${disabled}.env`]) this.#remove(path)
    this.#write(environment, ['environment'], () => this.#environment(), 0o600)
    const words: ServiceWords = {
      command,
      args,
      binary: this.#made(`${bin}/k3s`),
      environmentFile: environment,
      type: this.#letters(this.#markedSetting('INSTALL_K3S_TYPE', 'notify')),
      name,
    }
    const mode = isSystemd ? this.#files.get(service)?.mode : 0o755
    const text = (): Letters => (isSystemd ? unitText(words, this.#origin) : initText(words, this.#origin))
    this.#write(service, ['service', this.#call.manager, this.#call.args], text, mode)
    const enabled = not(this.#isTrue('INSTALL_K3S_SKIP_ENABLE'))
    if (isSystemd && enabled !== false) this.#link(name.text, service, directory)
    const started = this.#started(enabled, binary, [service, environment])
    return {
      // A copy: what was asked of the files while they changed is kept with them.
      files: new Map(this.#files),
      service: name.text,
      command: commandOf(command),
      enabled,
      started,
      written: [...new Set(this.#written)],
      removed: [...this.#removed].filter((path) => !this.#files.has(path)),
      fatal: undefined,
      lacking: undefined,
      unnamed: undefined,
      unknowns: [...this.#unknowns],
    }
  }

  #markedSetting(name: string, usual: string): string {
    const value = this.#call.environment.get(name)
    return typeof value === 'string' && value !== '' ? value : usual
  }

  /** The binary, its links and the two scripts. Returns whether the binary is another than before. */
  #binary(bin: string, name: string, service: string, environment: string): boolean | 'unknown' {
    const path = `${bin}/k3s`
    const isReadOnly = this.#isTrue('INSTALL_K3S_BIN_DIR_READ_ONLY')
    const skipped = this.#variable('INSTALL_K3S_SKIP_DOWNLOAD')
    const isSkipped = isReadOnly === true || skipped.text === 'true' || skipped.text === 'binary'
    const had = fileAt(this.#before, path) !== undefined
    if (!isSkipped) this.#put(path, { unknown: 'the binary of K3s' }, 0o755)
    if (isReadOnly !== true) {
      if (this.#variable('INSTALL_K3S_SYMLINK').text !== 'skip')
        for (const link of installer.links)
          if (!this.#files.has(`${bin}/${link}`)) this.#link(link, 'k3s', bin, `${bin}/${link}`)
      this.#put(`${bin}/k3s-killall.sh`, '#!/bin/sh\n', 0o755)
      const script = `#!/bin/sh\nrm -f ${service}\nrm -f ${environment}\nrm -f ${bin}/k3s\n`
      this.#put(`${bin}/${name}-uninstall.sh`, script, 0o755)
    }
    if (isSkipped) return false
    return had ? 'unknown' : true
  }

  /** `systemctl enable PATH` links a unit that stands outside of the search path. */
  #link(name: string, target: string, directory: string, path?: string): void {
    if (path === undefined && unitDirectories.includes(directory)) return
    const at = path ?? `${installer.systemdDirectory}/${name}.service`
    this.#written.push(at)
    this.#files.set(at, {
      kind: 'link',
      content: target,
      mode: undefined,
      owner: 'root',
      hops: [this.#call.hop],
    })
  }

  /** The service is left alone where neither binary nor unit nor env file has changed. */
  #started(
    enabled: boolean | 'unknown',
    binary: boolean | 'unknown',
    paths: readonly string[],
  ): boolean | 'unknown' {
    const skips = this.#isTrue('INSTALL_K3S_SKIP_START')
    if (enabled === false || skips === true) return false
    if (enabled === 'unknown' || skips === 'unknown') return 'unknown'
    if (this.#isTrue('INSTALL_K3S_FORCE_RESTART') === true) return true
    const isSame = paths.every((path) => this.#text(this.#before, path) === this.#text(this.#files, path))
    if (!isSame || binary === true) return true
    return binary === 'unknown' ? 'unknown' : false
  }

  #text(files: PaperFiles, path: string): string | undefined {
    const content = fileAt(files, path)?.file.content
    return typeof content === 'string' ? this.#atoms.traced(content).text : undefined
  }

  #remove(path: string): void {
    if (this.#files.delete(path)) this.#removed.add(path)
  }

  #environment(): Letters {
    const names = [...this.#call.environment.keys()]
    return installerEnvironment(new Map(names.map((name) => [name, this.#variable(name)])), this.#origin)
  }

  /** `what`: what the text is made of besides the environment of the script. */
  #write(path: string, what: readonly unknown[], text: () => Letters, mode: PaperFile['mode']): void {
    const { environment, hop } = this.#call
    const marked = [...environment].map(([name, value]) => [name, this.#marked(value)])
    const content = texts.get(this.#atoms, [...what, marked, hop], () => markedText(text(), hop, this.#atoms))
    this.#put(path, content, mode)
  }

  #put(path: string, content: PaperFile['content'], mode: PaperFile['mode']): void {
    this.#written.push(path)
    // `tee` writes through a link.
    const real = fileAt(this.#files, path)?.path ?? path
    this.#files.set(real, { kind: 'file', content, mode, owner: 'root', hops: [this.#call.hop] })
  }
}

const notKnown = (
  part: string,
  { what, why = what }: Pick<Unknown, 'what'> & Partial<Pick<Unknown, 'why'>>,
): string => `${part} of the install script is not known: ${why.includes(what) ? why : `${what}, ${why}`}`

const commandOf = ({ text }: Letters): InstallerResult['command'] =>
  text === 'server' || text === 'agent' ? text : 'unknown'

function not(value: boolean | 'unknown'): boolean | 'unknown' {
  return value === 'unknown' ? 'unknown' : !value
}
