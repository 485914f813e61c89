import type { ArchiveContent } from './archiveContent.ts'
import { dockerImages } from './dockerImages.ts'
import { isRecord, type Platform, parseJson } from './imageJson.ts'
import { OciReader } from './ociImages.ts'

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

/**
 * Reads an archive as containerd does: as an OCI layout where `oci-layout` says so, else as what `docker save` writes.
 * https://github.com/containerd/containerd/blob/44a836c9b5c5bd6303ddf31540b080a4c3af7b71/core/images/archive/importer.go
 */
export function readImages(content: ArchiveContent): ImagesReading {
  const layout = content.texts.get('oci-layout')
  const { imageLayoutVersion } = recordOf(layout)
  if (typeof imageLayoutVersion === 'string' && imageLayoutVersion !== '') {
    if (imageLayoutVersion !== '1.0.0')
      return { layout: 'oci', images: [], faults: [`its OCI layout is of version ${imageLayoutVersion}`] }
    return named(new OciReader(content).read())
  }
  if (content.files.has('manifest.json')) return named(dockerImages(content))
  return {
    layout: undefined,
    images: [],
    faults: ['it holds neither oci-layout nor manifest.json: it is no archive of images'],
  }
}

/** One name of several manifests, as skopeo writes an image of many platforms without an index: containerd keeps the last. */
function named(reading: ImagesReading): ImagesReading {
  const byName = new Map<string, ArchivedImage>()
  for (const image of reading.images) byName.set(image.name ?? `\0${image.written} ${image.target}`, image)
  return { ...reading, images: [...byName.values()] }
}

function recordOf(text: string | undefined): Readonly<Record<string, unknown>> {
  const value = parseJson(text)
  return isRecord(value) ? value : {}
}
