import type { IncomingMessage } from 'node:http'
import type { Secret } from '../../secret.ts'
import { proxiesOf } from './proxy.ts'
import { type Asked, ask, bodyOf, type Timeouts } from './request.ts'
import { statusFailure, TransferFailure } from './transferFailure.ts'

export interface Wanted {
  readonly url: string
  /** `user:password`, for the host of `url` alone. */
  readonly login: Secret | undefined
  /** Bytes that are there already; 0 asks for the whole file. */
  readonly from: number
  /** Of the file that those bytes are from: an entity tag or a date, as If-Range takes it. */
  readonly validator: string | undefined
  readonly signal: AbortSignal
}

export interface Answer {
  /** Where the body starts in the file: as asked for, or 0 where the server gives the whole. */
  readonly from: number
  /** Bytes of the whole file, where the server says. */
  readonly total: number | undefined
  readonly validator: string | undefined
  readonly isWebPage: boolean
  /** To be read once, or given up with `drop`. */
  readonly body: AsyncIterable<Uint8Array>
  drop(): void
}

/** Where files come from. */
export interface Source {
  /** Throws `TransferFailure`, and what its signal was aborted with. */
  open(wanted: Wanted): Promise<Answer>
}

const REDIRECTS = 10

/**
 * Downloads over HTTP, through the proxies that `env` names. Redirects are followed; the login goes to no other host, and nothing
 * goes from https to http. Throws `UserError` where `env` names a proxy that is none.
 */
export function httpSource(
  env: Readonly<Record<string, string | undefined>>,
  timeouts: Timeouts,
  userAgent: string,
): Source {
  const proxies = proxiesOf(env)
  return {
    open: async (wanted) => {
      let url = new URL(wanted.url)
      const seen = new Set<string>()
      for (;;) {
        if (seen.has(url.href))
          throw new TransferFailure('the server redirects in a circle', { fix: 'name another --mirror' })
        if (seen.size > REDIRECTS)
          throw new TransferFailure(`the server redirects more than ${REDIRECTS} times`, {
            fix: 'name another --mirror',
          })
        seen.add(url.href)
        const headers = { ...headersFor(wanted, url), 'user-agent': userAgent }
        const asked = { url, headers, proxy: proxies(url), timeouts, signal: wanted.signal }
        const response = await ask(asked)
        const { location } = response.headers
        if (![301, 302, 303, 307, 308].includes(response.statusCode ?? 0) || location === undefined)
          return answerOf(response, wanted, asked)
        response.destroy()
        url = redirected(location, url)
      }
    },
  }
}

function headersFor({ url: first, login, from, validator }: Wanted, url: URL): Record<string, string> {
  const headers: Record<string, string> = { 'accept-encoding': 'identity' }
  if (login !== undefined && url.origin === new URL(first).origin)
    headers.authorization = `Basic ${login.revealBytes().toString('base64')}`
  if (from > 0) {
    headers.range = `bytes=${from}-`
    if (validator !== undefined) headers['if-range'] = validator
  }
  return headers
}

function redirected(location: string, from: URL): URL {
  const fix = 'name another --mirror'
  if (!URL.canParse(location, from.href))
    throw new TransferFailure('the server redirects to something that is no URL', { fix })
  const to = new URL(location, from)
  if (to.protocol !== 'https:' && to.protocol !== 'http:')
    throw new TransferFailure(`the server redirects to ${to.protocol}`, { fix })
  if (from.protocol === 'https:' && to.protocol === 'http:')
    throw new TransferFailure(`the server redirects from https to http (${to.host})`, { fix })
  to.username = ''
  to.password = ''
  to.hash = ''
  return to
}

function answerOf(response: IncomingMessage, wanted: Wanted, asked: Asked): Answer {
  const { statusCode = 0, headers } = response
  const common = {
    validator: validatorOf(headers.etag, headers['last-modified']),
    isWebPage: /^text\/html\b/i.test(headers['content-type'] ?? ''),
    body: bodyOf(response, asked),
    drop: () => {
      response.destroy()
    },
  }
  if (statusCode === 200) return { from: 0, total: countOf(headers['content-length']), ...common }
  if (statusCode === 206 && wanted.from > 0) {
    const [, from, total] = /^bytes (\d+)-\d+\/(\d+|\*)$/i.exec(headers['content-range'] ?? '') ?? []
    if (Number(from) === wanted.from) return { from: wanted.from, total: countOf(total), ...common }
  }
  response.destroy()
  if (wanted.from > 0 && (statusCode === 206 || statusCode === 416))
    throw new TransferFailure('the server has no such rest of the file', {
      fix: 'run it again',
      restart: true,
    })
  throw statusFailure(statusCode, asked.url.host, headers['retry-after'])
}

/** A weak entity tag says nothing about bytes. https://www.rfc-editor.org/rfc/rfc9110#name-if-range */
function validatorOf(etag: string | undefined, date: string | undefined): string | undefined {
  return etag !== undefined && /^"[^"]*"$/.test(etag) ? etag : date
}

function countOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined
}
