import { airgapArchitectures, airgapPlaces, airgapRole, imagesDirectory } from '../../facts/airgap.ts'
import { type Architecture, architectures } from '../artefact.ts'
import { roleOf } from '../artefactNames.ts'
import { bytes, listed } from '../words.ts'
import { contentKind } from './elf.ts'
import { nodesOfFile, RPMS } from './names.ts'
import type { Scene } from './scene.ts'
import type { SeenFile } from './seen.ts'

/** `directory`: absolute, or as much of its path as is known. */
export function verifySite(scene: Scene, directory: string): void {
  // Each ends as a sentence does.
  for (const text of scene.plan?.assumptions ?? [])
    if (text.startsWith('Assumed'))
      scene.notice(
        'assumed',
        text.replace(/\.$/, ''),
        'say what is so by --facts, by an option, or in the inventory',
      )
    else scene.notice('plan-remark', text.replace(/\.$/, ''), 'the whole plan: k3seal airgap plan')
  verifyPackages(scene)
  verifyPullLists(scene, directory)
  const wanted = scene.plan
    ? architectures.filter((arch) => scene.nodes(arch).length > 0)
    : architectures.filter((arch) => scene.file(airgapArchitectures[arch].target) !== undefined)
  for (const arch of wanted) estimateSpace(scene, arch)
  // https://docs.k3s.io/installation/airgap#prerequisites
  scene.notice(
    'default-route',
    'each node needs a default route, or K3s finds no address of its own and does not start: https://docs.k3s.io/installation/airgap',
    'where a site has none, a route through a dummy interface is enough',
  )
}

/** https://docs.k3s.io/advanced#selinux-support */
function verifyPackages(scene: Scene): void {
  const packages = [...scene.beside()].filter(([name]) => RPMS.test(name))
  for (const [, file] of packages) {
    if (file.fault !== undefined) continue
    if (Buffer.from(file.head.subarray(0, 4)).toString('hex') === 'edabeedb')
      scene.checked(file.path, 'an RPM package')
    else
      scene.problem(
        'package-not-an-rpm',
        `is ${contentKind(file.head)} and no RPM package`,
        'fetch it again',
        nodesWithRpm(scene),
        file.path,
      )
  }
  const names = packages.map(([name]) => name)
  const confined = (scene.plan?.nodes ?? []).filter(
    ({ osFamily, selinux }) => (osFamily === 'RedHat' || osFamily === 'Suse') && selinux !== false,
  )
  if (confined.length > 0 && !names.some((name) => name.startsWith('container-selinux')))
    scene.notice(
      'container-selinux-missing',
      `no container-selinux*.rpm is there, without which k3s-selinux is not installed, unless ${listed(confined.map(({ name }) => name))} have it already`,
      'take it, and selinux-policy where that has to be newer, from the distribution of the nodes',
    )
}

function nodesWithRpm(scene: Scene): readonly string[] {
  return (scene.plan?.nodes ?? [])
    .filter(({ osFamily }) => osFamily === 'RedHat' || osFamily === 'Suse')
    .map(({ name }) => name)
}

/** https://docs.k3s.io/import-images: a `.txt` there is a list of images to pull, which a site without internet waits for. */
function verifyPullLists(scene: Scene, directory: string): void {
  const texts = [...scene.beside()].filter(([name]) => imagesDirectory.pullList.test(name.toLowerCase()))
  if (texts.length === 0) return
  const names = listed(texts.map(([name]) => name))
  if (/(?:^|\/)agent\/images\/*$/.test(`${directory}/${scene.base}`))
    scene.problem(
      'text-in-images-directory',
      `K3s takes every .txt in its images directory for a list of images to pull, and asks registries for each line: ${names}`,
      'move them out of it',
      scene.nodes(),
    )
  else
    scene.notice(
      'text-in-images-directory',
      `to K3s a .txt in ${imagesDirectory.path} is a list of images to pull: ${names} must not get there, and k3s-ansible does not copy them`,
      'copy only the archives there, where you copy by hand',
    )
}

/** What a node has to have room for: what the role copies to it, and what K3s imports from that. */
function estimateSpace(scene: Scene, arch: Architecture): void {
  const program = scene.file(airgapArchitectures[arch].target) ?? scene.file(airgapRole.fallback)
  const archives = [...scene.beside()]
    .filter(([name]) => roleOf(name).role === 'images' && /\.tar(?:\.gz|\.zst)?$/.test(name))
    .map(([, file]) => file)
  const copied = archives.reduce((sum, { size }) => sum + size, 0)
  const { stored, unpacked } = imported(archives, arch)
  const nodes = scene.nodes(arch)
  const who = nodes.length === 0 ? `a node with ${arch}` : `${arch} (${listed(nodes)})`
  scene.notice(
    'free-space',
    `${who}: about ${bytes(copied + stored + unpacked)} below /var/lib/rancher (archives ${bytes(copied)}, containerd's copy of their images ${bytes(stored)}, these unpacked ${bytes(unpacked)}), and ${bytes(program?.size ?? 0)} as ${airgapPlaces.binary}`,
    'K3s unpacks its own programs besides, and logs and volumes come on top',
  )
}

/** containerd keeps what the archives hold, of every platform, and unpacks the layers of its own. */
function imported(
  archives: readonly SeenFile[],
  arch: Architecture,
): { readonly stored: number; readonly unpacked: number } {
  const store = new Map<string, number>()
  const layers = new Map<string, number>()
  for (const { archive } of archives)
    for (const { platforms } of archive?.images.images ?? [])
      for (const { platform, entries, layers: own } of platforms) {
        for (const entry of entries) store.set(entry, archive?.files.get(entry)?.size ?? 0)
        if (platform.architecture === arch)
          for (const layer of own) layers.set(layer, archive?.files.get(layer)?.unpacked ?? 0)
      }
  const sum = (sizes: ReadonlyMap<string, number>): number => [...sizes.values()].reduce((a, b) => a + b, 0)
  return { stored: sum(store), unpacked: sum(layers) }
}

/** Files that nothing vouches for. */
export function verifyCoverage(scene: Scene): void {
  const bare = [...scene.beside()].filter(([name, file]) => {
    const { role } = roleOf(name)
    return (
      file.fault === undefined &&
      (role === 'binary' || role === 'images' || role === 'selinux-package') &&
      scene.expected(file).length === 0
    )
  })
  for (const [, file] of bare)
    scene.notice(
      'checksum-unknown',
      'is vouched for by no list of checksums',
      nodesOfFile(scene, file.path).length > 0
        ? 'put sha256sum-<arch>.txt of the release beside it'
        : 'put its line into a SHA256SUMS of your own: sha256sum',
      file.path,
    )
}
