import { join } from 'node:path'
import { roleOf } from '../../airgap/artefactNames.ts'
import { NOTICES, PROGRAM, readManifest } from '../../airgap/bundle.ts'
import { type BundleManifest, MANIFEST, type ManifestFile } from '../../airgap/manifest.ts'
import { singleFile } from '../../airgap/pack/program.ts'
import { UserError } from '../../errors.ts'
import { DELIVER, deliveryFiles } from '../../generate/delivery.ts'
import type { BuiltProgram } from '../../io/bundle/program.ts'
import { realPath, type TreeEntry, treeOf } from '../../io/bundle/tree.ts'
import { isPartial } from '../../io/download/partial.ts'
import { nameOf, pathKind, readBytes, readText, SKIPPED } from '../../io/files.ts'
import { version } from '../../version.ts'
import type { Session } from '../session.ts'
import { LOCK } from './fetch.ts'
import { isBelow } from './packInventory.ts'

/** A file that goes into the archive. */
export interface PackItem {
  /** In the archive, below its top. */
  readonly path: string
  readonly role: ManifestFile['role']
  readonly arch?: ManifestFile['arch']
  readonly source?: string
  readonly content:
    | { readonly file: string }
    | { readonly bytes: Uint8Array }
    /** Not made before its turn: it is large. */
    | { readonly make: () => Uint8Array }
  /** Absolute: the user's file that it is; undefined for what k3seal makes. */
  readonly from?: string
  /** As fetch wrote it down. */
  readonly expected?: Pick<ManifestFile, 'size' | 'sha256'>
}

export interface ArtefactFiles {
  readonly items: readonly PackItem[]
  /** What fetch wrote, where it did. */
  readonly manifest: BundleManifest | undefined
}

/** The files of a directory that is packed, to lie below `place`. Throws `UserError`. */
export function artefactFiles({ cwd }: Session, directory: string, place: string): ArtefactFiles {
  const text = readText(join(directory, MANIFEST))
  const manifest = text === undefined ? undefined : readManifest(text, nameOf(cwd, join(directory, MANIFEST)))
  const known = new Map(manifest?.files.map((file) => [file.path, file]))
  const files = filesBelow(directory, cwd)
  if (files.length === 0)
    throw new UserError('holds no file', {
      at: nameOf(cwd, directory),
      fix: 'fetch what the nodes need first',
    })
  const items = files.map(({ path, absolute, target }): PackItem => {
    const { role, arch, source, size, sha256 } = { ...roleOf(path), ...known.get(path) }
    known.delete(path)
    if (role === 'other' && target !== undefined && !isBelow(realPath(directory), target))
      throw new UserError(`is a symbolic link that leads out of the directory, to ${target}`, {
        at: nameOf(cwd, absolute),
        fix: 'put the file itself in its place, or remove the link',
      })
    return {
      path: `${place}/${path}`,
      role,
      ...(arch === undefined ? {} : { arch }),
      // A path of this machine says nothing at the far side, and differs on the next one.
      ...(source === undefined || !/^https?:/.test(source) ? {} : { source }),
      content: { file: absolute },
      from: absolute,
      ...(size === undefined || sha256 === undefined ? {} : { expected: { size, sha256 } }),
    }
  })
  const [missing] = known.keys()
  if (missing !== undefined)
    throw new UserError(`${missing} is missing, and ${MANIFEST} lists it`, {
      at: nameOf(cwd, directory),
      fix: 'run k3seal airgap fetch again',
    })
  return { items, manifest }
}

/** Without what git, Python and fetch keep for themselves. Throws `UserError` for what is no file, or can't be read. */
function filesBelow(directory: string, cwd: string): readonly TreeEntry[] {
  return treeOf(directory).filter(({ path, absolute, kind, fault }) => {
    const names = path.split('/')
    if (names.some((name) => SKIPPED.has(name)) || isPartial(path) || names.at(-1) === LOCK) return false
    if (fault !== undefined) throw new UserError(fault.message, { at: nameOf(cwd, absolute), fix: fault.fix })
    return kind === 'file'
  })
}

/** The delivery playbook with its templates: the project's own, and k3seal's for what is missing there. */
export function deliveryItems(projects: readonly string[]): readonly PackItem[] {
  const own = projects.find((directory) => pathKind(join(directory, DELIVER)) === 'file')
  return deliveryFiles.map(({ path, text }) => {
    const role = path.includes('/templates/') ? 'template' : 'playbook'
    const from = own === undefined ? undefined : join(own, path)
    const bytes = from === undefined ? undefined : readBytes(from)
    return bytes === undefined || from === undefined
      ? { path, role, content: { bytes: Buffer.from(typeof text === 'string' ? text : text.revealBytes()) } }
      : { path, role, content: { bytes }, from }
  })
}

/** k3seal itself. */
export function programItems(built: BuiltProgram): readonly PackItem[] {
  const text = (): string =>
    built.kind === 'file'
      ? built.text()
      : singleFile({
          modules: new Map([...built.modules].map(([name, read]) => [name, read()])),
          license: built.license,
          version,
        })
  return [
    { path: PROGRAM, role: 'program', content: { make: () => Buffer.from(text()) } },
    ...(built.notices === undefined
      ? []
      : [{ path: NOTICES, role: 'other' as const, content: { bytes: Buffer.from(built.notices) } }]),
  ]
}
