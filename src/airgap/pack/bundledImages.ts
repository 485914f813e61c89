import type { ArchiveContent } from '../images/archiveContent.ts'
import { readImages } from '../images/images.ts'
import type { BundledImage } from './sbom.ts'

/** The images of an archive, one for each platform that is there. `archive`: its path in the bundle. */
export function bundledImages(archive: string, content: ArchiveContent): readonly BundledImage[] {
  const { images, layout } = readImages(content)
  return images.flatMap(({ name, written, target, platforms }) =>
    platforms.map(({ platform, entries }): BundledImage => {
      // Of an OCI layout the manifest comes first; docker-archives have none.
      const [manifest, config] = layout === 'oci' ? entries : [undefined, entries[0]]
      const reference = name ?? (written === '' ? undefined : written)
      return {
        archive,
        reference,
        digest: digestOf(manifest) ?? (layout === 'oci' ? target : undefined),
        config: digestOf(config),
        architecture: platform.architecture === 'unknown' ? undefined : platform.architecture,
      }
    }),
  )
}

function digestOf(entry: string | undefined): string | undefined {
  const [, hex] = /([0-9a-f]{64})(?:\.json)?$/.exec(entry ?? '') ?? []
  return hex === undefined ? undefined : `sha256:${hex}`
}
