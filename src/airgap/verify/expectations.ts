import { airgapArchitectures, airgapRole } from '../../facts/airgap.ts'
import { SUMS } from '../bundle.ts'
import { type Checksums, checksumOf } from '../checksums.ts'
import { type BundleManifest, MANIFEST } from '../manifest.ts'
import { readProgram } from './elf.ts'
import type { SeenFile } from './seen.ts'

/** What a file has to be, and who says so. */
export interface Expectation {
  /** Path of the list. */
  readonly source: string
  readonly sha256: string
  /** Bytes, where it says them. */
  readonly size?: number
}

export interface ChecksumLists {
  /** By path: `sha256sum-<arch>.txt`, `install.sh.sha256sum`, `SHA256SUMS`. */
  readonly sums: ReadonlyMap<string, Checksums>
  /** By path. */
  readonly manifests: ReadonlyMap<string, BundleManifest>
}

/** Whether a file lists the checksums of the files beside it. */
export function isChecksumList(path: string): boolean {
  const name = path.slice(path.lastIndexOf('/') + 1)
  return name === SUMS || /^sha256sum-.+\.txt$/.test(name) || /\.sha256(?:sum)?$/.test(name)
}

export function isManifest(path: string): boolean {
  return path === MANIFEST || path.endsWith(`/${MANIFEST}`)
}

/** All that the lists of a bundle say of one file. Lists speak of the files beside and below them. */
export function expectationsOf(
  { path, head }: Pick<SeenFile, 'path' | 'head'>,
  { sums, manifests }: ChecksumLists,
): readonly Expectation[] {
  const fromSums = [...sums].flatMap(([source, list]): readonly Expectation[] => {
    const below = belowDirectoryOf(source, path)
    if (below === undefined || source === path) return []
    const isOwn = source === SUMS || source.endsWith(`/${SUMS}`)
    const sha256 = isOwn
      ? (list.sums.get(below) ?? list.sums.get(`./${below}`))
      : releaseSum(list, below, head)
    return sha256 === undefined ? [] : [{ source, sha256 }]
  })
  const fromManifests = [...manifests].flatMap(([source, { files }]): readonly Expectation[] => {
    const below = belowDirectoryOf(source, path)
    const file = files.find((own) => own.path === below)
    return file === undefined ? [] : [{ source, sha256: file.sha256, size: file.size }]
  })
  return [...fromSums, ...fromManifests]
}

/** A release's list names its assets; in `airgap_dir` some are called otherwise. */
function releaseSum(list: Checksums, name: string, head: Uint8Array): string | undefined {
  if (name === airgapRole.installScript || name === 'install.sh') return checksumOf(list, 'install.sh', name)
  const program = name === airgapRole.fallback ? readProgram(head) : undefined
  // Under this name every architecture's binary may lie; the lists call that of amd64 so.
  if (program?.kind === 'elf')
    return program.arch === undefined ? undefined : checksumOf(list, airgapArchitectures[program.arch].asset)
  const asset = Object.values(airgapArchitectures).find(({ target }) => target === name)?.asset
  return asset === undefined ? checksumOf(list, name) : checksumOf(list, asset)
}

/** The files that a list names and that lie below its directory, as paths of the bundle. */
export function listedPaths({ sums, manifests }: ChecksumLists): ReadonlyMap<string, string> {
  const paths = new Map<string, string>()
  const prefix = (source: string): string => source.slice(0, source.lastIndexOf('/') + 1)
  for (const [source, { files }] of manifests)
    for (const { path } of files) paths.set(`${prefix(source)}${path}`, source)
  for (const [source, list] of sums)
    if (source === SUMS || source.endsWith(`/${SUMS}`))
      for (const name of list.sums.keys()) paths.set(`${prefix(source)}${name.replace(/^\.\//, '')}`, source)
  return paths
}

function belowDirectoryOf(source: string, path: string): string | undefined {
  const directory = source.slice(0, source.lastIndexOf('/') + 1)
  return path.startsWith(directory) ? path.slice(directory.length) : undefined
}
