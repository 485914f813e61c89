import { basename } from 'node:path'
import { ContentCollector } from '../../airgap/images/archiveContent.ts'
import { readImageList } from '../../airgap/images/imageReference.ts'
import { readImages } from '../../airgap/images/images.ts'
import { listed } from '../../airgap/words.ts'
import { readArchive } from '../../io/archive/archive.ts'
import type { Session } from '../session.ts'

/** The full names of all images in archives; or which archive does not tell them. Throws `UserError` where one can't be read. */
export async function archivedImages(
  paths: readonly string[],
  env: Session['env'],
): Promise<ReadonlySet<string> | { readonly untold: string }> {
  const names = new Set<string>()
  for (const path of paths) {
    const content = new ContentCollector({ digests: false })
    const { fault } = await readArchive(path, (entry) => content.visit(entry), { env })
    const { images, faults } = readImages(content)
    if (fault !== undefined || faults.length > 0 || images.length === 0 || content.dropped > 0)
      return { untold: basename(path) }
    for (const { name } of images) if (name !== undefined) names.add(name)
  }
  return names
}

/** How a list of images differs from those that archives hold; `undefined`: it does not. */
export function listDifference(text: string, archived: ReadonlySet<string>): string | undefined {
  const { images, faults } = readImageList(text)
  if (faults[0] !== undefined) return `line ${faults[0]} is no name of an image`
  const listedImages = new Set(images)
  const more = images.filter((name) => !archived.has(name))
  if (more.length > 0) return `no archive holds ${listed(more)}`
  const fewer = [...archived].filter((name) => !listedImages.has(name)).sort()
  return fewer.length > 0 ? `it lacks ${listed(fewer)}, which the archives hold` : undefined
}
