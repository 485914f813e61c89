import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'

/** What is done with one request; `file` is what lies at its path. */
export type Reply = (request: IncomingMessage, response: ServerResponse, file: Buffer | undefined) => void

export const sha256 = (bytes: string | Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

export const etagOf = (bytes: Uint8Array): string => `"${sha256(bytes).slice(0, 16)}"`

/** As a good server does it: ranges, If-Range, an entity tag. */
export const serve: Reply = (request, response, file) => {
  if (file === undefined) {
    response.writeHead(404).end('none')
    return
  }
  const etag = etagOf(file)
  const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0)
  const isSame = [undefined, etag].includes(request.headers['if-range'] as string | undefined)
  if (from === 0 || !isSame) {
    response.writeHead(200, { etag, 'content-length': file.length }).end(file)
    return
  }
  if (from >= file.length) {
    response.writeHead(416, { 'content-range': `bytes */${file.length}` }).end()
    return
  }
  const range = `bytes ${from}-${file.length - 1}/${file.length}`
  response
    .writeHead(206, { etag, 'content-length': file.length - from, 'content-range': range })
    .end(file.subarray(from))
}

/** The whole file whatever was asked for, and no word of what it is. */
export const ignoreRange: Reply = (_request, response, file = Buffer.alloc(0)) => {
  response.writeHead(200, { 'content-length': file.length }).end(file)
}

/** Sends the file from where it was asked for to `end`, and breaks off. */
export const breakOff =
  (end: number): Reply =>
  (request, response, file = Buffer.alloc(0)) => {
    const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0)
    const common = { etag: etagOf(file), 'content-length': file.length - from }
    if (from === 0) response.writeHead(200, common)
    else
      response.writeHead(206, {
        ...common,
        'content-range': `bytes ${from}-${file.length - 1}/${file.length}`,
      })
    response.write(file.subarray(from, end), () => setImmediate(() => response.socket?.destroy()))
  }

/** Sends the file up to `end`, and nothing more. */
export const stall =
  (end: number): Reply =>
  (_request, response, file = Buffer.alloc(0)) => {
    response.writeHead(200, { etag: etagOf(file), 'content-length': file.length })
    response.write(file.subarray(0, end))
  }

export const answer =
  (status: number, headers: Readonly<Record<string, string>> = {}, body = ''): Reply =>
  (_request, response) => {
    response.writeHead(status, headers).end(body)
  }

/** A server of files on this machine that can be told to misbehave. */
export class FileServer {
  /** By path, as it is asked for. */
  readonly files = new Map<string, Buffer>()
  /** By path: one for each request that comes, the last for all others; `serve` where there is none. */
  readonly replies = new Map<string, Reply[]>()
  readonly requests: { readonly path: string; readonly headers: IncomingMessage['headers'] }[] = []
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  #tunnelStatus = 200

  private constructor() {
    this.#server = createServer((request, response) => {
      const path = request.url ?? ''
      this.requests.push({ path, headers: request.headers })
      const replies = this.replies.get(path) ?? [serve]
      const reply = replies.length > 1 ? replies.shift() : replies[0]
      reply?.(request, response, this.files.get(path))
    })
    this.#server.on('connection', (socket) => this.#keep(socket))
    this.#server.on('connect', (request: IncomingMessage, socket: Socket) => {
      this.requests.push({ path: request.url ?? '', headers: request.headers })
      if (this.#tunnelStatus !== 200) {
        socket.end(`HTTP/1.1 ${this.#tunnelStatus} No\r\n\r\n`)
        return
      }
      const [host = '', port = ''] = (request.url ?? '').split(':')
      const there = connect(Number(port), host, () => {
        socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
        there.pipe(socket).pipe(there)
      })
      this.#keep(there)
      for (const end of [there, socket]) end.on('error', () => undefined)
    })
  }

  static async start(): Promise<FileServer> {
    const own = new FileServer()
    await new Promise<void>((resolve) => {
      own.#server.listen(0, '127.0.0.1', resolve)
    })
    return own
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  /** Answers every CONNECT with this status from now on. */
  refuseTunnels(status: number): void {
    this.#tunnelStatus = status
  }

  /** How often a path was asked for. */
  count(path: string): number {
    return this.requests.filter((request) => request.path === path).length
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise((resolve) => {
      this.#server.close(resolve)
    })
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket)
    socket.on('close', () => this.#sockets.delete(socket))
  }
}
