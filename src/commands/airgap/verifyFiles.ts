import { createHash } from 'node:crypto'
import { roleOf } from '../../airgap/artefactNames.ts'
import { ContentCollector } from '../../airgap/images/archiveContent.ts'
import { readImages } from '../../airgap/images/images.ts'
import { VersionSearch } from '../../airgap/verify/binaryVersion.ts'
import { contentKind, readProgram } from '../../airgap/verify/elf.ts'
import {
  type ChecksumLists,
  expectationsOf,
  isChecksumList,
  isManifest,
} from '../../airgap/verify/expectations.ts'
import type { SeenArchive, SeenFile } from '../../airgap/verify/seen.ts'
import { checksumLists, type ListsReading } from '../../airgap/verify/verify.ts'
import { bytes } from '../../airgap/words.ts'
import { UserError } from '../../errors.ts'
import { readArchive } from '../../io/archive/archive.ts'
import { unpacksZstdFast } from '../../io/archive/decompress.ts'
import { type TreeEntry, treeOf } from '../../io/bundle/tree.ts'
import { chunksOf, openFile, sha256Of } from '../../io/hash.ts'
import type { Session } from '../session.ts'

const HEAD = 4096
/** Larger texts are neither inventories nor lists, and are not searched for secrets. */
const MAX_TEXT = 1024 * 1024
const MAX_LIST = 8 * 1024 * 1024
/** Of all texts together. */
const MAX_TEXTS = 32 * 1024 * 1024

export interface BundleFiles {
  readonly files: readonly SeenFile[]
  readonly reading: ListsReading
}

/** Everything below a directory, each file read once and as far as its part in a bundle asks for. Throws `UserError`. */
export async function readBundleFiles(session: Session, directory: string): Promise<BundleFiles> {
  const tree = treeOf(directory)
  await sayWhatTakesLong(session, tree)
  const seen: SeenFile[] = []
  const absolute = new Map<string, string>()
  let texts = 0
  for (const entry of tree) {
    if (entry.kind === 'directory') {
      if (roleOf(entry.path).role !== 'other') seen.push(unreadable(entry, 'is a directory, not a file'))
      continue
    }
    absolute.set(entry.path, entry.absolute)
    const file = entry.fault === undefined ? await begin(entry, MAX_TEXTS - texts) : unreadable(entry)
    texts += file.text?.length ?? 0
    seen.push(file)
  }
  const reading = checksumLists(seen)
  const files: SeenFile[] = []
  for (const file of seen)
    files.push(await whole(session, file, absolute.get(file.path) ?? '', reading.lists))
  return { files, reading }
}

/** Bytes of .zst archives from which on the wait has to be explained. */
const MUCH_ZSTD = 64 * 1024 * 1024

async function sayWhatTakesLong({ env, stderr }: Session, tree: readonly TreeEntry[]): Promise<void> {
  const packed = tree.filter(({ path }) => /\.(?:tar\.zst|tzst)$/.test(path))
  const size = packed.reduce((sum, entry) => sum + entry.size, 0)
  if (size < MUCH_ZSTD || (await unpacksZstdFast(env))) return
  stderr.write(
    `note: ${bytes(size)} of zstd are unpacked by JavaScript, which takes long: Node 22.15 or newer does it fast, and so does the program zstd\n`,
  )
}

function unreadable({ path, size, mode, fault }: TreeEntry, message?: string): SeenFile {
  return {
    path,
    size,
    mode,
    head: Buffer.alloc(0),
    fault: {
      message: message ?? fault?.message ?? '',
      fix: fault?.fix ?? 'put the file itself in its place',
    },
  }
}

/** Its first bytes, and all of it where it is a text. */
async function begin(entry: TreeEntry, room: number): Promise<SeenFile> {
  const { path, absolute, size, mode } = entry
  try {
    const most = isChecksumList(path) || isManifest(path) ? MAX_LIST : MAX_TEXT
    const wanted = size <= Math.min(most, room) ? size : HEAD
    const file = await openFile(absolute)
    try {
      const buffer = Buffer.alloc(wanted)
      const { bytesRead } = wanted === 0 ? { bytesRead: 0 } : await file.read(buffer, 0, wanted, 0)
      const bytes = buffer.subarray(0, bytesRead)
      const head = Buffer.from(bytes.subarray(0, HEAD))
      const isText = wanted === size && !head.includes(0)
      return {
        path,
        size,
        mode,
        head,
        ...(wanted === size ? { sha256: createHash('sha256').update(bytes).digest('hex') } : {}),
        ...(isText ? { text: bytes.toString('utf8') } : {}),
      }
    } finally {
      await file.close()
    }
  } catch (error) {
    return failed(entry, error)
  }
}

async function whole(
  session: Session,
  file: SeenFile,
  absolute: string,
  lists: ChecksumLists,
): Promise<SeenFile> {
  if (file.fault !== undefined) return file
  const name = file.path.slice(file.path.lastIndexOf('/') + 1)
  const isExpected = expectationsOf(file, lists).length > 0
  try {
    // A file that was only reserved, of any size: there is nothing to be read to its end.
    if (roleOf(name).role === 'images' && !isExpected && contentKind(file.head) === 'all zeros')
      return { ...file, archive: EMPTY }
    if (roleOf(name).role === 'images') return await withArchive(session, file, absolute, isExpected)
    if (/^k3s(?:[-_.]|$)/.test(name) && readProgram(file.head).kind === 'elf')
      return await withVersions(file, absolute)
    if (isExpected && file.sha256 === undefined) return { ...file, sha256: await sha256Of(absolute) }
    return file
  } catch (error) {
    return failed(file, error)
  }
}

const EMPTY: SeenArchive = {
  compression: 'none',
  fault: { kind: 'no-archive', message: 'it begins with zeros' },
  sumUnchecked: false,
  digests: false,
  dropped: 0,
  files: new Map(),
  images: { layout: undefined, images: [], faults: [] },
}

async function withVersions(file: SeenFile, absolute: string): Promise<SeenFile> {
  const search = new VersionSearch()
  const hash = createHash('sha256')
  const handle = await openFile(absolute)
  try {
    for await (const chunk of chunksOf(handle, absolute)) {
      hash.update(chunk)
      search.take(chunk)
    }
  } finally {
    await handle.close()
  }
  return { ...file, sha256: hash.digest('hex'), versions: search.end() }
}

/** With a checksum of the archive as a whole, those of its layers would be found out for nothing. */
async function withArchive(
  { env }: Session,
  file: SeenFile,
  absolute: string,
  isExpected: boolean,
): Promise<SeenFile> {
  const content = new ContentCollector({ digests: !isExpected })
  const { sha256, size, compression, end, fault, window, sumUnchecked } = await readArchive(
    absolute,
    (entry) => content.visit(entry),
    { env },
  )
  const images = readImages(content)
  return {
    ...file,
    size,
    sha256,
    archive: {
      compression,
      ...(end === undefined ? {} : { end }),
      ...(fault === undefined ? {} : { fault }),
      window,
      sumUnchecked,
      digests: !isExpected,
      dropped: content.dropped,
      files: new Map(
        images.images
          .flatMap(({ platforms }) => platforms.flatMap(({ entries }) => entries))
          .flatMap((name) => {
            const own = content.files.get(name)
            return own === undefined ? [] : [[name, own] as const]
          }),
      ),
      images,
    },
  }
}

function failed(file: Pick<SeenFile, 'path' | 'size' | 'mode'>, error: unknown): SeenFile {
  if (!(error instanceof UserError)) throw error
  const { path, size, mode } = file
  return { path, size, mode, head: Buffer.alloc(0), fault: { message: error.message, fix: error.fix } }
}
