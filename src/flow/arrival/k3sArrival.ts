import {
  defaultConfigFile,
  defaultDataDir,
  type K3sSettingName,
  k3sSettings,
} from '../../facts/k3sSettings.ts'
import { trim } from '../../syntax/sourced.ts'
import type { Arrival, Carried } from '../arrival.ts'
import type { Atoms } from '../atoms.ts'
import type { PaperFiles } from '../files.ts'
import { type Flag, flagsOf } from './arguments.ts'
import { type Candidate, carried, notCarried } from './carried.ts'
import { type ConfigEntry, readConfig } from './config.ts'
import { noLetters } from './envFiles.ts'
import { type K3sCommand, k3sCommandOf } from './k3sCommand.ts'
import { hopsOf, lettersOf, unknownIn } from './letters.ts'
import { type Found, namesIn, unknownFileAt, unknownFilesLike } from './paths.ts'
import { lastPart, type Process } from './process.ts'
import type { SourceOf } from './systemdProcess.ts'

type Settings = Pick<
  Arrival,
  | 'command'
  | 'token'
  | 'agentToken'
  | 'clusterSecret'
  | 'serverUrl'
  | 'clusterInit'
  | 'externalDatastore'
  | 'dataDir'
  | 'reads'
>

/** What K3s makes of its command line, its config files and its environment. */
export function k3sArrival(spawned: Process, files: PaperFiles, sourceOf: SourceOf, atoms: Atoms): Settings {
  const started = k3sCommandOf(spawned.argv)
  const k3s = started ?? { command: 'unknown', args: [] }
  const given = new Given(spawned, k3s, started === undefined, files, sourceOf, atoms)
  const ask = (name: K3sSettingName): Carried => carried(given.candidates(name), atoms)
  const isServer = k3s.command !== 'agent'
  return {
    command: k3s.command,
    token: given.token('token', 'tokenFile'),
    agentToken: isServer ? given.token('agentToken', 'agentTokenFile') : notCarried,
    clusterSecret: ask('clusterSecret'),
    serverUrl: withHost(ask('server')),
    clusterInit: isServer ? truth(ask('clusterInit')) : false,
    externalDatastore: isServer ? isShared(ask('datastore')) : false,
    dataDir: directory(ask('dataDir')),
    reads: [...spawned.reads, ...given.configReads],
  }
}

interface ConfigRead {
  readonly entries: readonly ConfigEntry[]
  readonly reads: Arrival['reads']
}

/** All that is given to one start of K3s. */
class Given {
  readonly configReads: Arrival['reads']
  readonly #spawned: Process
  readonly #flags: readonly Flag[]
  readonly #isUnknown: boolean
  readonly #config: readonly ConfigEntry[]
  readonly #sourceOf: SourceOf
  readonly #atoms: Atoms
  readonly #files: PaperFiles

  constructor(
    spawned: Process,
    { args }: K3sCommand,
    isUnknown: boolean,
    files: PaperFiles,
    sourceOf: SourceOf,
    atoms: Atoms,
  ) {
    this.#spawned = spawned
    this.#flags = flagsOf(args)
    this.#isUnknown = isUnknown
    this.#sourceOf = sourceOf
    this.#atoms = atoms
    this.#config = []
    this.#files = files
    const { entries, reads } = this.#readConfig(files)
    this.#config = entries
    this.configReads = reads
  }

  /** Every way in which a setting is given, the strongest first: https://docs.k3s.io/installation/configuration */
  candidates(name: K3sSettingName): readonly Candidate[] {
    return [...this.#onCommandLine(name), ...this.#inConfig(name), ...this.#inEnvironment(name)]
  }

  /** A token file beats the token, on whichever level the two are given. */
  token(token: 'token' | 'agentToken', file: 'tokenFile' | 'agentTokenFile'): Carried {
    const paths = this.candidates(file)
    const path = carried(paths, this.#atoms)
    const candidates = this.candidates(token)
    // Where only something unknown might name a file, it might as well give the token: that doubt is in both lists.
    const isNamed = paths.some(({ value }) => value !== undefined && value.text !== '')
    if (!isNamed || path.state === 'empty') return carried(candidates, this.#atoms)
    if (path.state !== 'maybe') {
      const read = carried([this.#tokenFile(path), ...candidates], this.#atoms)
      return path.text === undefined ? read : { ...read, file: path.text.text }
    }
    const doubt: Candidate = {
      carrier: 'token-file',
      value: undefined,
      hops: path.hops,
      why: path.unknown ?? '',
    }
    return carried([doubt, ...candidates], this.#atoms)
  }

  #tokenFile({ text, hops }: Carried): Candidate {
    const carrier = 'token-file'
    const path = text?.text ?? ''
    const unknown = text?.marks.find(({ atom }) => atom.text === undefined)
    const written = unknown === undefined ? undefined : this.#unknownFile(path)
    if (unknown !== undefined && written === undefined)
      return { carrier, value: undefined, hops, why: unknown.atom.what, state: 'maybe' }
    const found = written ?? this.#spawned.fileAt(path)
    if (found === undefined || found.file.kind !== 'file')
      return { carrier, value: undefined, hops, why: '', state: 'absent' }
    const source = this.#sourceOf(found.path, found.file)
    if (typeof found.file.content !== 'string')
      return {
        carrier,
        value: undefined,
        hops: [...source.hops(0, 0), ...hops],
        why: found.file.content.unknown,
        state: 'maybe',
      }
    const value = trim(lettersOf(found.file.content, source, this.#atoms), /^\s+|\s+$/g)
    return { carrier, value, hops: [...source.hops(0, found.file.content.length), ...hops], why: '' }
  }

  /** Where a path is not known, it may still be the very one that a task has written. */
  #unknownFile(path: string): Found | undefined {
    return unknownFileAt(this.#files, path, this.#atoms)
  }

  #onCommandLine(name: K3sSettingName): readonly Candidate[] {
    const setting: { flag: string; short?: string } = k3sSettings[name]
    const found: Candidate[] = []
    for (const { name: flag, value, why } of this.#flags.toReversed()) {
      if (flag === undefined) found.push({ carrier: 'argv', value: undefined, hops: this.#spawned.hops, why })
      else if (flag === setting.flag || flag === setting.short)
        found.push({ carrier: 'argv', value: value ?? noLetters, hops: this.#spawned.hops, why: '' })
    }
    if (this.#isUnknown && found.length === 0)
      found.push({
        // Of a unit that nobody has seen not even that much is known.
        carrier: this.#spawned.unknown === undefined ? 'argv' : 'none',
        value: undefined,
        hops: this.#spawned.hops,
        why: this.#spawned.unknown ?? 'the unit starts something other than k3s',
      })
    return found
  }

  #inConfig(name: K3sSettingName): readonly Candidate[] {
    const setting: { flag: string; short?: string } = k3sSettings[name]
    return this.#config.toReversed().flatMap(({ flag, value, hops, why }): readonly Candidate[] => {
      if (flag === undefined) return [{ carrier: 'config', value: undefined, hops, why }]
      return flag === setting.flag || flag === setting.short
        ? [{ carrier: 'config', value, hops: [...hops, ...this.#spawned.hops], why }]
        : []
    })
  }

  #inEnvironment(name: K3sSettingName): readonly Candidate[] {
    const { variable } = k3sSettings[name]
    return this.#spawned.environment.toReversed().flatMap((part): readonly Candidate[] => {
      const hops = [...part.hops, ...this.#spawned.hops]
      if (part.name === undefined) return [{ carrier: part.carrier, value: undefined, hops, why: part.why }]
      return part.name === variable ? [{ carrier: part.carrier, value: part.value, hops, why: '' }] : []
    })
  }

  /** The same of a file whose path is not known. */
  #readUnknown({ path, file }: Found): ConfigRead {
    const dropIns = [...this.#files].filter(
      ([at]) => at.startsWith(`${path}.d/`) && /^[^/]+\.ya?ml$/.test(at.slice(path.length + 3)),
    )
    const found = [[path, file] as const, ...dropIns.sort(([a], [b]) => (a < b ? -1 : 1))].map(
      ([at, one]) => ({ path: at, file: one, source: this.#sourceOf(at, one) }),
    )
    return {
      entries: readConfig(found, this.#atoms),
      reads: found.map(({ path: at, source }) => ({
        path: at,
        optional: true,
        exists: true,
        hops: source.hops(0, 0),
      })),
    }
  }

  /** K3S_CONFIG_FILE beats `--config`; `<file>.d/*.yaml` is read even where the file itself is missing. */
  #readConfig(files: PaperFiles): ConfigRead {
    const named = lastPart(this.#spawned.environment, k3sSettings.config.variable).known
    const flag = this.#flags.findLast(({ name }) => name === 'config' || name === 'c')
    const chosen = named !== undefined && named.value.text !== '' ? named.value : flag?.value
    const unknown = chosen === undefined ? undefined : unknownIn(chosen)
    const hops = chosen === undefined ? this.#spawned.hops : hopsOf(chosen, this.#atoms)
    const path = chosen === undefined || chosen.text === '' ? defaultConfigFile : chosen.text
    const written = unknown === undefined ? undefined : this.#unknownFile(path)
    if (written !== undefined) return this.#readUnknown(written)
    if (unknown !== undefined || /^https?:/.test(path))
      return {
        entries: [
          { flag: undefined, value: noLetters, hops, why: unknown?.what ?? 'a config file that is fetched' },
        ],
        reads: [{ path, optional: true, exists: false, hops }],
      }
    const names = namesIn(files, `${path}.d`).filter((name) => /\.ya?ml$/.test(name))
    const paths = [path, ...names.map((name) => `${path}.d/${name}`)]
    const found = paths.flatMap((at) => {
      const file = this.#spawned.fileAt(at)
      return file?.file.kind === 'file'
        ? [{ path: at, file: file.file, source: this.#sourceOf(file.path, file.file) }]
        : []
    })
    const reads = paths.map((at) => {
      const own = found.find((file) => file.path === at)
      return { path: at, optional: true, exists: own !== undefined, hops: own?.source.hops(0, 0) ?? hops }
    })
    return { entries: [...this.#possible(path), ...readConfig(found, this.#atoms)], reads }
  }

  /** Settings of files that may be the config file under a name which is not known. */
  #possible(path: string): readonly ConfigEntry[] {
    return unknownFilesLike(this.#files, path).flatMap(({ path: at, file }) => {
      const source = this.#sourceOf(at, file)
      const [name] = this.#atoms.in(at)
      const why = `${name?.what ?? at}, in the name of a file`
      return readConfig([{ path: at, file, source }], this.#atoms).map((entry) => ({
        ...entry,
        value: undefined,
        why,
      }))
    })
  }
}

/** A URL without a host (`https://:6443`) leads to no server: it is as good as an empty one. */
function withHost(url: Carried): Carried {
  return url.state === 'present' && /^\w+:\/\/(?::\d*)?(?:\/|$)/.test(url.text?.text ?? '')
    ? { ...url, state: 'empty' }
    : url
}

/**
 * Whether a datastore is one that servers share: what names no protocol is a file of SQLite, whatever it says.
 * https://github.com/k3s-io/kine/blob/010e6523a817a8659e8d271b56a9ebffecf28534/pkg/endpoint/endpoint.go
 */
function isShared({ state, text }: Carried): boolean | 'unknown' {
  if (state !== 'present') return state === 'maybe' ? 'unknown' : false
  const isKnown = text?.marks.every(({ atom }) => atom.text !== undefined) === true
  return !isKnown || (text.text.includes('://') && !/^sqlite:/.test(text.text))
}

function directory({ state, text }: Carried): string | undefined {
  if (state === 'absent' || state === 'empty') return defaultDataDir
  return text?.marks.every(({ atom }) => atom.text !== undefined) === true ? text.text : undefined
}

/** A boolean flag: there without a value, or with one that Go takes for true. */
function truth({ state, text, carrier }: Carried): boolean | 'unknown' {
  if (state === 'maybe') return 'unknown'
  if (state === 'absent') return false
  if (state === 'empty') return carrier === 'argv'
  if (text?.marks.some(({ atom }) => atom.text === undefined)) return 'unknown'
  return /^(?:1|t|true)$/i.test(text?.text ?? '')
}
