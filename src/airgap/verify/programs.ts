import { airgapArchitectures, airgapRole } from '../../facts/airgap.ts'
import { type Architecture, architectures } from '../artefact.ts'
import { shownPath } from '../bundlePath.ts'
import { listed } from '../words.ts'
import { contentKind, readProgram } from './elf.ts'
import { nodesOfFile } from './names.ts'
import type { Scene } from './scene.ts'
import type { SeenFile } from './seen.ts'

const FETCH = 'fetch it again: k3seal airgap fetch'

/** Binaries and the install script: what they are, for which machine, of which version. */
export function verifyPrograms(scene: Scene): void {
  const versions = new Map<string, string>()
  for (const arch of architectures) {
    const file = scene.file(airgapArchitectures[arch].target)
    if (file !== undefined) binary(scene, file, arch, versions)
  }
  const fallback = scene.file(airgapRole.fallback)
  if (fallback !== undefined) fallbackBinary(scene, fallback, versions)
  verifyVersions(scene, versions)
  const script = scene.file(airgapRole.installScript)
  if (script !== undefined) installScript(scene, script)
}

/** Whether it is a program at all, and whole. */
function program(scene: Scene, file: SeenFile): Architecture | 'unknown' | undefined {
  const nodes = nodesOfFile(scene, file.path)
  const reading = readProgram(file.head)
  if (reading.kind === 'other') {
    const isPage = reading.what === 'an HTML page' || reading.what === 'an XML document'
    scene.problem(
      'binary-not-a-program',
      `is ${reading.what} and no program${isPage ? ': the server that it was taken from answered with a page' : ''}`,
      reading.what === 'gzip data' || reading.what === 'a tar archive'
        ? 'put the program itself in its place: K3s publishes it unpacked'
        : FETCH,
      nodes,
      file.path,
    )
    return undefined
  }
  if (reading.needs > file.size)
    scene.problem(
      'binary-truncated',
      `is cut off: its headers tell of ${reading.needs} bytes, and it has ${file.size}`,
      FETCH,
      nodes,
      file.path,
    )
  scene.checked(file.path, `ELF header: ${reading.built}`)
  // https://github.com/k3s-io/k3s-ansible/blob/1.2.2/roles/airgap/tasks/main.yml copies it with mode 0755, whatever it has here.
  if (file.mode !== undefined && (file.mode & 0o111) === 0)
    scene.notice(
      'binary-not-executable',
      'is not executable here, which matters to nobody but those who copy it by hand: k3s-ansible sets 0755',
      `make it so there: chmod 755 ${shownPath(file.path)}`,
      file.path,
    )
  return reading.arch ?? 'unknown'
}

function binary(scene: Scene, file: SeenFile, wanted: Architecture, versions: Map<string, string>): void {
  const arch = program(scene, file)
  if (arch === undefined) return
  const reading = readProgram(file.head)
  if (arch !== wanted)
    scene.problem(
      'binary-wrong-architecture',
      `is built for ${reading.kind === 'elf' ? reading.built : arch}, and nodes with ${wanted} get it`,
      `put ${airgapArchitectures[wanted].asset} of the release in its place`,
      nodesOfFile(scene, file.path),
      file.path,
    )
  binaryVersion(scene, file, versions)
}

/** It goes to every node for whose architecture no other binary is there. */
function fallbackBinary(scene: Scene, file: SeenFile, versions: Map<string, string>): void {
  const arch = program(scene, file)
  if (arch === undefined) return
  const nodes = nodesOfFile(scene, file.path)
  const others = (scene.plan?.nodes ?? []).filter((node) => nodes.includes(node.name) && node.arch !== arch)
  if (others.length > 0)
    scene.problem(
      'binary-wrong-architecture',
      `is built for ${arch === 'unknown' ? 'a machine that K3s has no release for' : arch}, and k3s-ansible copies it to every node that has no binary of its own architecture`,
      `put ${listed([...new Set(others.map((node) => airgapArchitectures[node.arch].target))])} beside it`,
      others.map(({ name }) => name),
      file.path,
    )
  binaryVersion(scene, file, versions)
}

function binaryVersion(scene: Scene, file: SeenFile, versions: Map<string, string>): void {
  const [version, ...others] = file.versions ?? []
  if (version !== undefined && others.length === 0) {
    versions.set(file.path, version)
    scene.checked(file.path, `version ${version}`)
    return
  }
  const why =
    version === undefined
      ? 'no version of K3s stands in it'
      : `several versions stand in it: ${listed(file.versions ?? [])}`
  scene.unchecked(`${why}, so that its own is unknown`, file.path)
}

/** https://docs.k3s.io/installation/airgap: the images have to be those of the version of the binary. */
function verifyVersions(scene: Scene, versions: ReadonlyMap<string, string>): void {
  const wanted = scene.plan?.k3sVersion
  for (const [path, version] of versions)
    if (wanted !== undefined && version !== wanted)
      scene.problem(
        'version-mismatch',
        `is K3s ${version}, and the inventory wants ${wanted}`,
        `fetch ${wanted}, or set k3s_version to ${version}`,
        nodesOfFile(scene, path),
        path,
      )
  const different = new Set(versions.values())
  if (wanted === undefined && different.size > 1)
    scene.problem(
      'version-mismatch',
      `the binaries are of different versions: ${[...versions].map(([path, version]) => `${shownPath(path)} ${version}`).join(', ')}`,
      'take all of them from one release',
      [],
    )
  for (const [source, { k3sVersion }] of scene.lists.manifests) {
    const other = wanted ?? (different.size === 1 ? [...different][0] : undefined)
    if (k3sVersion === undefined || other === undefined || k3sVersion === other) continue
    scene.problem(
      'version-mismatch',
      `says that the bundle is of K3s ${k3sVersion}, and ${wanted === undefined ? 'the binary is' : 'the inventory wants'} ${other}`,
      `fetch ${other}, or set k3s_version to ${k3sVersion}`,
      scene.nodes(),
      source,
    )
  }
}

function installScript(scene: Scene, file: SeenFile): void {
  const nodes = nodesOfFile(scene, file.path)
  if (!Buffer.from(file.head.subarray(0, 2)).equals(Buffer.from('#!'))) {
    const what = contentKind(file.head)
    scene.problem('install-script-not-a-script', `is ${what} and no script`, FETCH, nodes, file.path)
    return
  }
  scene.checked(file.path, 'the install script')
  if (scene.expected(file).length === 0)
    scene.notice(
      'checksum-unknown',
      'is vouched for by no list: whether it is the script of the release is unknown',
      'fetch install.sh.sha256sum of the release beside it: k3seal airgap fetch',
      file.path,
    )
}
