import { airgapArchitectures, airgapRole, imageEndings, imagesDirectory } from '../../facts/airgap.ts'
import { type Architecture, type Artefact, architectures } from '../artefact.ts'
import { roleOf } from '../artefactNames.ts'
import { shownPath } from '../bundlePath.ts'
import { isChecksumList, isManifest } from './expectations.ts'
import type { Scene } from './scene.ts'
import type { SeenFile } from './seen.ts'

/** What k3s-ansible's role copies: `with_fileglob` of https://github.com/k3s-io/k3s-ansible/blob/1.2.2/roles/airgap/tasks/main.yml */
const COPIED_IMAGES = /\.tar(?:\.gz|\.zst)?$/
export const RPMS = /^(?:container-selinux|selinux-policy|k3s-selinux).*\.rpm$/

/** Names by which people know the machines, beside those that `facts` has: of containers, distributions, downloads. */
const MISNAMED = /^k3s[-_.](?<machine>[\w-]+?)(?:\.bin|\.exe)?$/i

/** The nodes that stand still without a file of the bundle. */
export function nodesOfFile(scene: Scene, path: string): readonly string[] {
  const name = path.slice(scene.base.length)
  const artefact = scene.artefactAt(name)
  if (artefact !== undefined) return artefact.nodes
  const { role, arch } = roleOf(name)
  if (name === airgapRole.fallback) return scene.nodes().filter((node) => !hasOwnBinary(scene, node))
  if (role === 'binary') return scene.nodes(arch)
  if (role === 'images' && COPIED_IMAGES.test(name)) return scene.nodes(arch)
  return role === 'install-script' && name === airgapRole.installScript ? scene.nodes() : []
}

function hasOwnBinary(scene: Scene, node: string): boolean {
  const arch = scene.plan?.nodes.find(({ name }) => name === node)?.arch
  return arch !== undefined && scene.file(airgapArchitectures[arch].target) !== undefined
}

/** The archive of an architecture's images that is there, whichever way it is compressed. */
export function imagesAt(scene: Scene, arch: Architecture): string | undefined {
  return archivesOf(scene, arch)[0]
}

function archivesOf(scene: Scene, arch: Architecture): readonly string[] {
  return Object.values(imageEndings)
    .map((ending) => `k3s-airgap-images-${arch}${ending}`)
    .filter((name) => scene.files.has(`${scene.base}${name}`))
}

/** What is there under a name that nobody looks for, what is missing, and what is not needed. */
export function verifyNames(scene: Scene): void {
  for (const file of scene.files.values()) if (file.fault !== undefined) unreadable(scene, file, file.fault)
  const misnamed = new Map<string, string>()
  for (const [name, file] of scene.beside()) {
    const target = targetOf(name)
    if (target === undefined || scene.files.has(`${scene.base}${target}`)) continue
    const nodes = nodesOfFile(scene, `${scene.base}${target}`)
    misnamed.set(target, name)
    scene.toldMissing.add(`${scene.base}${target}`)
    scene.problem(
      'artefact-misnamed',
      `is not where k3s-ansible looks: its role airgap takes ${target}`,
      `rename it to ${target}`,
      nodes,
      file.path,
    )
  }
  for (const artefact of scene.plan?.artefacts ?? [])
    if (!isThere(scene, artefact) && !misnamed.has(artefact.target)) missing(scene, artefact)
  if (scene.plan === undefined) verifyPairs(scene)
  for (const arch of architectures) {
    const [first, ...more] = archivesOf(scene, arch)
    if (first !== undefined && more.length > 0)
      scene.notice(
        'archive-twice',
        `holds the images of ${arch}, as ${more.join(' and ')} does: k3s-ansible copies all of them to every node`,
        `leave ${more.join(' and ')} out`,
        `${scene.base}${first}`,
      )
  }
  for (const [name, file] of scene.beside()) stray(scene, name, file.path, misnamed)
}

function unreadable(
  scene: Scene,
  file: SeenFile,
  { message, fix }: { readonly message: string; readonly fix: string },
): void {
  const { path } = file
  const isWanted =
    roleOf(path).role !== 'other' ||
    isChecksumList(path) ||
    isManifest(path) ||
    scene.expected(file).length > 0
  if (isWanted) scene.problem('file-unreadable', message, fix, nodesOfFile(scene, path), path)
  else scene.notice('file-unreadable', `${message}, and nothing asks for it`, fix, path)
}

/** The name under which the role would take a file that goes by another name; undefined where it would take it, or never. */
function targetOf(name: string): string | undefined {
  if (name === 'install.sh') return airgapRole.installScript
  const [, rest] = /^k3s-airgap-images-armhf(\..+)$/.exec(name) ?? []
  if (rest !== undefined) return `k3s-airgap-images-arm${rest}`
  if (Object.values(airgapArchitectures).some(({ target }) => target === name)) return undefined
  const machine = MISNAMED.exec(name)
    ?.groups?.machine?.toLowerCase()
    .replace(/^linux-/, '')
  if (machine === undefined) return undefined
  const arch = architectures.find((known) => airgapArchitectures[known].machine.includes(machine))
  return arch === undefined ? undefined : airgapArchitectures[arch].target
}

function isThere(scene: Scene, { role, target, arch }: Artefact): boolean {
  if (scene.files.has(`${scene.base}${target}`)) return true
  if (role === 'images' && arch !== 'any') return imagesAt(scene, arch) !== undefined
  if (role === 'binary') return scene.files.has(`${scene.base}${airgapRole.fallback}`)
  // Another release of the package serves as well: the role installs whatever matches `k3s-selinux*.rpm`.
  return role === 'selinux-package' && [...scene.beside()].some(([name]) => /^k3s-selinux.*\.rpm$/.test(name))
}

function missing(scene: Scene, { role, target, asset, nodes, arch }: Artefact): void {
  if (role === 'checksums' || role === 'install-script-checksum') {
    scene.unchecked(`${target} is not there, so that nothing of the release's own vouches for its files`)
    return
  }
  if (role === 'image-list') {
    scene.unchecked('k3s-images.txt is not there, so that nothing tells whether all images are')
    return
  }
  if (nodes.length === 0) return
  scene.toldMissing.add(`${scene.base}${target}`)
  const what =
    role === 'images'
      ? `no archive with the images for ${arch}: these nodes would pull them from the internet`
      : role === 'install-script'
        ? `${target} is missing: k3s-ansible would download whatever https://get.k3s.io/ serves at that time`
        : role === 'selinux-package'
          ? `no package of k3s-selinux: K3s does not start confined on nodes with SELinux`
          : `${target} is missing: k3s-ansible skips the copying without a word, and these nodes start without K3s`
  scene.problem(
    role === 'selinux-package' ? 'selinux-package-missing' : 'artefact-missing',
    what,
    asset === target
      ? `fetch ${asset}: k3seal airgap fetch`
      : `fetch ${asset} and call it ${target}: k3seal airgap fetch`,
    nodes,
  )
}

/** Without an inventory: what the directory itself says that it is for. */
function verifyPairs(scene: Scene): void {
  if (![...scene.beside()].some(([name]) => roleOf(name).role === 'binary')) {
    scene.problem(
      'artefact-missing',
      'no K3s binary is there',
      'name the directory of the bundle, or fill it: k3seal airgap fetch',
      [],
    )
    return
  }
  for (const arch of architectures) {
    const { target } = airgapArchitectures[arch]
    const binary = scene.files.has(`${scene.base}${target}`)
    const images = imagesAt(scene, arch)
    const hasFallback = scene.files.has(`${scene.base}${airgapRole.fallback}`)
    if (binary && images === undefined)
      scene.notice(
        'images-missing',
        `${target} is there, and no k3s-airgap-images-${arch}: such nodes need a registry with the images`,
        'fetch the archive, unless a private registry serves these nodes',
      )
    if (binary || images === undefined || hasFallback) continue
    scene.toldMissing.add(`${scene.base}${target}`)
    scene.problem('artefact-missing', `${images} is there, and no binary for it`, `fetch ${target}`, [])
  }
}

function stray(scene: Scene, name: string, path: string, misnamed: ReadonlyMap<string, string>): void {
  if ([...misnamed.values()].includes(name) || isChecksumList(path) || isManifest(path)) return
  const { role } = roleOf(name)
  if (role === 'images' && !COPIED_IMAGES.test(name)) {
    scene.notice(
      'archive-not-copied',
      `is not copied by k3s-ansible, which takes *.tar, *.tar.gz and *.tar.zst`,
      imagesDirectory.archives.test(name)
        ? `K3s itself would read it: copy it to ${imagesDirectory.path} by another way, or pack it as .tar.zst`
        : 'pack it as .tar.zst',
      path,
    )
    return
  }
  const isUsed =
    role === 'images' ||
    role === 'image-list' ||
    role === 'install-script-checksum' ||
    name === airgapRole.installScript ||
    name === airgapRole.fallback ||
    RPMS.test(name) ||
    Object.values(airgapArchitectures).some(({ target }) => target === name)
  if (!isUsed && !isListed(scene, path))
    scene.notice(
      'file-not-used',
      `has a name that k3s-ansible does not look for`,
      `leave it out, unless you know what ${shownPath(name)} is for`,
      path,
    )
}

function isListed(scene: Scene, path: string): boolean {
  const file = scene.files.get(path)
  return file !== undefined && scene.expected(file).length > 0
}
