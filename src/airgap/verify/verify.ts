import { UserError } from '../../errors.ts'
import { readManifest } from '../bundle.ts'
import { parseChecksums } from '../checksums.ts'
import type { BundleManifest } from '../manifest.ts'
import type { Plan } from '../plan/plan.ts'
import { verifyArchives } from './archives.ts'
import { type ChecksumLists, isChecksumList, isManifest } from './expectations.ts'
import { verifyImages } from './images.ts'
import { verifyNames } from './names.ts'
import { verifyPrograms } from './programs.ts'
import { verifyRelease } from './release.ts'
import { Scene, type Verification } from './scene.ts'
import { verifySecrets } from './secrets.ts'
import type { SeenFile } from './seen.ts'
import { verifyCoverage, verifySite } from './site.ts'
import { verifySums } from './sums.ts'

export type { Verification } from './scene.ts'

/** Whether the files of a bundle bring the nodes of a plan to a start; without a plan: whether they fit one another. */
export function verifyBundle({
  files,
  reading: { lists, faults },
  directory,
  plan,
}: {
  /** All below the directory. */
  readonly files: readonly SeenFile[]
  /** Of these files. */
  readonly reading: ListsReading
  /** Its own path, for what only that tells. */
  readonly directory: string
  readonly plan?: Plan | undefined
}): Verification {
  const scene = new Scene(files, lists, plan)
  for (const { path, message, fix } of faults) scene.problem('manifest-unreadable', message, fix, [], path)
  verifyNames(scene)
  verifySums(scene)
  verifyPrograms(scene)
  verifyArchives(scene)
  verifyImages(scene)
  verifyRelease(scene)
  verifySecrets(scene)
  verifySite(scene, directory)
  verifyCoverage(scene)
  return scene.end()
}

export interface ListsReading {
  readonly lists: ChecksumLists
  /** The manifests that can't be read. */
  readonly faults: readonly { readonly path: string; readonly message: string; readonly fix: string }[]
}

/** The lists among the files. */
export function checksumLists(files: readonly Pick<SeenFile, 'path' | 'text' | 'fault'>[]): ListsReading {
  const sums = new Map<string, ReturnType<typeof parseChecksums>>()
  const manifests = new Map<string, BundleManifest>()
  const faults: { path: string; message: string; fix: string }[] = []
  for (const { path, text, fault } of files) {
    if (fault !== undefined) continue
    if (isChecksumList(path) && text !== undefined) sums.set(path, parseChecksums(text))
    if (!isManifest(path)) continue
    try {
      manifests.set(path, readManifest(text ?? '', path))
    } catch (error) {
      if (!(error instanceof UserError)) throw error
      const { message, fix } = error
      faults.push({ path, message, fix })
    }
  }
  return { lists: { sums, manifests }, faults }
}
