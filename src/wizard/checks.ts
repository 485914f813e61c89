import { addressKind } from '../ansible/address.ts'
import { releaseForm, stableRelease } from '../facts/k3s.ts'

/** What is wrong with a release of K3s, with the cure; `undefined`: nothing. */
export function releaseProblem(text: string): string | undefined {
  if (text === '') return `name a release, such as ${stableRelease.version}`
  if (releaseForm.test(text)) return undefined
  const mended = mendedRelease(text)
  if (mended !== undefined) return `did you mean ${mended}? That is how K3s names its releases`
  return /^(stable|latest|testing)$/i.test(text)
    ? `${text} is a channel, and nodes must agree on one release: name it, such as ${stableRelease.version}`
    : `releases of K3s read like ${stableRelease.version}, with v before and +k3s1 behind the version of Kubernetes`
}

/** `1.36.5`, `v1.36.5-k3s1` (as image tags have it), `V1.36.5+K3S1` … in the form of a release, if that makes one. */
export function mendedRelease(text: string): string | undefined {
  const [, core, suffix = '+k3s1'] =
    /^v?(\d+\.\d+\.\d+(?:-(?:alpha|beta|rc)[.\d]*\d)?)([-+]k3s\d+)?$/.exec(text.trim().toLowerCase()) ?? []
  if (core === undefined) return undefined
  const mended = `v${core}${suffix.replace('-', '+')}`
  return mended !== text && releaseForm.test(mended) ? mended : undefined
}

/** What is wrong with the address that agents reach the API at. */
export function endpointProblem(text: string): string | undefined {
  if (text === '' || addressKind(text) === 'ipv6') return undefined
  const scheme = /^[a-z]+:\/\//i.exec(text)?.[0]
  if (scheme !== undefined) return `only the name or the address, without ${scheme}`
  if (/^\[.*\]$/.test(text)) return 'an IPv6 address stands here without brackets'
  if (/^[^:]+:\d+$/.test(text))
    return 'only the name or the address; another port than 6443 is the inventory variable api_port'
  if (/\{\{/.test(text)) return undefined
  if (addressKind(text) !== undefined) return undefined
  return /^[\d.]+$/.test(text)
    ? 'an IPv4 address has four numbers from 0 to 255'
    : 'neither an IP address nor a DNS name'
}

/** What is wrong with a login name. Rather too little than too much: directories know names with dots, @ and backslash. */
export function userProblem(text: string): string | undefined {
  if (text === '' || /^[\p{L}_][\p{L}\d_.@\\-]*\$?$/u.test(text)) return undefined
  return 'a login name has letters, digits, ., - and _, and begins with a letter'
}
