import type { Platform } from './imageJson.ts'

/** One platform of an image in an archive. */
export interface PlatformImage {
  readonly platform: Platform
  /** Entries that it needs and that are not there. */
  readonly missing: readonly string[]
  /** Entries whose bytes are not those that their digest names. */
  readonly damaged: readonly string[]
  /** Entries that it is made of, its layers and the rest: what a node stores. */
  readonly entries: readonly string[]
  readonly layers: readonly string[]
}

export interface ArchivedImage {
  /** In full; undefined: it has none that K3s could ask for. */
  readonly name: string | undefined
  /** As the archive has it. */
  readonly written: string
  /** What the name leads to: the digest of an index or a manifest, or the config of a docker-archive. */
  readonly target: string
  /** Those that are there at least in part. */
  readonly platforms: readonly PlatformImage[]
  /** Platforms that its index lists, and of which nothing is there. */
  readonly absent: readonly Platform[]
}

/** What containerd would import from an archive. */
export interface ImagesReading {
  /** How containerd reads it: as an OCI layout, where it is one. */
  readonly layout: 'oci' | 'docker' | undefined
  readonly images: readonly ArchivedImage[]
  /** Why nothing, or not all, can be imported. */
  readonly faults: readonly string[]
}
