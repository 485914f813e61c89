/** One of `names` has to lie in k3s-ansible's `airgap_dir`. */
export interface Artefact {
  readonly names: readonly [string, ...string[]]
  /** What it is called where it comes from; `undefined`: the same, an asset of the release. */
  readonly from?: string
}

const images = (arch: string): Artefact => ({
  names: [
    `k3s-airgap-images-${arch}.tar.zst`,
    `k3s-airgap-images-${arch}.tar.gz`,
    `k3s-airgap-images-${arch}.tar`,
  ],
})

/**
 * What the role `airgap` copies to nodes: the binary by the node's architecture, or `k3s` for all; every image archive; the
 * install script, which it downloads on the control node where it is missing.
 * https://github.com/k3s-io/k3s-ansible/blob/1.2.2/roles/airgap/tasks/main.yml
 * The names in a release: https://docs.k3s.io/installation/airgap
 */
export const airgapArtefacts: Readonly<Record<'amd64' | 'arm64' | 'arm' | 'any', readonly Artefact[]>> = {
  amd64: [{ names: ['k3s-amd64', 'k3s'], from: "the release's k3s" }, images('amd64')],
  arm64: [{ names: ['k3s-arm64'] }, images('arm64')],
  arm: [{ names: ['k3s-arm'], from: "the release's k3s-armhf" }, images('arm')],
  any: [{ names: ['k3s-install.sh'], from: 'install.sh of the git tag' }],
}
