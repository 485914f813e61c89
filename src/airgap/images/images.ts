import { isRecord, parseJson } from '../json.ts'
import type { ArchiveContent } from './archiveContent.ts'
import type { ArchivedImage, ImagesReading } from './archivedImage.ts'
import { dockerImages } from './dockerImages.ts'
import { OciReader } from './ociImages.ts'

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
