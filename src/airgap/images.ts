import type { ArchiveContent } from './archiveContent.ts'
import {
  type Descriptor,
  descriptorOf,
  isRecord,
  type Platform,
  parseJson,
  platformOf,
  textsOf,
} from './imageJson.ts'
import { fullReference } from './imageReference.ts'

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

/** Of nested indexes: one is usual, two are seen. */
const MAX_DEPTH = 4
/** Of entries in all the indexes of an archive. */
const MAX_DESCRIPTORS = 20_000

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
    return new OciReader(content).read()
  }
  if (content.files.has('manifest.json')) return readDocker(content)
  return {
    layout: undefined,
    images: [],
    faults: ['it holds neither oci-layout nor manifest.json: it is no archive of images'],
  }
}

class OciReader {
  readonly #content: ArchiveContent
  readonly #faults: string[] = []
  #left = MAX_DESCRIPTORS

  constructor(content: ArchiveContent) {
    this.#content = content
  }

  read(): ImagesReading {
    const text = this.#content.texts.get('index.json')
    const index = parseJson(text)
    if (text === undefined || !isRecord(index) || !Array.isArray(index.manifests))
      return {
        layout: 'oci',
        images: [],
        faults: [
          this.#content.files.has('index.json')
            ? 'its index.json is no index of images'
            : 'it lacks index.json, the list of its images',
        ],
      }
    const images = index.manifests.slice(0, this.#left).flatMap((entry: unknown) => {
      const descriptor = descriptorOf(entry)
      if (descriptor === undefined) {
        this.#faults.push('its index.json has an entry without a digest')
        return []
      }
      return [this.#image(descriptor)]
    })
    if (this.#left <= 0) this.#faults.push(`its indexes have more than ${MAX_DESCRIPTORS} entries`)
    return { layout: 'oci', images: sameNamesJoined(images), faults: [...new Set(this.#faults)] }
  }

  #image(descriptor: Descriptor): ArchivedImage {
    // `imageName` of containerd's client/import.go: its own annotation first.
    const written =
      descriptor.annotations['io.containerd.image.name'] ??
      descriptor.annotations['org.opencontainers.image.ref.name'] ??
      ''
    const platforms: PlatformImage[] = []
    const absent: Platform[] = []
    this.#resolve(descriptor, 0, platforms, absent)
    return {
      name: /[:/]/.test(written) ? fullReference(written) : undefined,
      written,
      target: descriptor.digest,
      platforms,
      absent,
    }
  }

  #resolve(descriptor: Descriptor, depth: number, platforms: PlatformImage[], absent: Platform[]): void {
    if (--this.#left <= 0) return
    const entry = blobName(descriptor.digest)
    // Provenance and other attestations are listed as images of no platform: https://docs.docker.com/build/metadata/attestations/attestation-storage/
    if (descriptor.platform?.os === 'unknown') return
    if (!this.#content.files.has(entry)) {
      if (depth === 0)
        platforms.push({ platform: UNKNOWN, missing: [entry], damaged: [], entries: [], layers: [] })
      else absent.push(descriptor.platform ?? UNKNOWN)
      return
    }
    const manifest = parseJson(this.#content.texts.get(entry))
    if (isRecord(manifest) && Array.isArray(manifest.manifests) && depth < MAX_DEPTH) {
      for (const child of manifest.manifests) {
        const own = descriptorOf(child)
        if (own !== undefined) this.#resolve(own, depth + 1, platforms, absent)
      }
      if (this.#isDamaged(entry)) this.#faults.push(`${entry} is not what its digest says`)
      return
    }
    const config = isRecord(manifest) ? descriptorOf(manifest.config) : undefined
    if (!isRecord(manifest) || config === undefined || !Array.isArray(manifest.layers)) {
      this.#faults.push(`${entry} is no manifest of an image`)
      return
    }
    const layers = manifest.layers.flatMap((layer: unknown) => descriptorOf(layer) ?? [])
    const layerNames = layers.map(({ digest }) => blobName(digest))
    const entries = [entry, blobName(config.digest), ...layerNames]
    const missing = entries.filter((name) => !this.#content.files.has(name))
    // With all of its blobs away but the manifest, a platform was left out on purpose: `WithSkipMissing` of containerd's exporter.
    if (depth > 0 && missing.length === entries.length - 1) {
      absent.push(descriptor.platform ?? UNKNOWN)
      return
    }
    const sizes = new Map([descriptor, config, ...layers].map(({ digest, size }) => [blobName(digest), size]))
    platforms.push({
      platform:
        platformOf(parseJson(this.#content.texts.get(blobName(config.digest)))) ??
        descriptor.platform ??
        UNKNOWN,
      missing: [...new Set(missing)],
      damaged: [...new Set(entries)].filter((name) => this.#isDamaged(name, sizes.get(name))),
      entries,
      layers: layerNames,
    })
  }

  #isDamaged(name: string, size?: number): boolean {
    const file = this.#content.files.get(name)
    if (file === undefined) return false
    if (size !== undefined && size !== file.size) return true
    return file.sha256 !== undefined && !name.endsWith(file.sha256)
  }
}

const UNKNOWN: Platform = { os: 'unknown', architecture: 'unknown' }

function blobName(digest: string): string {
  return `blobs/${digest.replace(':', '/')}`
}

/** One name of several manifests, as skopeo writes an image of many platforms without an index: containerd keeps the last. */
function sameNamesJoined(images: readonly ArchivedImage[]): readonly ArchivedImage[] {
  const byName = new Map<string, ArchivedImage>()
  for (const image of images) byName.set(image.name ?? `\0${image.written} ${image.target}`, image)
  return [...byName.values()]
}

/** `docker save` before version 25, and whatever writes manifest.json without oci-layout. */
function readDocker(content: ArchiveContent): ImagesReading {
  const manifests = parseJson(content.texts.get('manifest.json'))
  if (!Array.isArray(manifests))
    return { layout: 'docker', images: [], faults: ['its manifest.json is no list of images'] }
  const faults: string[] = []
  const images = manifests
    .slice(0, MAX_DESCRIPTORS)
    .flatMap((manifest: unknown): readonly ArchivedImage[] => {
      if (!isRecord(manifest) || typeof manifest.Config !== 'string') {
        faults.push('its manifest.json has an entry without a config')
        return []
      }
      const layers = textsOf(manifest.Layers)
      const names = textsOf(manifest.RepoTags)
      const config = manifest.Config
      const found = parseJson(content.texts.get(config))
      const entries = [config, ...layers]
      const platforms = [
        {
          platform: platformOf(found) ?? UNKNOWN,
          missing: entries.filter((name) => linked(content, name) === undefined),
          damaged: damagedDocker(content, config, layers, found),
          entries,
          layers,
        },
      ]
      const common = { target: config, platforms, absent: [] }
      if (names.length === 0) return [{ name: undefined, written: '', ...common }]
      return names.map((written) => ({ name: fullReference(written), written, ...common }))
    })
  return { layout: 'docker', images: sameNamesJoined(images), faults: [...new Set(faults)] }
}

function linked(content: ArchiveContent, name: string): string | undefined {
  if (content.files.has(name)) return name
  const target = content.links.get(name)
  return target !== undefined && content.files.has(target) ? target : undefined
}

/** A config is called by its digest, and lists those of the layers: their tar archives, uncompressed. */
function damagedDocker(
  content: ArchiveContent,
  config: string,
  layers: readonly string[],
  found: unknown,
): readonly string[] {
  const digestOf = (name: string): string | undefined =>
    content.files.get(linked(content, name) ?? '')?.sha256
  const [, named] = /([0-9a-f]{64})(?:\.json)?$/.exec(config) ?? []
  const own = digestOf(config)
  const rootfs = isRecord(found) && isRecord(found.rootfs) ? textsOf(found.rootfs.diff_ids) : []
  return [
    ...(named !== undefined && own !== undefined && named !== own ? [config] : []),
    ...layers.filter((layer, index) => {
      const file = content.files.get(linked(content, layer) ?? '')
      const [, blob] = /^blobs\/sha256\/([0-9a-f]{64})$/.exec(layer) ?? []
      const isPacked = file !== undefined && file.unpacked !== file.size
      const wanted = blob ?? (isPacked ? undefined : rootfs[index]?.replace('sha256:', ''))
      return file?.sha256 !== undefined && wanted !== undefined && file.sha256 !== wanted
    }),
  ]
}

function recordOf(text: string | undefined): Readonly<Record<string, unknown>> {
  const value = parseJson(text)
  return isRecord(value) ? value : {}
}
