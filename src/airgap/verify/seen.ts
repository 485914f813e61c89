import type { ArchivedFile } from '../images/archiveContent.ts'
import type { ImagesReading } from '../images/archivedImage.ts'

/** One file of a bundle's directory, as far as it was read. */
export interface SeenFile {
  /** Below the directory, with `/`. */
  readonly path: string
  /** Bytes. */
  readonly size: number
  /** Permission bits; undefined where the system has none. */
  readonly mode: number | undefined
  /** Why it can't be read, and how that is put right. */
  readonly fault?: { readonly message: string; readonly fix: string }
  /** Its first bytes, 4096 or all. */
  readonly head: Uint8Array
  /** All of a small text. */
  readonly text?: string
  /** Of all of it, where it was read to its end. */
  readonly sha256?: string
  /** Versions of K3s that stand in a program. */
  readonly versions?: readonly string[]
  readonly archive?: SeenArchive
}

export interface SeenArchive {
  readonly compression: 'none' | 'gzip' | 'zstd' | 'lz4' | 'bzip2' | 'xz'
  /** Why it was not read to its end. `entry`: where, as it stands in the archive. */
  readonly fault?: { readonly kind: string; readonly message: string; readonly entry?: string }
  /** Undefined where reading stopped before its end. */
  readonly end?: { readonly closed: boolean; readonly trailing: boolean }
  /** The largest window of its zstd data, in bytes. */
  readonly window?: number
  /** The checksums in its zstd data were not compared. */
  readonly sumUnchecked: boolean
  readonly files: ReadonlyMap<string, ArchivedFile>
  /** Whether the digests of its entries were compared. */
  readonly digests: boolean
  /** Entries too many to be kept. */
  readonly dropped: number
  readonly images: ImagesReading
}
