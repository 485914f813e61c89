import type { Artefact } from '../artefact.ts'
import { type Checksums, checksumOf } from '../checksums.ts'
import type { BundleManifest, ManifestFile } from '../manifest.ts'

/** A file that is in its place, with the right sum. */
export interface FetchedFile {
  readonly artefact: Artefact
  /** Without secrets. */
  readonly url: string
  /** Bytes. */
  readonly size: number
  readonly sha256: string
  /** `resumed`: a part of it was there from an earlier run. */
  readonly state: 'downloaded' | 'resumed' | 'present'
  /** Requests that it took, redirects not counted. */
  readonly attempts: number
}

/** A file that is not. */
export interface MissedFile {
  readonly artefact: Artefact
  /** Without secrets. */
  readonly url: string
  readonly message: string
  readonly fix: string
  /** Whether nodes start without it. */
  readonly isSpare: boolean
}

export interface Fetched {
  /** In the order of the plan. */
  readonly files: readonly FetchedFile[]
  readonly missed: readonly MissedFile[]
}

/** `isUnlisted`: no list has it; else two of them disagree. */
export type Vouched =
  | { readonly sha256: string }
  | { readonly message: string; readonly fix: string; readonly isUnlisted: boolean }

/** A list that the user names, with the path as it was named. */
export interface OwnChecksums {
  readonly path: string
  readonly checksums: Checksums
}

/**
 * The sum that an artefact has to have: of the release's own list and the user's, which have to agree; or why there is none.
 * `lists`: what the release's lists say, by `target`; one that could not be had is not among them.
 */
export function vouched(
  { asset, target, checksums }: Artefact,
  lists: ReadonlyMap<string, Checksums>,
  own: readonly OwnChecksums[],
): Vouched {
  const list = checksums === undefined ? undefined : lists.get(checksums)
  const release = list === undefined ? undefined : checksumOf(list, asset, target)
  const named = own.flatMap(({ path, checksums: sums }) => {
    const sum = checksumOf(sums, asset, target)
    return sum === undefined ? [] : [{ path, sum }]
  })
  const all = [...(release === undefined ? [] : [{ path: checksums, sum: release }]), ...named]
  const [first, ...others] = all
  if (first === undefined) {
    const trusted = `a file with the line "<sha256>  ${asset}" by --checksums`
    if (checksums !== undefined && list === undefined)
      return {
        message: `nothing vouches for it: ${checksums} could not be had`,
        fix: `see why ${checksums} could not be had; or get its SHA-256 from a place that you trust, and name ${trusted}`,
        isUnlisted: true,
      }
    return {
      message: `nothing vouches for it: ${checksums === undefined ? 'its release has no list of checksums' : `${checksums} does not list it`}`,
      fix: `get its SHA-256 from a place that you trust, and name ${trusted}`,
      isUnlisted: true,
    }
  }
  const other = others.find(({ sum }) => sum !== first.sum)
  if (other !== undefined)
    return {
      message: `${first.path} and ${other.path} have different checksums for it`,
      fix: 'find out which of them is right before anything of it is used',
      isUnlisted: false,
    }
  return { sha256: first.sum }
}

/** What `fetch` writes beside the files when all are there. */
export function fetchedManifest(k3sVersion: string, files: readonly FetchedFile[]): BundleManifest {
  const architectures = new Set(files.flatMap(({ artefact: { arch } }) => (arch === 'any' ? [] : [arch])))
  return {
    version: 1,
    k3sVersion,
    architectures: [...architectures].sort(),
    files: files
      .map(
        ({ artefact: { role, target, arch }, url, size, sha256 }): ManifestFile => ({
          path: target,
          size,
          sha256,
          role,
          ...(arch === 'any' ? {} : { arch }),
          // A path of the control node is of no use elsewhere, and nobody else's business.
          ...(/^https?:/.test(url) ? { source: url } : {}),
        }),
      )
      .sort((a, b) => (a.path < b.path ? -1 : 1)),
  }
}

/** `airgap fetch --json`. */
export function fetchedJson({ files, missed }: Fetched): string {
  const json = {
    version: 1,
    files: files.map(({ artefact: { asset, target }, url, size, sha256, state, attempts }) => ({
      asset,
      target,
      url,
      size,
      sha256,
      state,
      attempts,
    })),
    missed: missed.map(({ artefact: { asset, target }, url, message, fix }) => ({
      asset,
      target,
      url,
      message,
      cure: fix,
    })),
  }
  return `${JSON.stringify(json, undefined, 2)}\n`
}
