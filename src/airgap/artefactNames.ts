import { type Architecture, architectures } from './artefact.ts'
import type { ManifestFile } from './manifest.ts'

interface NameKind {
  readonly name: RegExp
  readonly role: ManifestFile['role']
}

/** https://docs.k3s.io/installation/airgap, and the names that k3s-ansible's role airgap looks for. */
const KINDS: readonly NameKind[] = [
  { name: /^k3s(?:-(?<arch>amd64|arm64|armhf|arm|s390x))?$/, role: 'binary' },
  {
    name: /^k3s-airgap-images-(?<arch>amd64|arm64|armhf|arm|s390x)\.(?:tar(?:\.(?:gz|zst|lz4|bz2))?|tgz|tzst|tbz)$/,
    role: 'images',
  },
  { name: /\.(?:tar(?:\.(?:gz|zst|lz4|bz2))?|tgz|tzst|tbz)$/, role: 'images' },
  { name: /^k3s-images\.txt$/, role: 'image-list' },
  { name: /^sha256sum-(?<arch>amd64|arm64|armhf|arm|s390x)\.txt$/, role: 'checksums' },
  { name: /^(?:k3s-)?install\.sh$/, role: 'install-script' },
  { name: /^(?:k3s-)?install\.sh\.sha256sum$/, role: 'install-script-checksum' },
  { name: /\.rpm$/, role: 'selinux-package' },
]

/** What a file is there for, as its name says, where no manifest does. */
export function roleOf(path: string): Pick<ManifestFile, 'role' | 'arch'> {
  const base = path.slice(path.lastIndexOf('/') + 1)
  for (const { name, role } of KINDS) {
    const match = name.exec(base)
    if (match === null) continue
    const arch = architectureNamed(match.groups?.arch)
    return { role, ...(arch === undefined ? {} : { arch }) }
  }
  return { role: 'other' }
}

function architectureNamed(name: string | undefined): Architecture | undefined {
  return architectures.find((known) => known === (name === 'armhf' ? 'arm' : name))
}
