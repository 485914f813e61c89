import { isRecord, parseJson } from '../json.ts'
import type { ArchiveContent } from './archiveContent.ts'
import type { ArchivedImage, ImagesReading } from './archivedImage.ts'
import { platformOf, textsOf, UNKNOWN } from './imageJson.ts'
import { fullReference } from './imageReference.ts'

/** Of images in manifest.json. */
const MAX_IMAGES = 20_000

/** `docker save` before version 25, and whatever writes manifest.json without oci-layout. */
export function dockerImages(content: ArchiveContent): ImagesReading {
  const manifests = parseJson(content.texts.get('manifest.json'))
  if (!Array.isArray(manifests))
    return { layout: 'docker', images: [], faults: ['its manifest.json is no list of images'] }
  const faults: string[] = []
  const images = manifests.slice(0, MAX_IMAGES).flatMap((manifest: unknown): readonly ArchivedImage[] => {
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
  return { layout: 'docker', images, faults: [...new Set(faults)] }
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
