import { isRecord, parseJson } from '../json.ts'
import type { ArchiveContent } from './archiveContent.ts'
import type { ArchivedImage, ImagesReading, PlatformImage } from './archivedImage.ts'
import { type Descriptor, descriptorOf, type Platform, platformOf, UNKNOWN } from './imageJson.ts'
import { fullReference } from './imageReference.ts'

/** Of nested indexes: one is usual, two are seen. */
const MAX_DEPTH = 4
/** Of manifests and layers that are named, as often as they are. */
const MAX_DESCRIPTORS = 100_000

/** Reads an OCI layout: https://github.com/opencontainers/image-spec/blob/main/image-layout.md */
export class OciReader {
  readonly #content: ArchiveContent
  readonly #faults: string[] = []
  #left = MAX_DESCRIPTORS
  readonly #parsed = new Map<string, unknown>()

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
    if (this.#left <= 0) this.#faults.push(`it names more than ${MAX_DESCRIPTORS} manifests and layers`)
    return { layout: 'oci', images, faults: [...new Set(this.#faults)] }
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
    const manifest = this.#json(entry)
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
    this.#left -= manifest.layers.length
    if (this.#left <= 0) return
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
      platform: platformOf(this.#json(blobName(config.digest))) ?? descriptor.platform ?? UNKNOWN,
      missing: [...new Set(missing)],
      damaged: [...new Set(entries)].filter((name) => this.#isDamaged(name, sizes.get(name))),
      entries,
      layers: layerNames,
    })
  }

  /** A blob may be named a thousand times, and is read once. */
  #json(name: string): unknown {
    if (!this.#parsed.has(name)) this.#parsed.set(name, parseJson(this.#content.texts.get(name)))
    return this.#parsed.get(name)
  }

  #isDamaged(name: string, size?: number): boolean {
    const file = this.#content.files.get(name)
    if (file === undefined) return false
    if (size !== undefined && size !== file.size) return true
    return file.sha256 !== undefined && !name.endsWith(file.sha256)
  }
}

function blobName(digest: string): string {
  return `blobs/${digest.replace(':', '/')}`
}
