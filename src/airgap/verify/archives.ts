import { roleOf } from '../artefactNames.ts'
import { shownPath } from '../bundlePath.ts'
import { listed } from '../words.ts'
import { contentKind } from './elf.ts'
import { nodesOfFile } from './names.ts'
import type { Scene } from './scene.ts'
import type { SeenArchive, SeenFile } from './seen.ts'

/**
 * The largest window that K3s unpacks, in bytes; its own archives have it (`--long=25`). `MaxDecoderMemory` of
 * https://github.com/k3s-io/k3s/blob/4de6d2dbcd5a92712c48a8c60304a3ec89ec35f6/pkg/untar/untar.go
 */
const MAX_WINDOW = 32 * 1024 * 1024

const PACK_AGAIN = 'fetch or copy it again; pack your own again'

/** Every archive of images: whether nodes can read it to its end. */
export function verifyArchives(scene: Scene): void {
  for (const [name, file] of scene.beside())
    if (file.archive !== undefined && file.fault === undefined && roleOf(name).role === 'images')
      archive(scene, name, file, file.archive)
}

function archive(scene: Scene, name: string, file: SeenFile, seen: SeenArchive): void {
  const nodes = nodesOfFile(scene, file.path)
  const problem = (id: string, message: string, cure = PACK_AGAIN): void =>
    scene.problem(id, message, cure, nodes, file.path)
  if (seen.fault?.kind === 'unsupported') {
    scene.unchecked(`${seen.fault.message}, so that its content is unknown`, file.path)
    return
  }
  if (misnamed(name, seen, problem)) return
  if (seen.fault !== undefined) {
    const at = seen.fault.entry === undefined ? '' : `, at ${shownPath(seen.fault.entry)}`
    const notTar = !['a tar archive', 'gzip data', 'zstd data'].includes(contentKind(file.head))
    if (file.size === 0) problem('archive-truncated', 'is empty')
    else if (notTar)
      problem('archive-not-an-archive', `is ${contentKind(file.head)} and no archive of images`)
    else if (seen.fault.kind === 'truncated')
      problem('archive-truncated', `is cut off: ${seen.fault.message}${at}`)
    else if (seen.fault.kind === 'too-many')
      problem(
        'archive-too-large',
        `is no archive of images: ${seen.fault.message}`,
        'find out where it comes from',
      )
    else problem('archive-damaged', `is damaged: ${seen.fault.message}${at}`)
  }
  if (seen.window !== undefined && seen.window > MAX_WINDOW)
    problem(
      'archive-window-too-large',
      `needs a zstd window of ${Math.ceil(seen.window / 1024 / 1024)} MiB, and K3s unpacks no more than 32 MiB`,
      'pack it with zstd --long=25 or less',
    )
  if (seen.dropped > 0)
    problem(
      'archive-too-large',
      `has the names of ${seen.dropped} more entries than any images need`,
      'find out where it comes from',
    )
  if (seen.end !== undefined) {
    ended(scene, file, seen)
    images(scene, file, seen, problem)
  }
}

/** K3s goes by the name alone: https://github.com/k3s-io/k3s/blob/02a5bee62f5d7a0811a6a9401fc9ff5b1399c0bc/pkg/agent/containerd/containerd.go */
function misnamed(
  name: string,
  { compression }: SeenArchive,
  problem: (id: string, message: string, cure: string) => void,
): boolean {
  const said = /\.(?:tar\.gz|tgz)$/.test(name) ? 'gzip' : /\.(?:tar\.zst|tzst)$/.test(name) ? 'zstd' : 'none'
  if (!/\.(?:tar|tar\.gz|tgz|tar\.zst|tzst)$/.test(name) || compression === said) return false
  if (compression === 'none') return false
  const ending = { gzip: '.tar.gz', zstd: '.tar.zst', lz4: '.tar.lz4', bzip2: '.tar.bz2', xz: '.tar.xz' }[
    compression
  ]
  problem(
    'archive-name-misleads',
    `holds ${compression} data, and K3s would read it ${said === 'none' ? 'as a plain tar archive' : `as ${said}`}, by its name`,
    compression === 'xz' ? 'K3s reads no xz: pack it as .tar.zst' : `rename it to end with ${ending}`,
  )
  return true
}

function ended(scene: Scene, file: SeenFile, seen: SeenArchive): void {
  const vouched = scene.expected(file).some(({ sha256 }) => sha256 === file.sha256)
  scene.checked(file.path, seen.fault === undefined ? 'readable to its end' : 'entries')
  if (seen.digests) scene.checked(file.path, 'SHA-256 of its layers')
  if (seen.sumUnchecked && !vouched)
    scene.unchecked(
      'the checksums in its zstd data, which this Node can not compare; its layers have their own',
      file.path,
    )
  if (seen.end?.trailing === true)
    scene.notice(
      'archive-trailing-data',
      'goes on behind the end of its tar archive: nodes read none of that',
      'pack what was joined here as one archive, if it matters',
      file.path,
    )
  else if (seen.end?.closed === false)
    scene.notice(
      'archive-not-closed',
      'ends without the mark that closes a tar archive, as if something had been cut off',
      PACK_AGAIN,
      file.path,
    )
}

function images(
  scene: Scene,
  file: SeenFile,
  { images: reading }: SeenArchive,
  problem: (id: string, message: string, cure?: string) => void,
): void {
  for (const fault of reading.faults) problem('archive-without-images', fault)
  const architectures = new Set((scene.plan?.nodes ?? []).map(({ arch }) => arch))
  const lacking: string[] = []
  const damaged: string[] = []
  for (const { name, written, platforms } of reading.images) {
    const called = shownPath(name ?? (written === '' ? 'an image without a name' : written))
    for (const { platform, missing, damaged: spoilt } of platforms) {
      const isNeeded =
        architectures.size === 0 ||
        platform.os === 'unknown' ||
        [...architectures].some((arch) => arch === platform.architecture)
      const of = `${called} (${platform.os === 'unknown' ? 'platform unknown' : `${platform.os}/${platform.architecture}`})`
      if (missing.length > 0 && isNeeded) lacking.push(`${of} lacks ${shownPath(missing[0] ?? '')}`)
      if (spoilt.length > 0) damaged.push(`${shownPath(spoilt[0] ?? '')} of ${of}`)
    }
  }
  if (lacking.length > 0) problem('image-incomplete', listed(lacking))
  if (damaged.length > 0)
    problem(
      'image-damaged',
      `${listed(damaged)} ${damaged.length === 1 ? 'is' : 'are'} not what the digest says`,
    )
  const nameless = reading.images.filter(({ name }) => name === undefined)
  if (nameless.length > 0)
    scene.notice(
      'image-without-name',
      `holds ${nameless.length === 1 ? 'an image' : `${nameless.length} images`} that no pod can ask for, by the name of ${listed(nameless.map(({ written }) => (written === '' ? 'nothing' : shownPath(written))))}`,
      'pack it with its full name, such as docker.io/rancher/mirrored-pause:3.6',
      file.path,
    )
  if (reading.layout !== undefined && reading.faults.length === 0)
    scene.checked(file.path, `images with their layers: ${reading.images.length}`)
}
