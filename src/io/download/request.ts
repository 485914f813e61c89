import { request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { isIP, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { bareHost, portOf } from './proxy.ts'
import { networkFailure, proxyFailure, timeoutFailure } from './transferFailure.ts'

/** In milliseconds. */
export interface Timeouts {
  readonly connect: number
  /** Until the answer begins. */
  readonly headers: number
  /** Between two pieces of its body. */
  readonly idle: number
}

export interface Asked {
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  readonly proxy: URL | undefined
  readonly timeouts: Timeouts
  readonly signal: AbortSignal
}

/**
 * The beginning of an answer to a GET, on a connection of its own, through the proxy where there is one: https through a tunnel,
 * http as a request to the proxy, as many open tunnels to no port but 443. The body is to be read or destroyed.
 * Throws `TransferFailure`, and what the signal was aborted with.
 *
 * Node's own client, for undici 7 can crash the process while a slow reader makes it wait, and undici 8 needs Node 22:
 * https://github.com/nodejs/undici/issues/5360
 */
export async function ask(asked: Asked): Promise<IncomingMessage> {
  const { url, headers, proxy, signal } = asked
  const own = { headers: { ...headers, host: url.host }, signal }
  if (proxy === undefined) return answerTo(asked, url, { ...own, path: pathOf(url) })
  if (url.protocol === 'http:')
    return answerTo(asked, proxy, {
      ...own,
      headers: { ...own.headers, ...proxyLogin(proxy) },
      path: `http://${url.host}${pathOf(url)}`,
    })
  const socket = await tunnel(asked, proxy)
  const host = bareHost(url)
  const named = isIP(host) === 0 ? { servername: host } : {}
  return answerTo(asked, url, {
    ...own,
    path: pathOf(url),
    createConnection: () => connectTls({ socket, host, ...named }),
  })
}

/** The pieces of a body. Throws `TransferFailure` where they end too early, or stop coming. */
export async function* bodyOf(
  response: IncomingMessage,
  { url, timeouts, signal }: Asked,
): AsyncGenerator<Uint8Array> {
  let timer: NodeJS.Timeout | undefined
  const watch = (): void => {
    timer = setTimeout(() => response.destroy(timeoutFailure('idle', url.host)), timeouts.idle)
  }
  try {
    watch()
    for await (const chunk of response) {
      // While the reader is busy, nothing can come.
      clearTimeout(timer)
      yield chunk as Uint8Array
      watch()
    }
  } catch (error) {
    throw networkFailure(error, url.host, signal)
  } finally {
    clearTimeout(timer)
  }
}

function answerTo(asked: Asked, to: URL, options: RequestOptions): Promise<IncomingMessage> {
  return begun(asked, to, options, (request, resolve) => {
    request.once('response', resolve)
  })
}

function tunnel(asked: Asked, proxy: URL): Promise<Socket> {
  const target = `${asked.url.hostname}:${portOf(asked.url)}`
  const headers = { host: target, 'user-agent': asked.headers['user-agent'] ?? '', ...proxyLogin(proxy) }
  const options = { method: 'CONNECT', path: target, headers, signal: asked.signal }
  return begun(asked, proxy, options, (request, resolve, reject) => {
    request.once('connect', ({ statusCode = 0 }, socket) => {
      if (statusCode === 200) resolve(socket)
      else {
        socket.destroy()
        reject(proxyFailure(statusCode))
      }
    })
  })
}

/** Sends a request, and watches over the time until what `hear` waits for. */
function begun<T>(
  { timeouts, signal }: Asked,
  to: URL,
  options: RequestOptions,
  hear: (
    request: ReturnType<typeof httpRequest>,
    resolve: (value: T) => void,
    reject: (error: unknown) => void,
  ) => void,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    signal.throwIfAborted()
    const isTls = to.protocol === 'https:'
    const request = (isTls ? httpsRequest : httpRequest)({
      host: bareHost(to),
      port: portOf(to),
      // One connection for one file: what is broken ends with it. Where the connection is given, there is no agent.
      ...(options.createConnection === undefined ? { agent: false } : {}),
      ...options,
    })
    const late = (kind: 'connect' | 'headers') => () => {
      request.destroy(timeoutFailure(kind, to.host))
    }
    let timer = setTimeout(late('connect'), timeouts.connect)
    request.once('socket', (socket) => {
      socket.once(isTls ? 'secureConnect' : 'connect', () => {
        clearTimeout(timer)
        timer = setTimeout(late('headers'), timeouts.headers)
      })
    })
    hear(
      request,
      (value) => {
        clearTimeout(timer)
        resolve(value)
      },
      (error) => {
        clearTimeout(timer)
        reject(error)
      },
    )
    // It stays: what goes wrong later is seen in the body.
    request.on('error', (error) => {
      clearTimeout(timer)
      reject(networkFailure(error, to.host, signal))
    })
    request.end()
  })
}

const pathOf = (url: URL): string => `${url.pathname}${url.search}`

function proxyLogin({ username, password }: URL): Readonly<Record<string, string>> {
  if (username === '' && password === '') return {}
  const login = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  return { 'proxy-authorization': `Basic ${Buffer.from(login).toString('base64')}` }
}
