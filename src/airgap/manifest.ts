import type { Architecture, ArtefactRole } from './artefact.ts'

/** The file that lists a bundle; `fetch` writes it into the directory, `pack` into the archive, `verify` reads it. */
export const MANIFEST = 'k3seal-bundle.json'

/** Shape of `k3seal-bundle.json`; `schema/k3seal-bundle.schema.json` is its published form. Holds no time: same files, same bytes. */
export interface BundleManifest {
  readonly version: 1
  /** Of K3s, such as `v1.31.5+k3s1`; undefined where nothing tells it. */
  readonly k3sVersion?: string
  readonly architectures: readonly Architecture[]
  /** Sorted by path. */
  readonly files: readonly ManifestFile[]
}

export interface ManifestFile {
  /** Below the bundle's directory, with `/`. */
  readonly path: string
  /** Bytes. */
  readonly size: number
  /** 64 lower-case hexadecimal digits. */
  readonly sha256: string
  readonly role: ArtefactRole | 'inventory' | 'playbook' | 'template' | 'program' | 'sbom' | 'other'
  readonly arch?: Architecture
  /** Where it was downloaded from. */
  readonly source?: string
}
