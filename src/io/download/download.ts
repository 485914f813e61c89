import { createHash } from 'node:crypto'
import type { Secret } from '../../secret.ts'
import type { Answer, Source } from './http.ts'
import { Partial, removePartial } from './partial.ts'
import { type RetryPolicy, retryDelay } from './retry.ts'
import { TransferFailure } from './transferFailure.ts'

export interface Download {
  readonly url: string
  /** The same without secrets. */
  readonly shownUrl: string
  readonly login: Secret | undefined
  /** No file may be longer, whatever a server says. */
  readonly limit: number
}

export interface FileDownload extends Download {
  /** Absolute. Gets the file when all of it is there and has the right sum, and not before. */
  readonly target: string
  readonly mode: number
  /** 64 lower-case hexadecimal digits. */
  readonly sha256: string
}

export interface DownloadMeans {
  readonly source: Source
  readonly policy: RetryPolicy
  readonly signal: AbortSignal
  /** Told how much is there, and of how much. */
  readonly progress: (bytes: number, total: number | undefined) => void
  /** Told why there is a pause, and for how many milliseconds. */
  readonly pausing: (why: string, milliseconds: number) => void
}

export interface Downloaded {
  /** Bytes. */
  readonly size: number
  /** Requests, redirects not counted. */
  readonly attempts: number
  /** Whether a part of it had been there from an earlier run. */
  readonly isResumed: boolean
}

/**
 * Downloads a file, goes on where it broke off (in this run or an earlier one), and compares its sum before it gets its name.
 * Throws `TransferFailure` where it can't be had, `UserError` where it can't be written, what the signal was aborted with.
 */
export async function downloadFile(download: FileDownload, means: DownloadMeans): Promise<Downloaded> {
  const { target, sha256, shownUrl, mode } = download
  const partial = await Partial.open(target, sha256, shownUrl)
  try {
    if (partial.size > download.limit) await partial.restart()
    const transfer = new Transfer(download, means, partial)
    const left = partial.size
    await transfer.run()
    await partial.place(mode)
    return { size: partial.size, attempts: transfer.attempts, isResumed: left > 0 && !transfer.isRestarted }
  } catch (error) {
    await partial.close().catch(() => undefined)
    if (partial.size === 0) removePartial(target)
    throw error
  }
}

/** Downloads a short text without a sum of its own. Throws as `downloadFile` does. */
export async function downloadText(
  { url, login, limit }: Download,
  { source, policy, signal, pausing }: DownloadMeans,
): Promise<{ readonly bytes: Buffer; readonly sha256: string; readonly attempts: number }> {
  for (let attempts = 1; ; attempts++) {
    try {
      const answer = await source.open({ url, login, from: 0, validator: undefined, signal })
      refuseLong(answer, limit)
      const chunks: Uint8Array[] = []
      let size = 0
      for await (const chunk of answer.body) {
        size += chunk.length
        if (size > limit) throw tooLong(limit)
        chunks.push(chunk)
      }
      refuseShort(size, answer.total)
      const bytes = Buffer.concat(chunks)
      return { bytes, sha256: createHash('sha256').update(bytes).digest('hex'), attempts }
    } catch (error) {
      await pause(error, attempts, policy, signal, pausing)
    }
  }
}

class Transfer {
  attempts = 0
  /** Whether what an earlier run left was of no use. */
  isRestarted = false
  readonly #download: FileDownload
  readonly #means: DownloadMeans
  readonly #partial: Partial
  /** Off, every request is for the whole file. */
  #takesRest = true

  constructor(download: FileDownload, means: DownloadMeans, partial: Partial) {
    this.#download = download
    this.#means = means
    this.#partial = partial
  }

  /** Ends when the sum is right. */
  async run(): Promise<void> {
    const { policy, signal, pausing } = this.#means
    let retries = 0
    while (this.#partial.sha256 !== this.#download.sha256) {
      signal.throwIfAborted()
      this.attempts++
      try {
        await this.#request()
      } catch (error) {
        // Whatever went wrong, went wrong behind the last byte.
        if (this.#partial.sha256 === this.#download.sha256 && error instanceof TransferFailure) return
        if (error instanceof TransferFailure && error.restart && this.#takesRest) {
          this.#takesRest = false
          await this.#restart()
        } else {
          retries++
          await pause(error, retries, policy, signal, pausing)
        }
      }
    }
  }

  async #request(): Promise<void> {
    const { source, signal, progress } = this.#means
    const { url, login, limit, sha256 } = this.#download
    const partial = this.#partial
    if (!this.#takesRest && partial.size > 0) await this.#restart()
    const { size: from, validator } = partial
    const answer = await source.open({ url, login, from, validator, signal })
    try {
      refuseLong(answer, limit)
      if (answer.from !== from) await this.#restart()
      else if (from > 0 && answer.total !== undefined && partial.total !== undefined)
        if (answer.total !== partial.total)
          throw new TransferFailure('the file changed on the server', { fix: 'run it again', restart: true })
      await partial.describe(answer.validator, answer.total)
    } catch (error) {
      answer.drop()
      throw error
    }
    progress(partial.size, answer.total)
    for await (const chunk of answer.body) {
      if (partial.size + chunk.length > (answer.total ?? limit))
        throw await this.#discarded(tooLong(answer.total ?? limit))
      await partial.append(chunk)
      progress(partial.size, answer.total)
    }
    refuseShort(partial.size, answer.total)
    if (partial.sha256 === sha256) return
    const wrong = wrongSum(partial.sha256, sha256, answer.isWebPage)
    await this.#restart()
    // Parts of two files may have met; the whole from one request has no such excuse.
    throw from > 0 && answer.from > 0
      ? new TransferFailure(wrong.message, { fix: wrong.fix, restart: true })
      : wrong
  }

  async #restart(): Promise<void> {
    this.isRestarted = true
    await this.#partial.restart()
  }

  async #discarded(failure: TransferFailure): Promise<TransferFailure> {
    await this.#partial.restart()
    return failure
  }
}

/** Waits until the next try is due; throws the failure where none is. */
async function pause(
  error: unknown,
  retry: number,
  policy: RetryPolicy,
  signal: AbortSignal,
  pausing: DownloadMeans['pausing'],
): Promise<void> {
  signal.throwIfAborted()
  const delay = retryDelay(error, retry, policy)
  if (delay === undefined) throw error
  pausing((error as TransferFailure).message, delay)
  await policy.wait(delay, signal)
}

function refuseLong({ total }: Answer, limit: number): void {
  if (total !== undefined && total > limit) throw tooLong(limit)
}

function refuseShort(size: number, total: number | undefined): void {
  if (total !== undefined && size < total)
    throw new TransferFailure(`the connection broke off at ${size} of ${total} bytes`, {
      fix: 'run it again later: what is there already is kept',
      again: true,
    })
}

function tooLong(limit: number): TransferFailure {
  return new TransferFailure(`the server sends more than ${limit} bytes`, {
    fix: 'see what answers there: that is not the file',
  })
}

function wrongSum(sum: string, wanted: string, isWebPage: boolean): TransferFailure {
  return isWebPage
    ? new TransferFailure('a web page came instead of the file', {
        fix: 'a proxy or a mirror wants a login, or blocks the file: open the URL in a browser',
      })
    : new TransferFailure(`wrong SHA-256: ${sum} came, ${wanted} is listed`, {
        fix: 'do not use that file: a mirror or a proxy changed it, or has another version; try another --mirror',
      })
}
