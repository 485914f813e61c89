import { createHash } from 'node:crypto'
import { byBytes } from '../bundle.ts'
import type { ManifestFile } from '../manifest.ts'

/** An image as an archive of the bundle holds it. */
export interface BundledImage {
  /** Below the bundle's directory. */
  readonly archive: string
  /** With its registry and tag, such as `docker.io/rancher/mirrored-pause:3.6`; undefined for one that has no name. */
  readonly reference: string | undefined
  /** `sha256:…` of its manifest; an archive of `docker save` has none. */
  readonly digest: string | undefined
  /** `sha256:…` of its configuration, which Docker calls the image's ID. */
  readonly config: string | undefined
  /** As the image names it. */
  readonly architecture: string | undefined
}

export interface SbomContent {
  readonly k3sVersion: string | undefined
  /** Of k3seal. */
  readonly version: string
  readonly files: readonly Pick<ManifestFile, 'path' | 'sha256' | 'role'>[]
  readonly images: readonly BundledImage[]
}

/**
 * The files and images of a bundle as CycloneDX 1.6 in JSON (https://cyclonedx.org/docs/1.6/json/). Holds no time, and a
 * serial number that only the content decides: the same content has the same bytes.
 */
export async function sbomText({ k3sVersion, version, files, images }: SbomContent): Promise<string> {
  const { Enums, Models, Serialize, Spec } = await import('@cyclonedx/cyclonedx-library')
  const { Component } = Models
  const bom = new Models.Bom({
    serialNumber: serialNumber([
      k3sVersion ?? '',
      ...files.map(({ path, sha256 }) => `${sha256} ${path}`),
      ...images.map((image) => JSON.stringify(image)),
    ]),
  })
  bom.metadata.component = new Component(Enums.ComponentType.Application, 'k3s-airgap-bundle', {
    bomRef: 'bundle',
    ...(k3sVersion === undefined ? {} : { version: k3sVersion }),
  })
  bom.metadata.tools.components.add(new Component(Enums.ComponentType.Application, 'k3seal', { version }))
  for (const { path, sha256, role } of files) {
    const component = new Component(Enums.ComponentType.File, path, {
      bomRef: `file:${path}`,
      hashes: new Models.HashDictionary([[Enums.HashAlgorithm['SHA-256'], sha256]]),
      properties: new Models.PropertyRepository([new Models.Property('k3seal:role', role)]),
    })
    bom.components.add(component)
    bom.metadata.component.dependencies.add(component.bomRef)
  }
  for (const [index, image] of images.entries()) {
    const { name, tag } = splitReference(image.reference)
    const purl = packageUrl(image)
    const component = new Component(
      Enums.ComponentType.Container,
      name ?? image.digest ?? image.config ?? 'image',
      {
        bomRef: `image:${index}:${image.reference ?? ''}`,
        ...(tag === undefined ? {} : { version: tag }),
        ...(purl === undefined ? {} : { purl }),
        properties: new Models.PropertyRepository(
          [
            ['k3seal:archive', image.archive],
            ['k3seal:image-config', image.config],
            ['k3seal:image-architecture', image.architecture],
          ].flatMap(([key, value]) => (value === undefined ? [] : [new Models.Property(key ?? '', value)])),
        ),
      },
    )
    bom.components.add(component)
    bom.metadata.component.dependencies.add(component.bomRef)
  }
  const factory = new Serialize.JSON.Normalize.Factory(Spec.Spec1dot6)
  return `${new Serialize.JsonSerializer(factory).serialize(bom, { sortLists: true, space: 2 })}\n`
}

/**
 * Undefined for an image without a name. https://github.com/package-url/purl-spec/blob/main/types-doc/oci-definition.md
 */
export function packageUrl({ reference, digest, architecture }: BundledImage): string | undefined {
  const { name, tag } = splitReference(reference)
  if (name === undefined) return undefined
  const repository = name.toLowerCase()
  const qualifiers = [
    ['arch', architecture],
    ['repository_url', repository],
    ['tag', tag],
  ].flatMap(([key, value]) => (value === undefined ? [] : [`${key}=${encoded(value)}`]))
  const version = digest === undefined ? '' : `@${encodeURIComponent(digest)}`
  return `pkg:oci/${encoded(repository.slice(repository.lastIndexOf('/') + 1))}${version}?${qualifiers.join('&')}`
}

/** A slash and a colon stand for themselves in a qualifier. https://github.com/package-url/purl-spec/blob/main/PURL-SPECIFICATION.rst */
function encoded(text: string): string {
  return encodeURIComponent(text).replaceAll('%2F', '/').replaceAll('%3A', ':')
}

function splitReference(reference: string | undefined): {
  readonly name: string | undefined
  readonly tag: string | undefined
} {
  const plain = reference?.replace(/@sha256:.*$/, '')
  const [, name, tag] = /^(.+?)(?::([\w][\w.-]*))?$/.exec(plain ?? '') ?? []
  return { name, tag }
}

/** A UUID of version 8, which RFC 9562 leaves to whoever makes it: here of a hash. */
function serialNumber(content: readonly string[]): string {
  const hash = createHash('sha256')
  for (const line of [...content].sort(byBytes)) hash.update(`${line}\n`)
  const bytes = hash.digest().subarray(0, 16)
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x80
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  const hex = bytes.toString('hex')
  return `urn:uuid:${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}
