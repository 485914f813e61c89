import { credentialDirectories } from '../../facts/systemd.ts'
import { cut } from '../../syntax/sourced.ts'
import { unitWords } from '../../syntax/unitWords.ts'
import type { Arrival } from '../arrival.ts'
import type { Atoms, Hop } from '../atoms.ts'
import type { PaperFile, PaperFiles } from '../files.ts'
import { type Directive, directivesOf } from './directives.ts'
import { envFileParts, noLetters } from './envFiles.ts'
import { execCommands, execLine, expandVariables } from './execStart.ts'
import { type Letters, madeLetters, markedText, type Source, unknownIn, withAtom } from './letters.ts'
import { fileAt, globPaths, unknownFileAt } from './paths.ts'
import { type EnvironmentPart, type Process, variableName } from './process.ts'
import { credentialsOf, expandSpecifiers, type UnitName } from './specifiers.ts'
import { afterEarlier, type EarlierCommand } from './startPre.ts'
import type { UnitInForce } from './unitFiles.ts'

type Reads = Arrival['reads'][number]
export type SourceOf = (path: string, file: PaperFile) => Source

/** What systemd would execute for a unit, its environment as it would be put together. */
export function systemdProcess(
  files: PaperFiles,
  unit: UnitInForce,
  sourceOf: SourceOf,
  atoms: Atoms,
): Process {
  const name: UnitName = { full: unit.name, fragment: unit.fragment.path }
  const lines = serviceLines(unit, sourceOf, atoms)
  const hops = sourceOf(unit.fragment.path, unit.fragment.file).hops(0, 0)
  const given = [
    ...lines.unknown,
    ...credentialsVariable(lines.directives, name),
    ...passedOn(lines.directives, name, atoms),
    ...environmentOf(lines.directives, name, atoms),
  ]
  const first = environmentFiles(lines.directives, files, name, sourceOf, atoms)
  const earlier = earlierCommands(lines.directives, name, [...given, ...first.parts], atoms)
  const left = afterEarlier(earlier, files, [...given, ...first.parts], sourceOf, atoms)
  const read =
    left.files === files ? first : environmentFiles(lines.directives, left.files, name, sourceOf, atoms)
  const all = [...left.unknown, ...given, ...read.parts]
  const environment = withoutUnset(all, lines.directives, name, atoms)
  const exec = commandOf(lines.directives, name, environment, atoms)
  const credentials = credentialFiles(lines.directives, files, name, atoms)
  return {
    argv: exec.argv,
    environment,
    reads: read.reads,
    hops: exec.hops.length > 0 ? exec.hops : hops,
    // A file that has to be there has to be so before the first command.
    failure: lines.isUnknown ? undefined : (first.failure ?? exec.failure),
    unknown: lines.isUnknown ? lines.unknown[0]?.why : exec.unknown,
    fileAt: (path) => fileAt(credentials, path) ?? fileAt(left.files, path),
  }
}

/** The lines of `[Service]` over the unit and its drop-ins. What is not known there may set any variable. */
function serviceLines(
  unit: UnitInForce,
  sourceOf: SourceOf,
  atoms: Atoms,
): {
  readonly directives: readonly Directive[]
  readonly unknown: readonly EnvironmentPart[]
  readonly isUnknown: boolean
} {
  const directives: Directive[] = []
  const unknown: EnvironmentPart[] = []
  const add = (why: string, hops: readonly Hop[]): number =>
    unknown.push({ name: undefined, value: noLetters, carrier: 'environment', hops, why })
  for (const { path, file } of [unit.fragment, ...unit.dropIns]) {
    const source = sourceOf(path, file)
    if (typeof file.content !== 'string') {
      add(file.content.unknown, source.hops(0, 0))
      continue
    }
    for (const line of directivesOf(file.content, source, 'Service', atoms)) {
      if (line.key !== undefined) directives.push(line)
      else add(unknownIn(line.value)?.what ?? '', source.hops(line.start, line.end))
    }
  }
  return { directives, unknown, isUnknown: typeof unit.fragment.file.content !== 'string' }
}

function hopsAt({ source, start, end }: Directive): readonly Hop[] {
  return source.hops(start, end)
}

/** Directives of one name, those before an empty one forgotten. */
function inForce(directives: readonly Directive[], key: string): readonly Directive[] {
  const all = directives.filter((directive) => directive.key === key)
  return all.slice(all.findLastIndex(({ value }) => value.text === '') + 1)
}

function environmentOf(
  directives: readonly Directive[],
  unit: UnitName,
  atoms: Atoms,
): readonly EnvironmentPart[] {
  return inForce(directives, 'Environment').flatMap((directive) => {
    const hops = hopsAt(directive)
    return unitWords(directive.value, 'strict').words.flatMap((word): readonly EnvironmentPart[] => {
      const resolved = expandSpecifiers(word, unit, atoms)
      if (resolved === undefined) return []
      const equals = resolved.text.indexOf('=')
      const name = equals === -1 ? resolved : cut(resolved, 0, equals)
      const unknown = unknownIn(name)
      const carrier = 'environment'
      if (unknown !== undefined)
        return [{ name: undefined, value: noLetters, carrier, hops, why: unknown.what }]
      if (equals === -1 || !variableName.test(name.text)) return []
      return [{ name: name.text, value: cut(resolved, equals + 1), carrier, hops, why: '' }]
    })
  })
}

/** The variables of `PassEnvironment=`: only the manager itself knows whether it has them. */
function passedOn(
  directives: readonly Directive[],
  unit: UnitName,
  atoms: Atoms,
): readonly EnvironmentPart[] {
  return inForce(directives, 'PassEnvironment').flatMap((directive) =>
    unitWords(directive.value, 'strict').words.flatMap((word): readonly EnvironmentPart[] => {
      const name = expandSpecifiers(word, unit, atoms)
      const origin = word.originAt(0)
      if (name === undefined || origin === undefined || !variableName.test(name.text)) return []
      const what = `${name.text} of the service manager`
      const atom = atoms.root(`variable of ${what}`, { kind: 'unknown', what })
      const value = madeLetters(atoms.mark(atom), withAtom(origin, atom))
      return [{ name: name.text, value, carrier: 'environment', hops: hopsAt(directive), why: '' }]
    }),
  )
}

function environmentFiles(
  directives: readonly Directive[],
  files: PaperFiles,
  unit: UnitName,
  sourceOf: SourceOf,
  atoms: Atoms,
): {
  readonly parts: readonly EnvironmentPart[]
  readonly reads: readonly Reads[]
  readonly failure: string | undefined
} {
  const parts: EnvironmentPart[] = []
  const reads: Reads[] = []
  let failure: string | undefined
  for (const directive of inForce(directives, 'EnvironmentFile')) {
    const hops = hopsAt(directive)
    const optional = directive.value.text.startsWith('-')
    const path = expandSpecifiers(cut(directive.value, optional ? 1 : 0), unit, atoms)
    if (path === undefined) continue
    const unknown = unknownIn(path)
    const written = unknown === undefined ? undefined : unknownFileAt(files, path.text, atoms)
    if (written !== undefined) {
      const source = sourceOf(written.path, written.file)
      reads.push({ path: path.text, optional, exists: true, hops: [...source.hops(0, 0), ...hops] })
      parts.push(...envFileParts(written.file, source, hops, atoms))
      continue
    }
    if (unknown !== undefined) {
      reads.push({ path: path.text, optional, exists: false, hops })
      parts.push({ name: undefined, value: noLetters, carrier: 'env-file', hops, why: unknown.what })
      continue
    }
    if (!path.text.startsWith('/') || path.text.split('/').includes('..')) continue
    const found = globPaths(files, path.text).filter((at) => fileAt(files, at)?.file.kind === 'file')
    if (found.length === 0) reads.push({ path: path.text, optional, exists: false, hops })
    if (found.length === 0 && !optional)
      failure ??= `the unit needs the env file ${path.text}, which is missing`
    for (const at of found) {
      const { path: real, file } = fileAt(files, at) ?? {}
      if (real === undefined || file === undefined) continue
      const source = sourceOf(real, file)
      reads.push({ path: at, optional, exists: true, hops: [...source.hops(0, 0), ...hops] })
      parts.push(...envFileParts(file, source, hops, atoms))
    }
  }
  return { parts, reads, failure }
}

function withoutUnset(
  parts: readonly EnvironmentPart[],
  directives: readonly Directive[],
  unit: UnitName,
  atoms: Atoms,
): readonly EnvironmentPart[] {
  const unset = inForce(directives, 'UnsetEnvironment').flatMap(({ value }) =>
    unitWords(value, 'strict').words.flatMap((word) => expandSpecifiers(word, unit, atoms)?.text ?? []),
  )
  if (unset.length === 0) return parts
  const last = new Map(parts.map((part) => [part.name, part]))
  const gone = new Set(
    [...last.values()].flatMap(({ name, value }) =>
      name !== undefined && (unset.includes(name) || unset.includes(`${name}=${value.text}`)) ? [name] : [],
    ),
  )
  return parts.filter(({ name }) => name === undefined || !gone.has(name))
}

/** In the order that systemd runs them in. */
function earlierCommands(
  directives: readonly Directive[],
  unit: UnitName,
  environment: readonly EnvironmentPart[],
  atoms: Atoms,
): readonly EarlierCommand[] {
  return ['ExecCondition', 'ExecStartPre'].flatMap((key) =>
    inForce(directives, key).flatMap((directive) =>
      execCommands(directive.value, unit, atoms).map(({ words, isLiteral }) => ({
        words: isLiteral ? words : expandVariables(words, environment, atoms),
        hops: hopsAt(directive),
      })),
    ),
  )
}

interface Exec {
  readonly argv: readonly Letters[]
  readonly hops: readonly Hop[]
  readonly failure: string | undefined
  readonly unknown: string | undefined
}

function commandOf(
  directives: readonly Directive[],
  unit: UnitName,
  environment: readonly EnvironmentPart[],
  atoms: Atoms,
): Exec {
  const commands = inForce(directives, 'ExecStart').flatMap((directive) =>
    execCommands(directive.value, unit, atoms).map((command) => ({ command, hops: hopsAt(directive) })),
  )
  const type = directives.findLast(({ key }) => key === 'Type')?.value
  const isOneshot = type !== undefined && (type.text === 'oneshot' || unknownIn(type) !== undefined)
  const [first] = commands
  const given = directives.findLast(({ key, value }) => key === 'ExecStart' && value.text !== '')
  if (first === undefined) {
    const refused = given === undefined ? undefined : execLine(given.value, unit, atoms).refused
    return {
      argv: [],
      hops: given === undefined ? [] : hopsAt(given),
      failure:
        refused === undefined ? 'the unit has no ExecStart=' : `systemd ignores ExecStart= for ${refused}`,
      unknown: undefined,
    }
  }
  const failure =
    commands.length > 1 && !isOneshot
      ? 'the unit has more than one ExecStart=, which systemd refuses but for Type=oneshot'
      : undefined
  const chosen = commands.find(({ command }) => /k3s/.test(command.words[0]?.text ?? '')) ?? first
  const { words, isLiteral } = chosen.command
  const argv = isLiteral ? words : expandVariables(words, environment, atoms)
  return { argv, hops: chosen.hops, failure, unknown: undefined }
}

/** What `LoadCredential=` and `SetCredential=` put below `%d`. */
function credentialFiles(
  directives: readonly Directive[],
  files: PaperFiles,
  unit: UnitName,
  atoms: Atoms,
): PaperFiles {
  const found = new Map<string, PaperFile>()
  const put = (id: string, file: PaperFile): unknown => found.set(`${credentialsOf(unit.full)}/${id}`, file)
  for (const directive of inForce(directives, 'SetCredential')) {
    const { id, value } = credential(expandSpecifiers(directive.value, unit, atoms) ?? noLetters)
    const hops = hopsAt(directive)
    const [hop] = hops
    const content = hop === undefined ? value.text : markedText(value, hop, atoms)
    put(id, { kind: 'file', content, mode: 0o400, owner: undefined, hops })
  }
  for (const directive of inForce(directives, 'LoadCredential')) {
    const { id, value } = credential(expandSpecifiers(directive.value, unit, atoms) ?? noLetters)
    const name = value.text === '' ? id : value.text
    const paths = name.startsWith('/')
      ? [name]
      : credentialDirectories.map((directory) => `${directory}/${name}`)
    const source = paths.map((path) => fileAt(files, path)).find((file) => file !== undefined)
    if (source !== undefined) put(id, { ...source.file, hops: [...source.file.hops, ...hopsAt(directive)] })
  }
  for (const key of credentialKeys.slice(2))
    for (const directive of inForce(directives, key)) {
      const { id } = credential(directive.value)
      const atom = atoms.root(`credential ${unit.full} ${id}`, {
        kind: 'runtime',
        what: 'an encrypted credential',
        isFilled: true,
      })
      const content = atoms.mark(atom)
      put(id, { kind: 'file', content, mode: 0o400, owner: undefined, hops: hopsAt(directive) })
    }
  return found
}

const credentialKeys = [
  'LoadCredential',
  'SetCredential',
  'LoadCredentialEncrypted',
  'SetCredentialEncrypted',
]

/** Set as soon as a unit has a credential. */
function credentialsVariable(directives: readonly Directive[], unit: UnitName): readonly EnvironmentPart[] {
  const directive = credentialKeys.flatMap((key) => inForce(directives, key))[0]
  const origin = directive?.value.originAt(0)
  if (directive === undefined || origin === undefined) return []
  const value = madeLetters(credentialsOf(unit.full), withAtom(origin, undefined))
  const hops = hopsAt(directive)
  return [{ name: 'CREDENTIALS_DIRECTORY', value, carrier: 'environment', hops, why: '' }]
}

function credential(value: Letters): { readonly id: string; readonly value: Letters } {
  const colon = value.text.indexOf(':')
  return colon === -1
    ? { id: value.text, value: noLetters }
    : { id: value.text.slice(0, colon), value: cut(value, colon + 1) }
}
