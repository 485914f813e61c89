import { UserError } from '../errors.ts'
import { Secret } from '../secret.ts'

/** No variable of an environment takes more (Linux: MAX_ARG_STRLEN). In bytes. */
const MAX_BYTES = 128 * 1024

/** All of a stream, or as much of it as is enough to see that it is too long for a token. */
export async function readToEnd(stdin: NodeJS.ReadableStream): Promise<Buffer> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of stdin) {
    chunks.push(Buffer.from(chunk))
    length += chunk.length
    if (length > MAX_BYTES) break
  }
  return Buffer.concat(chunks)
}

export function isTerminal(stdin: NodeJS.ReadableStream): boolean {
  return 'isTTY' in stdin && stdin.isTTY === true
}

/**
 * The token that a file or a stream holds, byte for byte. `from`: its name, for messages.
 * Throws `UserError` where it is too long for a token, or no text.
 */
export function tokenFrom(bytes: Uint8Array, from: string): Secret {
  if (bytes.length > MAX_BYTES)
    throw new UserError(`holds more than the ${MAX_BYTES / 1024} KiB that an environment variable can`, {
      at: from,
      fix: 'give the token alone',
    })
  try {
    // With ignoreBOM a byte order mark stays, as it would in an environment variable.
    return new Secret(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes))
  } catch (cause) {
    throw new UserError('is no UTF-8 text, so it holds no token', {
      at: from,
      fix: 'write the token as plain text',
      cause,
    })
  }
}

/** A file, a pipe and the clipboard end a token with a line break that is no part of it. */
export function withoutLineBreak(token: Secret): Secret {
  return new Secret(token.reveal().replace(/\r?\n$/, ''))
}
