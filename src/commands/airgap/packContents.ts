import type { Architecture } from '../../airgap/artefact.ts'
import { byBytes, manifestText, modeOf, README, SBOM, SUMS, sumsText, TOP } from '../../airgap/bundle.ts'
import { BundlePaths } from '../../airgap/bundlePath.ts'
import { ContentCollector } from '../../airgap/images/archiveContent.ts'
import { MANIFEST, type ManifestFile } from '../../airgap/manifest.ts'
import { bundledImages } from '../../airgap/pack/bundledImages.ts'
import { readmeText } from '../../airgap/pack/readme.ts'
import { type BundledImage, sbomText } from '../../airgap/pack/sbom.ts'
import { UserError } from '../../errors.ts'
import { ArchiveTap } from '../../io/archive/tap.ts'
import type { BuiltProgram } from '../../io/bundle/program.ts'
import type { ArchiveEntries, PackedFile } from '../../io/bundle/write.ts'
import { nameOf } from '../../io/files.ts'
import { version } from '../../version.ts'
import { configuredInventories } from '../inventories.ts'
import type { Session } from '../session.ts'
import { artefactFiles, deliveryItems, type PackItem, programItems } from './packFiles.ts'
import { isBelow, type PackedInventory, packedInventory } from './packInventory.ts'
import { refuseHead, refuseSecrets } from './packSecrets.ts'

/** All that one archive will hold but the lists at its end. */
export interface Contents {
  /** In the order of the archive. */
  readonly items: readonly PackItem[]
  readonly k3sVersion: string | undefined
  readonly architectures: readonly Architecture[]
  readonly inventory: PackedInventory | undefined
  /** Whether fetch says that all is there. */
  readonly isFetched: boolean
  /** In the directory, and of no use to a node. */
  readonly others: readonly string[]
}

/** `named`: the inventories, if not those of ansible.cfg. Throws `UserError` for what can't be packed, or may not. */
export async function contentsOf(
  session: Session,
  directory: string,
  named: readonly string[] | undefined,
  program: BuiltProgram,
): Promise<Contents> {
  const sources = named ?? (await configured(session))
  const inventory = sources.length === 0 ? undefined : packedInventory(session, sources, directory)
  const place = placeOf(directory, inventory)
  const { items: artefacts, manifest } = artefactFiles(session, directory, place)
  const architectures = [
    ...new Set([
      ...(manifest?.architectures ?? []),
      ...artefacts.flatMap(({ arch }) => (arch === undefined ? [] : [arch])),
    ]),
  ]
  const delivery = deliveryItems(inventory === undefined ? [session.cwd] : [inventory.base, session.cwd])
  const owned = new Set(delivery.map(({ path }) => path))
  const inventoryItems = (inventory?.files ?? [])
    .filter(({ path }) => !owned.has(path))
    .map(
      ({ absolute, path, bytes }): PackItem => ({
        path,
        role: 'inventory',
        content: { bytes },
        from: absolute,
      }),
    )
  await refuseSecrets(
    session,
    [...inventoryItems, ...delivery, ...artefacts].flatMap(({ from, content }) =>
      from === undefined ? [] : [{ absolute: from, ...('bytes' in content ? { bytes: content.bytes } : {}) }],
    ),
    inventory?.base ?? session.cwd,
  )
  const facts = { k3sVersion: manifest?.k3sVersion, architectures }
  const readme = readmeText({ ...facts, directory: place, inventories: inventory?.sources ?? [] })
  const items = [
    ...artefacts,
    ...delivery,
    ...inventoryItems,
    ...programItems(program),
    { path: README, role: 'other' as const, content: { bytes: Buffer.from(readme) } },
  ].sort((a, b) => byBytes(a.path, b.path))
  const paths = new BundlePaths(
    nameOf(session.cwd, directory),
    'give one of them another name, or leave it out',
  )
  for (const path of [...items.map((item) => item.path), SBOM, MANIFEST, SUMS]) paths.add(path)
  const lists = [MANIFEST, SUMS].map((name) => `${place}/${name}`)
  const others = artefacts.filter(({ role, path }) => role === 'other' && !lists.includes(path))
  return {
    items,
    inventory,
    ...facts,
    isFetched: manifest !== undefined,
    others: others.map(({ path }) => path),
  }
}

/** None where Ansible would take none by itself: a bundle may go without. */
async function configured(session: Session): Promise<readonly string[]> {
  try {
    return await configuredInventories(session)
  } catch (error) {
    if (error instanceof UserError) return []
    throw error
  }
}

/** Where the inventory has the directory, so that an airgap_dir relative to it stays right. */
function placeOf(directory: string, inventory: PackedInventory | undefined): string {
  const isInside = inventory !== undefined && isBelow(inventory.base, directory)
  const name = isInside ? nameOf(inventory.base, directory) : '.'
  return name === '.' ? 'airgap' : name
}

/** Writes all files, each read once, and behind them what lists them. */
export async function fill(session: Session, contents: Contents, entries: ArchiveEntries): Promise<void> {
  const { items, k3sVersion, architectures } = contents
  const files: ManifestFile[] = []
  const images: BundledImage[] = []
  const addFile = async (
    path: string,
    role: ManifestFile['role'],
    file: string,
    mode: number,
  ): Promise<PackedFile> => {
    const head = refuseHead(session, file)
    if (role !== 'images') return entries.file(TOP + path, file, mode, { head })
    const content = new ContentCollector({ digests: false })
    const tap = new ArchiveTap((entry) => content.visit(entry), session.env)
    try {
      return await entries.file(TOP + path, file, mode, { head, push: (chunk) => tap.push(chunk) })
    } finally {
      if (await tap.end()) images.push(...bundledImages(path, content))
    }
  }
  const add = async (item: PackItem): Promise<void> => {
    const { path, role, arch, source, content } = item
    const mode = modeOf(role)
    const packed =
      'file' in content
        ? await addFile(path, role, content.file, mode)
        : await entries.bytes(TOP + path, 'bytes' in content ? content.bytes : content.make(), mode)
    compare(session, item, packed)
    files.push({
      path,
      ...packed,
      role,
      ...(arch === undefined ? {} : { arch }),
      ...(source === undefined ? {} : { source }),
    })
  }
  const addText = (path: string, role: ManifestFile['role'], text: string): Promise<void> =>
    add({ path, role, content: { bytes: Buffer.from(text) } })
  for (const item of items) await add(item)
  await addText(SBOM, 'sbom', await sbomText({ k3sVersion, version, files, images }))
  const manifest = { version: 1 as const, architectures, files: [...files] }
  await addText(
    MANIFEST,
    'other',
    manifestText(k3sVersion === undefined ? manifest : { ...manifest, k3sVersion }),
  )
  await entries.bytes(TOP + SUMS, Buffer.from(sumsText(files)), modeOf('other'))
}

function compare({ cwd }: Session, { content, expected }: PackItem, { size, sha256 }: PackedFile): void {
  if (expected === undefined || !('file' in content)) return
  if (expected.size === size && expected.sha256 === sha256) return
  throw new UserError(`is not the file that was fetched: ${MANIFEST} lists another`, {
    at: nameOf(cwd, content.file),
    fix: 'remove it and run k3seal airgap fetch again',
  })
}
