import { airgapArchitectures, airgapRole } from '../../facts/airgap.ts'
import { architectures } from '../artefact.ts'
import { shownPath } from '../bundlePath.ts'
import { imagesAt } from './names.ts'
import type { Scene } from './scene.ts'
import type { SeenFile } from './seen.ts'

/**
 * Whether binary and images are of one release, as https://docs.k3s.io/installation/airgap asks. No archive holds the version
 * of K3s: a list of one release that vouches for both is what tells it.
 */
export function verifyRelease(scene: Scene): void {
  for (const arch of architectures) {
    const own = scene.file(airgapArchitectures[arch].target)
    const binary = own ?? scene.file(airgapRole.fallback)
    const name = imagesAt(scene, arch)
    const archive = name === undefined ? undefined : scene.file(name)
    if (binary === undefined || archive === undefined || archive.archive?.fault !== undefined) continue
    const lists = vouching(scene, binary)
    const common = vouching(scene, archive).find((list) => lists.includes(list))
    if (common !== undefined)
      scene.checked(archive.path, `of one release with ${shownPath(binary.path)}, by ${shownPath(common)}`)
    else
      scene.unchecked(
        `whether it is of the version of ${shownPath(binary.path)}: no archive holds a version of K3s, and no list vouches for both`,
        archive.path,
      )
  }
}

/** The lists in which a file is as it should be. */
function vouching(scene: Scene, file: SeenFile): readonly string[] {
  return scene
    .expected(file)
    .filter(({ sha256 }) => sha256 === file.sha256)
    .map(({ source }) => source)
}
