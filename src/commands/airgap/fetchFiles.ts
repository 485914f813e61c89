import { createHash } from 'node:crypto'
import { join } from 'node:path'
import type { Artefact, ArtefactRole } from '../../airgap/artefact.ts'
import { manifestText, modeOf } from '../../airgap/bundle.ts'
import { type Checksums, parseChecksums } from '../../airgap/checksums.ts'
import {
  type Fetched,
  type FetchedFile,
  fetchedManifest,
  type MissedFile,
  type OwnChecksums,
  vouched,
} from '../../airgap/fetch/fetched.ts'
import { artefactUrl, type Mirror, shownUrl } from '../../airgap/fetch/mirror.ts'
import { MANIFEST } from '../../airgap/manifest.ts'
import type { Plan } from '../../airgap/plan/plan.ts'
import { UserError } from '../../errors.ts'
import { type DownloadMeans, downloadFile, downloadText } from '../../io/download/download.ts'
import { removePartial } from '../../io/download/partial.ts'
import { ensureMode, fileThere, placeBytes, removeFile } from '../../io/download/place.ts'
import { type Progress, shownBytes } from '../../io/download/progress.ts'
import { TransferFailure } from '../../io/download/transferFailure.ts'
import { readBytes } from '../../io/files.ts'
import type { Session } from '../session.ts'
import { archivedImages, listDifference } from './archivedImages.ts'

export interface FetchQuestion {
  readonly plan: Plan
  /** Absolute, and there. */
  readonly directory: string
  readonly mirror: Mirror | undefined
  readonly own: readonly OwnChecksums[]
  /** How many files at once. */
  readonly jobs: number
}

export type FetchMeans = Pick<DownloadMeans, 'source' | 'policy' | 'signal'> & {
  readonly progress: Progress
  /** Of programs that unpack. */
  readonly env: Session['env']
}

/** No file of a release comes near it. */
const FILE_LIMIT = 2 * 1024 ** 3
const LIST_LIMIT = 1024 ** 2

/**
 * Brings every file of a plan into the directory, and the manifest when none is missing. What can't be had or written is among
 * `missed`. Throws what the signal was aborted with.
 */
export async function fetchFiles(question: FetchQuestion, means: FetchMeans): Promise<Fetched> {
  const { plan, directory, jobs } = question
  const lists = new Map<string, Checksums>()
  const fetching = new Fetching(question, means, lists)
  const outcomes = new Map<Artefact, FetchedFile | MissedFile>()
  const get = async (artefact: Artefact): Promise<void> => {
    outcomes.set(artefact, await fetching.outcome(artefact, [...outcomes.values()]))
  }
  // What vouches comes before what it vouches for.
  for (const stage of [0, 1, 2])
    await inParallel(
      plan.artefacts.filter(({ role }) => stageOf(role) === stage),
      jobs,
      means.signal,
      get,
    )
  const all = plan.artefacts.flatMap((artefact) => outcomes.get(artefact) ?? [])
  const files = all.filter((outcome) => 'state' in outcome)
  const missed = all
    .filter((outcome) => 'message' in outcome)
    .map((file) => (isReplaced(file, all) ? { ...file, isSpare: true } : file))
  if (missed.every(({ isSpare }) => isSpare)) {
    const path = join(directory, MANIFEST)
    const text = manifestText(fetchedManifest(plan.k3sVersion, files))
    placeBytes(path, Buffer.from(text), 0o644)
  }
  return { files, missed }
}

function stageOf(role: ArtefactRole): number {
  if (isChecksums(role)) return 0
  return role === 'image-list' ? 2 : 1
}

const isChecksums = (role: ArtefactRole): boolean =>
  role === 'checksums' || role === 'install-script-checksum'

/** Whether a list is not needed any more: all that it would vouch for is there, by `--checksums`. */
function isReplaced({ artefact }: MissedFile, all: readonly (FetchedFile | MissedFile)[]): boolean {
  const own = all.filter((file) => file.artefact.checksums === artefact.target)
  return own.length > 0 && own.every((file) => 'state' in file || file.isSpare)
}

class Fetching {
  readonly #question: FetchQuestion
  readonly #means: FetchMeans
  readonly #lists: Map<string, Checksums>

  constructor(question: FetchQuestion, means: FetchMeans, lists: Map<string, Checksums>) {
    this.#question = question
    this.#means = means
    this.#lists = lists
  }

  /** `before`: what came of the files of earlier stages. */
  async outcome(
    artefact: Artefact,
    before: readonly (FetchedFile | MissedFile)[],
  ): Promise<FetchedFile | MissedFile> {
    const { plan, mirror } = this.#question
    const url = artefactUrl(artefact, plan.k3sVersion, mirror)
    const shown = shownUrl(url)
    const row = this.#means.progress.begin(artefact.target, artefact.size)
    try {
      const isList = isChecksums(artefact.role)
      const file = await (isList ? this.#list(artefact, url, row) : this.#file(artefact, url, row, before))
      if ('message' in file) return { artefact, url: shown, ...file }
      const words = { downloaded: 'downloaded', resumed: 'the rest downloaded', present: 'there already' }
      this.#means.progress.say(
        `${artefact.target}  ${shownBytes(file.size)}, ${words[file.state]}${isList ? '' : ', verified'}`,
      )
      return { artefact, url: shown, ...file }
    } catch (error) {
      this.#means.signal.throwIfAborted()
      if (!(error instanceof TransferFailure || error instanceof UserError)) throw error
      return { artefact, url: shown, message: error.message, fix: error.fix, isSpare: false }
    } finally {
      row.end()
    }
  }

  /** A list is compared with nothing but the user's own: it is what the release vouches with. */
  async #list(artefact: Artefact, url: string, row: Row): Promise<Outcome> {
    const { directory, own } = this.#question
    const path = join(directory, artefact.target)
    const there = await fileThere(path)
    const named = vouched({ ...artefact, checksums: 'the list' }, new Map(), own)
    const { bytes, sha256, attempts } = await downloadText(
      { ...this.#from(url), limit: LIST_LIMIT },
      this.#downloadMeans(row),
    )
    const checksums = parseChecksums(bytes.toString('utf8'))
    if (checksums.sums.size === 0)
      throw new TransferFailure('what came is no list of checksums', {
        fix: 'see what answers there: a proxy or a mirror may want a login, or have another layout',
      })
    if ('sha256' in named && named.sha256 !== sha256)
      throw new TransferFailure(`wrong SHA-256: ${sha256} came, ${named.sha256} is listed by --checksums`, {
        fix: 'do not use it: a mirror or a proxy changed it, or has another version',
      })
    this.#lists.set(artefact.target, checksums)
    const isThere = there?.sha256 === sha256
    if (isThere) ensureMode(path, modeOf(artefact.role))
    else {
      this.#changing()
      if (there !== undefined)
        this.#means.progress.say(`${artefact.target}  differs from the published one: replacing it`)
      placeBytes(path, bytes, modeOf(artefact.role))
    }
    return { size: bytes.length, sha256, state: isThere ? 'present' : 'downloaded', attempts }
  }

  async #file(
    artefact: Artefact,
    url: string,
    row: Row,
    before: readonly (FetchedFile | MissedFile)[],
  ): Promise<Outcome> {
    const { directory, own } = this.#question
    const target = join(directory, artefact.target)
    const mode = modeOf(artefact.role)
    const vouching = vouched(artefact, this.#lists, own)
    if ('message' in vouching) {
      if (artefact.role !== 'image-list' || !vouching.isUnlisted) return { ...vouching, isSpare: false }
      const archives = before.flatMap((file) =>
        'state' in file && file.artefact.role === 'images' ? [join(directory, file.artefact.target)] : [],
      )
      return this.#imageList(artefact, url, row, archives, vouching)
    }
    const { sha256 } = vouching
    const there = await fileThere(target)
    if (there?.sha256 === sha256) {
      ensureMode(target, mode)
      removePartial(target)
      return { ...there, state: 'present', attempts: 0 }
    }
    this.#changing()
    if (there !== undefined)
      this.#means.progress.say(
        `${artefact.target}  what is there has the wrong SHA-256: it stays until a verified one replaces it`,
      )
    const { size, attempts, isResumed } = await downloadFile(
      { ...this.#from(url), target, mode, sha256, limit: FILE_LIMIT },
      this.#downloadMeans(row),
    )
    return { size, sha256, attempts, state: isResumed ? 'resumed' : 'downloaded' }
  }

  /**
   * Today's releases have no checksum for the list of images, and have them for the archives: https://github.com/k3s-io/k3s/blob/051a497/.github/workflows/release.yml
   * So the archives vouch for it, whose images have to be exactly those of the list. No node ever sees it.
   */
  async #imageList(
    artefact: Artefact,
    url: string,
    row: Row,
    archives: readonly string[],
    unlisted: { readonly message: string; readonly fix: string },
  ): Promise<Outcome> {
    const left = (message: string): Outcome => ({
      message: `${unlisted.message}, and ${message}`,
      fix: unlisted.fix,
      isSpare: true,
    })
    if (archives.length === 0) return left('there is no verified archive to compare it with')
    const images = await archivedImages(archives, this.#means.env)
    if ('untold' in images) return left(`${images.untold} does not tell its images`)
    const path = join(this.#question.directory, artefact.target)
    const there = readBytes(path)
    if (there !== undefined && listDifference(there.toString('utf8'), images) === undefined) {
      ensureMode(path, modeOf(artefact.role))
      return {
        size: there.length,
        sha256: createHash('sha256').update(there).digest('hex'),
        state: 'present',
        attempts: 0,
      }
    }
    const { bytes, sha256, attempts } = await downloadText(
      { ...this.#from(url), limit: LIST_LIMIT },
      this.#downloadMeans(row),
    )
    const difference = listDifference(bytes.toString('utf8'), images)
    if (difference !== undefined) return left(`it is not the list of the verified archives: ${difference}`)
    this.#changing()
    placeBytes(path, bytes, modeOf(artefact.role))
    return { size: bytes.length, sha256, state: 'downloaded', attempts }
  }

  /** A manifest says that all is there; from the first change on, it would lie. */
  #changing(): void {
    removeFile(join(this.#question.directory, MANIFEST))
  }

  #from(url: string) {
    return { url, shownUrl: shownUrl(url), login: this.#question.mirror?.login }
  }

  #downloadMeans(row: Row): DownloadMeans {
    const { source, policy, signal } = this.#means
    return { source, policy, signal, progress: row.at, pausing: row.pausing }
  }
}

type Row = ReturnType<Progress['begin']>
type Outcome = Omit<FetchedFile, 'artefact' | 'url'> | Pick<MissedFile, 'message' | 'fix' | 'isSpare'>

/** Works on up to `jobs` at once. When one throws, no other is begun, and all that run end before it is thrown. */
async function inParallel<T>(
  items: readonly T[],
  jobs: number,
  signal: AbortSignal,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const queue = [...items]
  let isBroken = false
  const worker = async (): Promise<void> => {
    for (let item = queue.shift(); item !== undefined && !isBroken; item = queue.shift()) {
      try {
        signal.throwIfAborted()
        await work(item)
      } catch (error) {
        isBroken = true
        throw error
      }
    }
  }
  const ends = await Promise.allSettled(Array.from({ length: jobs }, worker))
  for (const end of ends) if (end.status === 'rejected') throw end.reason
}
