import { type Architecture, architectures } from '../artefact.ts'
import { roleOf } from '../artefactNames.ts'
import { shownPath } from '../bundlePath.ts'
import type { ArchivedImage, PlatformImage } from '../images/archivedImage.ts'
import { readImageList } from '../images/imageReference.ts'
import { listed } from '../words.ts'
import { contentKind } from './elf.ts'
import { imagesAt } from './names.ts'
import type { Scene } from './scene.ts'
import type { SeenFile } from './seen.ts'

interface Holder {
  readonly file: SeenFile
  readonly image: ArchivedImage
}

/** Whether each image of `k3s-images.txt` gets to the nodes, for their platform. */
export function verifyImages(scene: Scene): void {
  const list = scene.file('k3s-images.txt')
  if (list === undefined) return
  const { images, faults } = readImageList(list.text ?? '')
  if (list.text === undefined || images.length === 0 || faults.length > 0) {
    const kind = contentKind(list.head)
    scene.problem(
      'image-list-unreadable',
      kind === 'a text'
        ? `${faults[0] === undefined ? 'lists no image' : `line ${faults[0]} is no name of an image`}`
        : `is ${kind} and no list of images`,
      'fetch it again: k3seal airgap fetch',
      [],
      list.path,
    )
    return
  }
  const holders = holdersOf(scene)
  // What is wrong with an archive is told of the archive: that its images are not there follows from it.
  const unread = [...scene.beside()].filter(
    ([name, file]) =>
      roleOf(name).role === 'images' && (file.fault !== undefined || file.archive?.end === undefined),
  )
  const wanted = scene.plan
    ? architectures.filter((arch) => scene.nodes(arch).length > 0)
    : architectures.filter((arch) => imagesAt(scene, arch) !== undefined)
  for (const arch of wanted) {
    if (imagesAt(scene, arch) === undefined && holders.size === 0) continue
    const blind = unread.filter(([name]) => (roleOf(name).arch ?? arch) === arch)
    verifyArchitecture(
      scene,
      arch,
      images,
      holders,
      blind.map(([, file]) => file.path),
      list.path,
    )
  }
}

/** Who has an image, in the order of import, that of the names: https://pkg.go.dev/os#ReadDir */
function holdersOf(scene: Scene): ReadonlyMap<string, readonly Holder[]> {
  const holders = new Map<string, Holder[]>()
  const files = [...scene.beside()].map(([, file]) => file).sort((a, b) => (a.path < b.path ? -1 : 1))
  for (const file of files)
    for (const image of file.archive?.images.images ?? []) {
      if (image.name === undefined) continue
      const own = holders.get(image.name)
      if (own === undefined) holders.set(image.name, [{ file, image }])
      else own.push({ file, image })
    }
  return holders
}

function verifyArchitecture(
  scene: Scene,
  arch: Architecture,
  images: readonly string[],
  holders: ReadonlyMap<string, readonly Holder[]>,
  blind: readonly string[],
  list: string,
): void {
  const missing: string[] = []
  const foreign: string[] = []
  const overridden: string[] = []
  let there = 0
  for (const name of images) {
    const own = holders.get(name) ?? []
    const having = own.filter(({ image }) => image.platforms.some((platform) => fits(platform, arch)))
    const last = own.at(-1)
    if (last === undefined) missing.push(name)
    else if (having.length === 0) foreign.push(`${name} (${platformsOf(own)})`)
    // The name leads to what was imported last; another platform of one index is no other image.
    else if (!having.some(({ image }) => image.target === last.image.target))
      overridden.push(`${name} (by ${shownPath(last.file.path)})`)
    else there++
  }
  const nodes = scene.nodes(arch)
  const archive = imagesAt(scene, arch)
  const path = archive === undefined ? undefined : `${scene.base}${archive}`
  if (missing.length > 0 || foreign.length > 0)
    if (blind.length > 0) {
      scene.unchecked(
        `${missing.length + foreign.length} of ${images.length} images for ${arch} may be in ${blind.map(shownPath).join(' and ')}, which could not be read`,
      )
    } else {
      if (missing.length > 0)
        scene.problem(
          'image-missing',
          `${shownPath(list)} lists ${missing.length === 1 ? 'an image' : `${missing.length} images`} that no archive holds: ${listed(missing)}`,
          'take archive and list from one release: k3seal airgap fetch',
          nodes,
          path,
        )
      if (foreign.length > 0)
        scene.problem(
          'image-wrong-platform',
          `not there for linux/${arch}: ${listed(foreign)}`,
          `take k3s-airgap-images-${arch} of the release, and put it beside this one`,
          nodes,
          path,
        )
    }
  if (overridden.length > 0)
    scene.problem(
      'image-overridden',
      `k3s-ansible copies every archive to every node, K3s imports them by name, and the last one wins, without linux/${arch}: ${listed(overridden)}`,
      'keep a directory for each architecture, or use archives of the release, whose images have all platforms under one name',
      nodes,
      path,
    )
  if (there === images.length && path !== undefined)
    scene.checked(path, `each image of ${shownPath(list)} for linux/${arch}: ${there}`)
}

function fits({ platform }: PlatformImage, arch: Architecture): boolean {
  return platform.os === 'linux' && platform.architecture === arch
}

function platformsOf(holders: readonly Holder[]): string {
  const names = holders.flatMap(({ image }) =>
    image.platforms.map(({ platform: { os, architecture, variant } }) =>
      [os, architecture, ...(variant === undefined ? [] : [variant])].join('/'),
    ),
  )
  return names.length === 0 ? 'for no platform' : `only ${listed([...new Set(names)])}`
}
