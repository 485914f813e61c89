import { setTimeout } from 'node:timers/promises'
import { TransferFailure } from './transferFailure.ts'

export interface RetryPolicy {
  /** How often a request is made again after it failed. */
  readonly retries: number
  /** Throws what the signal is aborted with. */
  readonly wait: (milliseconds: number, signal: AbortSignal) => Promise<void>
  /** From 0 to below 1. */
  readonly random: () => number
  /** Milliseconds since 1970. */
  readonly now: () => number
}

/** In milliseconds. */
const FIRST_DELAY = 1000
const LONGEST_DELAY = 60_000
/** A server that wants to be left alone for longer gets its wish: the run ends. */
const LONGEST_RETRY_AFTER = 300_000

export function retryPolicy(retries: number): RetryPolicy {
  return {
    retries,
    wait: async (milliseconds, signal) => {
      try {
        await setTimeout(milliseconds, undefined, { signal })
      } catch (error) {
        throw signal.aborted ? signal.reason : error
      }
    },
    random: Math.random,
    now: Date.now,
  }
}

/**
 * Milliseconds to wait before retry number `retry` (from 1): doubled each time, with up to a half of it left to chance so that
 * many who failed together don't come back together; what the server asks for at least. `undefined` where no retry is due.
 */
export function retryDelay(
  failure: unknown,
  retry: number,
  { retries, random, now }: RetryPolicy,
): number | undefined {
  if (!(failure instanceof TransferFailure) || !failure.again || retry > retries) return undefined
  const backoff = Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** (retry - 1)) * (1 - random() / 2)
  const asked = retryAfter(failure.retryAfter, now())
  if (asked > LONGEST_RETRY_AFTER) return undefined
  return Math.round(Math.max(backoff, asked))
}

/** Milliseconds; 0 where nothing sensible is said. https://www.rfc-editor.org/rfc/rfc9110#name-retry-after */
function retryAfter(text: string | undefined, now: number): number {
  if (text === undefined) return 0
  if (/^\d+$/.test(text.trim())) return Number(text) * 1000
  const date = / GMT$/.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(date) ? 0 : Math.max(0, date - now)
}
