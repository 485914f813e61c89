import type { Dispatcher } from 'undici'
import { UserError } from '../errors.ts'
import type { Secret } from '../secret.ts'
import { networkFailure, statusFailure, TransferFailure } from './transferFailure.ts'

/** In milliseconds. */
export interface Timeouts {
  readonly connect: number
  /** Until the answer begins. */
  readonly headers: number
  /** Between two pieces of its body. */
  readonly idle: number
}

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
  close(): Promise<void>
}

const REDIRECTS = 10

/**
 * Downloads over HTTP, through the proxies that `env` names as curl reads it (`https_proxy`, `no_proxy`, …). Redirects are
 * followed; the login goes to no other host, and nothing goes from https to http.
 */
export async function httpSource(
  env: Readonly<Record<string, string | undefined>>,
  timeouts: Timeouts,
  userAgent: string,
): Promise<Source> {
  const { EnvHttpProxyAgent, request } = await import('undici')
  const noProxy = env.no_proxy ?? env.NO_PROXY ?? ''
  const agents = new Map<string, Dispatcher>()

  const proxies = { 'https:': proxyUrl('https_proxy', env), 'http:': proxyUrl('http_proxy', env) }

  const agentFor = (protocol: string): Dispatcher => {
    const known = agents.get(protocol)
    if (known !== undefined) return known
    const proxy = proxies[protocol === 'https:' ? protocol : 'http:']
    const connect = { timeout: timeouts.connect }
    const agent = new EnvHttpProxyAgent({
      // Both, or undici would take one for the other; empty, or it would read the environment of the process.
      httpProxy: proxy,
      httpsProxy: proxy,
      noProxy,
      connect,
      proxyTls: connect,
      requestTls: connect,
      // Many proxies open a tunnel to no port but 443.
      proxyTunnel: protocol === 'https:',
    })
    agents.set(protocol, agent)
    return agent
  }

  const ask = async (url: URL, wanted: Wanted): Promise<Dispatcher.ResponseData> => {
    const headers: Record<string, string> = { 'user-agent': userAgent, 'accept-encoding': 'identity' }
    if (wanted.login !== undefined && url.origin === new URL(wanted.url).origin)
      headers.authorization = `Basic ${wanted.login.revealBytes().toString('base64')}`
    if (wanted.from > 0) {
      headers.range = `bytes=${wanted.from}-`
      if (wanted.validator !== undefined) headers['if-range'] = wanted.validator
    }
    try {
      return await request(url, {
        dispatcher: agentFor(url.protocol),
        headers,
        signal: wanted.signal,
        headersTimeout: timeouts.headers,
        bodyTimeout: timeouts.idle,
      })
    } catch (error) {
      throw networkFailure(error, url.host, wanted.signal)
    }
  }

  const open = async (wanted: Wanted): Promise<Answer> => {
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
      const response = await ask(url, wanted)
      const location = response.headers.location
      if (![301, 302, 303, 307, 308].includes(response.statusCode) || location === undefined)
        return answerOf(response, wanted, url)
      drop(response)
      url = redirected(String(location), url)
    }
  }

  return {
    open,
    close: async () => {
      await Promise.all([...agents.values()].map((agent) => agent.destroy()))
    },
  }
}

function proxyUrl(name: string, env: Readonly<Record<string, string | undefined>>): string {
  // A server that runs k3seal as CGI could be handed HTTP_PROXY by a request; k3seal is run by hand, and curl's fear is not ours.
  const text = env[name] || env[name.toUpperCase()] || env.all_proxy || env.ALL_PROXY || ''
  if (text === '') return ''
  const url = text.includes('://') ? text : `http://${text}`
  if (URL.canParse(url) && /^(https?|socks5?):$/.test(new URL(url).protocol)) return url
  throw new UserError(`the proxy that ${name} names is no URL`, {
    fix: `write it like ${name}=http://proxy.example:3128`,
  })
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

function answerOf(response: Dispatcher.ResponseData, wanted: Wanted, url: URL): Answer {
  const { statusCode, headers } = response
  const head = (name: string): string | undefined => {
    const value = headers[name]
    return Array.isArray(value) ? value[0] : value
  }
  const { signal } = wanted
  const common = {
    validator: validatorOf(head('etag'), head('last-modified')),
    isWebPage: /^text\/html\b/i.test(head('content-type') ?? ''),
    body: bytesOf(response, url.host, signal),
    drop: () => drop(response),
  }
  if (statusCode === 200) return { from: 0, total: countOf(head('content-length')), ...common }
  if (statusCode === 206 && wanted.from > 0) {
    const [, from, total] = /^bytes (\d+)-\d+\/(\d+|\*)$/i.exec(head('content-range') ?? '') ?? []
    if (Number(from) === wanted.from) return { from: wanted.from, total: countOf(total), ...common }
  }
  drop(response)
  if (wanted.from > 0 && (statusCode === 206 || statusCode === 416))
    throw new TransferFailure('the server has no such rest of the file', {
      fix: 'run it again',
      restart: true,
    })
  throw statusFailure(statusCode, url.host, head('retry-after'))
}

/** A weak entity tag says nothing about bytes. https://www.rfc-editor.org/rfc/rfc9110#name-if-range */
function validatorOf(etag: string | undefined, date: string | undefined): string | undefined {
  return etag !== undefined && /^"[^"]*"$/.test(etag) ? etag : date
}

function countOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined
}

async function* bytesOf(
  { body }: Dispatcher.ResponseData,
  host: string,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of body) yield chunk as Uint8Array
  } catch (error) {
    throw networkFailure(error, host, signal)
  }
}

/** Gives the connection back, or up where the rest is long. */
function drop({ body }: Dispatcher.ResponseData): void {
  body.on('error', () => undefined)
  body.dump({ limit: 65_536 }).catch(() => undefined)
}
