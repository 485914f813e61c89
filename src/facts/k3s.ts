/** The release that the stable channel named when this version of k3seal was made. */
export const stableRelease = {
  version: 'v1.36.5+k3s1',
  since: '2026-10-01',
  see: 'https://github.com/k3s-io/k3s/issues/14731',
} as const

/**
 * How K3s names a release: Kubernetes' version, perhaps `-rc1`, then `+k3s1`.
 * https://docs.k3s.io/release-notes and the tags of https://github.com/k3s-io/k3s
 */
export const releaseForm =
  /^v(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-(?:alpha|beta|rc)[.\d]*\d)?\+k3s[1-9]\d*$/
