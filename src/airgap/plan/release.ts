import { airgapSources, selinuxRelease } from '../../facts/airgap.ts'
import type { Architecture } from '../artefact.ts'

/** Of K3s's git tags: https://github.com/k3s-io/k3s/tags */
const RELEASE = /^v\d+\.\d+\.\d+(?:-[0-9A-Za-z.]+)?\+k3s\.?\d+$/
/** https://update.k3s.io/v1-release/channels */
const CHANNEL = /^(?:latest|stable|testing|v?\d+\.\d+(?:-testing)?)$/

export type ReleaseName =
  | { readonly version: string }
  | { readonly message: string; readonly fix: string; readonly isChannel: boolean }

/** A version of K3s as its releases are tagged, such as `v1.31.5+k3s1`; or what is wrong with it. */
export function releaseName(text: string): ReleaseName {
  if (RELEASE.test(text)) return { version: text }
  const shown = JSON.stringify(text)
  if (CHANNEL.test(text))
    return {
      message: `${shown} is a channel, which stands for another release every few weeks, and not one`,
      fix: 'write the release out, like v1.31.5+k3s1; https://update.k3s.io/v1-release/channels tells the newest of a channel',
      isChannel: true,
    }
  const mended = text
    .trim()
    .replace(/^(?:V(?=\d)|(?=\d))/, 'v')
    .replace(/%2B/i, '+')
    .replace(/[-_ ](?=k3s\.?\d+$)/, '+')
  const whole = /^v\d+\.\d+\.\d+$/.test(mended) ? `${mended}+k3s1` : mended
  return {
    message: RELEASE.test(whole)
      ? `${shown} is not how K3s names its releases${reason(text, mended)}`
      : `${shown} is no release of K3s`,
    fix: RELEASE.test(whole) ? `write ${whole}` : 'write it like v1.31.5+k3s1',
    isChannel: false,
  }
}

function reason(text: string, mended: string): string {
  if (/[-_]k3s\.?\d+$/.test(text)) return ': a - instead of the + stands in image tags only'
  if (/%2B/i.test(text)) return ': %2B stands for the + in addresses only'
  if (/^v\d+\.\d+\.\d+$/.test(mended)) return ': K3s adds its own number behind a +'
  return /^\d/.test(text) ? ': the v is missing' : ''
}

/** The address of a file of a release. */
export const releaseUrl = (version: string, asset: string): string =>
  `${airgapSources.release}${encodeURIComponent(version)}/${asset}`

/** The address of a file as it is in the sources of a release. */
export const tagUrl = (version: string, path: string): string =>
  `${airgapSources.tag}${encodeURIComponent(version)}/${path}`

export interface SelinuxRelease {
  /** `v1.6.stable.1` */
  readonly tag: string
  /** `1.6-1`, as in the names of its packages. */
  readonly version: string
  /** Whether it was published with its checksums. */
  readonly hasChecksums: boolean
}

/**
 * Reads a version of k3s-selinux: its tag, that of its packages (`1.6-1`), or the number alone (`1.6`). `undefined` where it
 * is none. https://github.com/k3s-io/k3s-selinux/blob/v1.6.stable.1/README.md
 */
export function selinuxVersion(text: string = selinuxRelease.newest): SelinuxRelease | undefined {
  const match = /^v?(\d+)\.(\d+)(?:-(\d+)|\.(stable|latest|testing)\.(\d+))?$/.exec(text)
  if (match === null) return undefined
  const [, major = '', minor = '', short, channel = 'stable', long] = match
  const release = short ?? long ?? '1'
  const [lastMajor, lastMinor] = selinuxRelease.lastWithChecksums
  return {
    tag: `v${major}.${minor}.${channel}.${release}`,
    version: `${major}.${minor}-${release}`,
    hasChecksums: Number(major) < lastMajor || (Number(major) === lastMajor && Number(minor) <= lastMinor),
  }
}

export const selinuxUrl = ({ tag }: SelinuxRelease, asset: string): string =>
  `${airgapSources.selinux}${tag}/${asset}`

/** The checksum file of a release that lists what was built for one architecture. */
export const checksumsName = (arch: Architecture): string => `sha256sum-${arch}.txt`
