import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { Readable } from 'node:stream'
import { UserError } from '../../errors.ts'
import { exec } from '../exec.ts'
import { chunksOf, openFile } from '../hash.ts'

/** What a signature is for, so that one over another kind of file doesn't count: `-n` of ssh-keygen(1). */
const NAMESPACE = 'k3seal-bundle'

interface Place {
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** How the user knows a path. */
  readonly shown: (path: string) => string
}

/**
 * Signs a file with `ssh-keygen -Y sign`, which writes the signature beside it, with `.sig` behind its name. A passphrase
 * is asked for on the terminal; the public half of a key that ssh-agent holds works, too.
 */
export async function sign(file: string, key: string, place: Place): Promise<string> {
  const { exitCode, stderr } = await run(['-Y', 'sign', '-n', NAMESPACE, '-f', key, file], place)
  if (exitCode !== 0 || !existsSync(`${file}.sig`))
    throw new UserError(`ssh-keygen could not sign: ${lastLine(stderr)}`, {
      at: place.shown(key),
      fix: 'name a private SSH key, or the public half of one that ssh-agent holds',
    })
  return `${file}.sig`
}

export interface Claim {
  readonly file: string
  readonly signature: string
  /** As ssh-keygen(1) describes it under ALLOWED SIGNERS. */
  readonly allowedSigners: string
  readonly identity: string
}

/** Returns the SHA-256 of the file that the signature is good for. Throws `UserError` where it is not. */
export async function verifySignature(
  { file, signature, allowedSigners, identity }: Claim,
  place: Place,
): Promise<string> {
  for (const [path, what] of [
    [signature, '--signature'],
    [allowedSigners, '--allowed-signers'],
  ] as const)
    if (!existsSync(path))
      throw new UserError('there is no such file', { at: place.shown(path), fix: `check ${what}` })
  const opened = await openFile(file)
  try {
    const hash = createHash('sha256')
    const chunks = async function* (): AsyncGenerator<Uint8Array> {
      for await (const chunk of chunksOf(opened, file)) {
        hash.update(chunk)
        // A copy: the pipe may still hold it when the buffer is filled again.
        yield Buffer.from(chunk)
      }
    }
    const stdin = Readable.from(chunks(), { objectMode: false })
    const args = ['-Y', 'verify', '-f', allowedSigners, '-I', identity, '-n', NAMESPACE, '-s', signature]
    const { exitCode, stderr, stdout } = await run(args, place, stdin)
    if (exitCode !== 0)
      throw new UserError(
        `is not signed by ${identity}: ${lastLine(stderr) || lastLine(stdout.reveal()) || 'ssh-keygen refuses it'}`,
        {
          at: place.shown(file),
          fix: 'take the archive and its signature from where they were packed; --identity and --allowed-signers say whom you trust',
        },
      )
    return hash.digest('hex')
  } finally {
    await opened.close()
  }
}

async function run(args: readonly string[], { cwd, env }: Place, stdin?: Readable): ReturnType<typeof exec> {
  try {
    // Its messages in the words that are looked at.
    return await exec('ssh-keygen', args, {
      cwd,
      env: { ...env, LC_ALL: 'C' },
      ...(stdin === undefined ? { inherit: ['stdin'] as const } : { source: stdin }),
    })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    throw new UserError('there is no ssh-keygen', {
      fix: 'install OpenSSH 8.2 or later (openssh-client), or leave the signature out',
      cause: error,
    })
  }
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1)?.replace(/\r$/, '') ?? ''
}
