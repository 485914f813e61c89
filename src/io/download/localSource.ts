import { createReadStream, statSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import type { Readable } from 'node:stream'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { UserError } from '../../errors.ts'
import type { Source } from './http.ts'
import { TransferFailure } from './transferFailure.ts'

/** A source whose files lie in a directory at hand; their URLs are `file:` ones. */
export function localSource(): Source {
  return {
    async open({ url, from, signal }) {
      const path = fileURLToPath(url)
      try {
        const stats = await stat(path)
        if (!stats.isFile()) throw new TransferFailure('is no file', { fix: 'see what --mirror names' })
        if (from > stats.size)
          throw new TransferFailure('is shorter now', { fix: 'run it again', restart: true })
        const stream = createReadStream(path, { start: from, signal, highWaterMark: 1024 * 1024 })
        return {
          from,
          total: stats.size,
          validator: `${stats.size}-${stats.mtimeMs}`,
          isWebPage: false,
          body: bytesOf(stream),
          drop: () => {
            stream.destroy()
          },
        }
      } catch (error) {
        throw readFailure(error)
      }
    },
  }
}

async function* bytesOf(stream: Readable): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of stream) yield chunk as Uint8Array
  } catch (error) {
    throw readFailure(error)
  }
}

function readFailure(error: unknown): unknown {
  const { code } = error as NodeJS.ErrnoException
  if (error instanceof TransferFailure || code === undefined) return error
  return new TransferFailure(`can't be read (${code})`, {
    fix: 'see that --mirror has the layout DIR/<version>/<asset>, or the one that its placeholders say',
    cause: error,
  })
}

/** A directory as a URL, `{placeholders}` kept; what is a URL already comes back as it is. Throws `UserError`. */
export function mirrorUrl(text: string, cwd: string): string {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) return text
  const [fixed = ''] = text.split('{')
  const directory = resolve(cwd, fixed === text || fixed.endsWith('/') ? fixed : dirname(fixed))
  if (!(statSync(directory, { throwIfNoEntry: false })?.isDirectory() ?? false))
    throw new UserError('--mirror names no directory', {
      at: directory,
      fix: 'name one that is there, or a URL with its https://',
    })
  return pathToFileURL(resolve(cwd, text)).href.replaceAll('%7B', '{').replaceAll('%7D', '}')
}
