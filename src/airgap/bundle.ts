import { UserError } from '../errors.ts'
import { type Architecture, architectures } from './artefact.ts'
import { pathProblem, shownPath } from './bundlePath.ts'
import { isRecord } from './json.ts'
import type { BundleManifest, ManifestFile } from './manifest.ts'

/** The directory that all files of an archive lie in; it is left away where k3seal unpacks. */
export const TOP = 'k3seal-bundle/'
export const SUMS = 'SHA256SUMS'
export const SBOM = 'bom.cdx.json'
export const PROGRAM = 'k3seal.cjs'
export const README = 'README.txt'
export const NOTICES = 'THIRD-PARTY-NOTICES.txt'

export const roles = [
  'binary',
  'images',
  'image-list',
  'checksums',
  'install-script',
  'install-script-checksum',
  'selinux-package',
  'inventory',
  'playbook',
  'template',
  'program',
  'sbom',
  'other',
] as const satisfies readonly ManifestFile['role'][]

/** Permission bits of a file, which only what it is there for decides. */
export function modeOf(role: ManifestFile['role']): number {
  return role === 'binary' || role === 'install-script' || role === 'program' ? 0o755 : 0o644
}

/** As the manifest is written: the same content has the same bytes. */
export function manifestText({ k3sVersion, architectures: own, files }: BundleManifest): string {
  const sorted = architectures.filter((architecture) => own.includes(architecture))
  const rows = [...files]
    .sort((a, b) => byBytes(a.path, b.path))
    .map(({ path, size, sha256, role, arch, source }) => ({ path, size, sha256, role, arch, source }))
  return `${JSON.stringify({ version: 1, k3sVersion, architectures: sorted, files: rows }, null, 2)}\n`
}

/**
 * As coreutils write it, for `sha256sum -c`: a name with a backslash or a line break is escaped, and its line starts
 * with a backslash. https://www.gnu.org/software/coreutils/manual/html_node/cksum-output-modes.html
 */
export function sumsText(files: readonly Pick<ManifestFile, 'path' | 'sha256'>[]): string {
  return [...files]
    .sort((a, b) => byBytes(a.path, b.path))
    .map(({ path, sha256 }) => {
      const escaped = path.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('\r', '\\r')
      return `${escaped === path ? '' : '\\'}${sha256}  ${escaped}\n`
    })
    .join('')
}

/** The order of archives and lists; that of UTF-16, which `<` has, would differ from every other tool's. */
export function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}

/** `at`: how the user knows the manifest. Throws `UserError` where it is not what `k3seal-bundle.schema.json` describes. */
export function readManifest(text: string, at: string): BundleManifest {
  const refuse = (what: string): never => {
    throw new UserError(`is no manifest of a bundle: ${what}`, {
      at,
      fix: 'let k3seal write it: k3seal airgap fetch, or k3seal airgap pack',
    })
  }
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return refuse('it is no JSON')
  }
  if (!isRecord(value)) return refuse('it is no object')
  const { version, k3sVersion, architectures: archs, files, ...others } = value
  if (typeof version === 'number' && Number.isInteger(version) && version > 1)
    throw new UserError(`is of version ${version}, and this k3seal knows version 1`, {
      at,
      fix: 'use a newer k3seal: the bundle holds the one that packed it, k3seal.cjs',
    })
  if (version !== 1) refuse('version is not 1')
  if (k3sVersion !== undefined && typeof k3sVersion !== 'string') refuse('k3sVersion is no text')
  if (!Array.isArray(archs) || !archs.every(isArchitecture)) return refuse('architectures is no list of them')
  if (!Array.isArray(files)) return refuse('files is no list')
  const [other] = Object.keys(others)
  if (other !== undefined) refuse(`it has a key ${shownPath(other)}`)
  const seen = new Set<string>()
  const rows = files.map((file: unknown, index) => {
    const row = fileOf(file, (what) => refuse(`files[${index}] ${what}`))
    if (seen.has(row.path)) refuse(`it lists ${row.path} twice`)
    seen.add(row.path)
    return row
  })
  return {
    version: 1,
    ...(typeof k3sVersion === 'string' ? { k3sVersion } : {}),
    architectures: archs,
    files: rows,
  }
}

function fileOf(value: unknown, refuse: (what: string) => never): ManifestFile {
  if (!isRecord(value)) return refuse('is no object')
  const { path, size, sha256, role, arch, source, ...others } = value
  if (typeof path !== 'string') return refuse('has no path')
  const problem = pathProblem(path)
  if (problem !== undefined) refuse(`has a path that ${problem}`)
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0)
    return refuse('has no size in bytes')
  if (typeof sha256 !== 'string' || !/^[0-9a-f]{64}$/.test(sha256)) return refuse('has no SHA-256')
  const known = roles.find((name) => name === role)
  if (known === undefined) return refuse('has no role that k3seal knows')
  if (arch !== undefined && !isArchitecture(arch)) return refuse('has an unknown architecture')
  if (source !== undefined && typeof source !== 'string') return refuse('has a source that is no text')
  const [other] = Object.keys(others)
  if (other !== undefined) refuse(`has a key ${shownPath(other)}`)
  return {
    path,
    size,
    sha256,
    role: known,
    ...(arch === undefined ? {} : { arch }),
    ...(source === undefined ? {} : { source }),
  }
}

function isArchitecture(value: unknown): value is Architecture {
  return architectures.some((known) => known === value)
}
