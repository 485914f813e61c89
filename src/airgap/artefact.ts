/** As the images archives of a release are named; `arm` is the 32-bit one. */
export const architectures = ['amd64', 'arm64', 'arm', 's390x'] as const
export type Architecture = (typeof architectures)[number]

/** What a file of a bundle is there for. */
export type ArtefactRole =
  | 'binary'
  | 'images'
  | 'image-list'
  | 'checksums'
  | 'install-script'
  | 'install-script-checksum'
  | 'selinux-package'

/** One file that an airgapped site needs. */
export interface Artefact {
  readonly role: ArtefactRole
  /** Its name where it is published, such as `k3s-armhf`. */
  readonly asset: string
  /** Its name in the bundle's directory, where the role looks for it, such as `k3s-arm`. */
  readonly target: string
  readonly arch: Architecture | 'any'
  readonly url: string
  /** Bytes, where they are known. */
  readonly size?: number
  /** The file that holds its SHA-256, as its own `target`; a file without one has to be named by `--checksums`. */
  readonly checksums?: string
  /** The path on a node; `undefined` stays on the control node. */
  readonly place?: string
  /** Names of the inventory, sorted. */
  readonly nodes: readonly string[]
}
