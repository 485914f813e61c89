/** Why a file could not be transferred; the message starts in lower case and names neither file nor URL. */
export class TransferFailure extends Error {
  override readonly name = 'TransferFailure'
  readonly fix: string
  /** Whether the same request may succeed later. */
  readonly again: boolean
  /** How long the server wants to be left alone, as it said it: seconds or a date. */
  readonly retryAfter: string | undefined
  /** What is there of the file is of no use to this server. */
  readonly restart: boolean

  constructor(
    message: string,
    {
      fix,
      again = false,
      restart = false,
      retryAfter,
      cause,
    }: { fix: string; again?: boolean; restart?: boolean; retryAfter?: string | undefined; cause?: unknown },
  ) {
    super(message, { cause })
    this.fix = fix
    this.again = again
    this.restart = restart
    this.retryAfter = retryAfter
  }
}

const LATER = 'run it again later: what is there already is kept; or name a --mirror'

/** An answer that holds no file. https://www.rfc-editor.org/rfc/rfc9110#name-status-codes */
export function statusFailure(status: number, host: string, retryAfter: string | undefined): TransferFailure {
  const message = `${host} answers ${status}`
  if ([408, 425, 429].includes(status) || status >= 500)
    return new TransferFailure(message, { fix: LATER, again: true, retryAfter })
  if (status === 404 || status === 410)
    return new TransferFailure(`${message}: it has no such file`, {
      fix: 'see that this version of K3s exists and has this file, and that a --mirror has the layout URL/<version>/<asset> or the one that its placeholders say',
    })
  if (status === 401 || status === 403)
    return new TransferFailure(`${message}: it refuses the file`, {
      fix: 'see that you may read it there; a mirror may want a login: https://USER:PASSWORD@… in K3SEAL_MIRROR',
    })
  if (status === 407) return proxyFailure(status)
  return new TransferFailure(message, { fix: 'see what the server is, or name another --mirror' })
}

const NETWORK: ReadonlyMap<string, string> = new Map([
  ['ECONNRESET', 'the connection broke off'],
  ['EPIPE', 'the connection broke off'],
  ['ECONNABORTED', 'the connection broke off'],
  ['ERR_STREAM_PREMATURE_CLOSE', 'the connection broke off'],
  ['ECONNREFUSED', 'nobody listens there'],
  ['ETIMEDOUT', 'no connection in time'],
  ['EHOSTUNREACH', 'no way to it'],
  ['ENETUNREACH', 'no way to it'],
  ['EAI_AGAIN', 'its name could not be looked up'],
])

/** What went wrong on the wire; comes back as it is where it isn't the network's. */
export function networkFailure(error: unknown, host: string, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason
  if (!(error instanceof Error) || error instanceof TransferFailure) return error
  const { code } = error as NodeJS.ErrnoException
  if (code === undefined) return error
  const words = NETWORK.get(code)
  if (words !== undefined)
    return new TransferFailure(`${host}: ${words} (${code})`, { fix: LATER, again: true, cause: error })
  if (code.startsWith('HPE_'))
    return new TransferFailure(`${host} doesn't speak HTTP (${code})`, {
      fix: 'see what answers there: a mirror, a proxy?',
      again: true,
      cause: error,
    })
  if (code === 'ENOTFOUND')
    return new TransferFailure(`${host}: nobody knows that name (ENOTFOUND)`, {
      fix: 'see that this machine is online; behind a proxy set HTTPS_PROXY; or name a --mirror',
      cause: error,
    })
  if (/CERT|SELF_SIGNED|UNABLE_TO_|^ERR_(SSL|TLS)|^EPROTO$/.test(code))
    return new TransferFailure(`${host}: no connection that could be trusted (${code})`, {
      fix: 'where a proxy or a mirror has a CA of its own, name its file in NODE_EXTRA_CA_CERTS',
      cause: error,
    })
  if (/^E[A-Z]+$/.test(code))
    return new TransferFailure(`${host}: ${code}`, { fix: LATER, again: true, cause: error })
  return error
}

/** What was waited for in vain. */
export function timeoutFailure(kind: 'connect' | 'headers' | 'idle', host: string): TransferFailure {
  const words = {
    connect: 'no connection in time',
    headers: 'no answer in time',
    idle: 'nothing came any more',
  }
  return new TransferFailure(`${host}: ${words[kind]}`, { fix: LATER, again: true })
}

/** What a proxy says instead of the server. */
export function proxyFailure(status: number): TransferFailure {
  return status === 407
    ? new TransferFailure('the proxy wants a login (407)', {
        fix: 'put it into the URL of the proxy: http://USER:PASSWORD@…',
      })
    : new TransferFailure(`the proxy answers ${status}`, {
        fix: 'see that it lets you through to that host, or name the host in NO_PROXY',
        again: status >= 500 || status === 429,
      })
}
