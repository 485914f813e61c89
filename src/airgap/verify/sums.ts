import { shownPath } from '../bundlePath.ts'
import { listedPaths } from './expectations.ts'
import { nodesOfFile } from './names.ts'
import type { Scene } from './scene.ts'
import type { SeenFile } from './seen.ts'

/** Every file against every list that names it, and every list against what is there. */
export function verifySums(scene: Scene): void {
  for (const [path, { faults }] of scene.lists.sums) {
    const [first] = faults
    if (first !== undefined)
      scene.notice(
        'checksum-list-malformed',
        `line ${first.line} ${first.message}${faults.length > 1 ? `, and ${faults.length - 1} more lines` : ''}`,
        'take the list from the release again',
        path,
      )
  }
  for (const file of scene.files.values()) if (file.fault === undefined) verifyFile(scene, file)
  for (const [path, source] of listedPaths(scene.lists))
    if (!scene.files.has(path) && !scene.toldMissing.has(path))
      scene.problem(
        'listed-file-missing',
        `is not there, and ${shownPath(source)} lists it`,
        'copy the bundle again, whole; or fetch the file again',
        nodesOfFile(scene, path),
        path,
      )
}

function verifyFile(scene: Scene, file: SeenFile): void {
  const wrong: string[] = []
  const right: string[] = []
  for (const { source, sha256, size } of scene.expected(file)) {
    if (size !== undefined && size !== file.size)
      wrong.push(`has ${file.size} bytes and not the ${size} of ${shownPath(source)}`)
    else if (file.sha256 === undefined) continue
    else if (file.sha256 !== sha256)
      wrong.push(
        `has the SHA-256 ${file.sha256.slice(0, 12)}… and not the ${sha256.slice(0, 12)}… of ${shownPath(source)}`,
      )
    else right.push(source)
  }
  for (const source of right) scene.checked(file.path, `SHA-256 in ${shownPath(source)}`)
  if (wrong.length > 0)
    scene.problem(
      'checksum-mismatch',
      `${wrong.join('; ')}${right.length > 0 ? `, but ${right.map(shownPath).join(' and ')} has it so: the lists are of different releases` : ''}`,
      right.length > 0
        ? 'take all files from one release: k3seal airgap fetch'
        : 'fetch or copy it again: it is damaged, changed, or of another release than the list',
      nodesOfFile(scene, file.path),
      file.path,
    )
}
