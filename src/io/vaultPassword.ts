import type { Stats } from 'node:fs'
import { type FileHandle, open, stat } from 'node:fs/promises'
import { platform } from 'node:os'
import { basename, extname } from 'node:path'
import { UserError } from '../errors.ts'
import { Secret } from '../secret.ts'
import { ansiblePath } from './ansiblePath.ts'
import { exec } from './exec.ts'
import { insideGit } from './git.ts'

/** A file, script or client script that holds or prints a vault password. */
export interface VaultPasswordFile {
  /** As written: may begin with `~` and hold `$NAME`. */
  readonly path?: string
  /** Absolute: what a relative path starts from; `cwd` where it is left out. */
  readonly base?: string
  /** What a `*-client` script is asked for. */
  readonly vaultId?: string | undefined
  /** Where the path was named. */
  readonly origin: string
}

export interface VaultPasswordOptions {
  /** Absolute: scripts run here. */
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** Whether a script may ask the user: it gets our standard input, and our standard error where it is no client script. */
  readonly interactive?: boolean
  /** Opens a password file that is vaulted itself, with the passwords that came before it. */
  readonly decrypt?: (envelope: string) => Secret
}

export interface VaultPassword {
  readonly password: Secret
  readonly warnings: readonly string[]
}

/** Larger files are no passwords, but /dev/zero or an image named by mistake. */
const MAX_BYTES = 1024 * 1024

/**
 * The password of one source, as ansible-core reads it (parsing/vault/__init__.py, `get_file_vault_secret`):
 * a file is read and stripped; with any executable bit it is run and its output is the password; a name that
 * ends in `-client` or `-client.EXT` is run with `--vault-id LABEL`. Windows has no executable bits: all are files.
 * Throws `UserError`; neither it nor a warning shows any of the password.
 */
export async function vaultPassword(
  source: VaultPasswordFile,
  { cwd, env, interactive = false, decrypt }: VaultPasswordOptions,
): Promise<VaultPassword> {
  const path = await ansiblePath(source.path ?? '', source.base ?? cwd, env)
  const named = { path, origin: source.origin }
  const stats = await stat(path).catch((cause: NodeJS.ErrnoException) => {
    throw cause.code === 'ENOENT' || cause.code === 'ENOTDIR'
      ? refusal(named, 'was not found', `create it, or correct ${source.origin}`)
      : refusal(named, `can't be reached (${cause.code})`, 'give yourself access to it')
  })
  if (stats.isDirectory())
    throw source.path?.trim()
      ? refusal(named, 'is a directory', 'name a file in it')
      : refusal(named, 'has no name', `set ${source.origin} to a file, or remove it`)

  if (platform() !== 'win32' && (stats.mode & 0o111) !== 0)
    return { password: await printedPassword(named, source.vaultId, { cwd, env, interactive }), warnings: [] }

  const content = await contentOf(named)
  const password = storedPassword(named, content, decrypt)
  return { password, warnings: await fileWarnings(path, stats, content, env) }
}

interface Named {
  readonly path: string
  readonly origin: string
}

const refusal = ({ path, origin }: Named, message: string, fix: string): UserError =>
  new UserError(`the vault password file ${path} ${message} (named by ${origin})`, { fix })

const unreadable = (named: Named, error: unknown): UserError => {
  const { code } = error as NodeJS.ErrnoException
  return refusal(
    named,
    `can't be read (${code})`,
    code === 'EACCES' ? 'give yourself the right to read it' : 'check it',
  )
}

async function contentOf(named: Named): Promise<Buffer> {
  let file: FileHandle | undefined
  try {
    file = await open(named.path, 'r')
    const chunks: Buffer[] = []
    let size = 0
    // A stream rather than readFile: process substitution (`<(pass show x)`) makes a pipe, which has no size.
    for await (const chunk of file.createReadStream({
      end: MAX_BYTES,
      autoClose: false,
    }) as AsyncIterable<Buffer>) {
      chunks.push(chunk)
      size += chunk.length
    }
    if (size <= MAX_BYTES) return Buffer.concat(chunks)
  } catch (error) {
    throw unreadable(named, error)
  } finally {
    await file?.close()
  }
  throw refusal(named, 'is larger than 1 MiB', 'name a file that holds only the password')
}

function storedPassword(named: Named, content: Buffer, decrypt: VaultPasswordOptions['decrypt']): Secret {
  let password = stripped(content, /^[\t-\r ]+|[\t-\r ]+$/g)
  if (/^\$ANSIBLE_VAULT/.test(password.toString('latin1')) && password.every((byte) => byte < 0x80)) {
    if (decrypt === undefined)
      throw refusal(
        named,
        'is encrypted with Ansible Vault itself, and no other password comes before it',
        'name the source of its password before it, or store it unencrypted with mode 0600',
      )
    password = stripped(decrypt(password.toString('latin1')).revealBytes(), /^[\r\n]+|[\r\n]+$/g)
  }
  if (password.length === 0) throw refusal(named, 'is empty', 'write the password into it')
  return new Secret(password)
}

/** Removes what `ends` matches, byte by byte. */
const stripped = (bytes: Buffer, ends: RegExp): Buffer =>
  Buffer.from(bytes.toString('latin1').replace(ends, ''), 'latin1')

async function fileWarnings(
  path: string,
  stats: Stats,
  content: Buffer,
  env: VaultPasswordOptions['env'],
): Promise<readonly string[]> {
  if (!stats.isFile()) return []
  const warnings: string[] = []
  const mode = (stats.mode & 0o777).toString(8).padStart(4, '0')
  if (content.subarray(0, 2).toString('latin1') === '#!')
    warnings.push(
      platform() === 'win32'
        ? `${path} looks like a script, but on Windows its text is taken as the vault password: run k3seal in WSL, or store the password`
        : `${path} begins with #! but is not executable, so its text and not its output is the vault password: chmod +x ${path}`,
    )
  if (platform() !== 'win32' && (stats.mode & 0o077) !== 0)
    warnings.push(`the vault password file ${path} is open to other users (mode ${mode}): chmod 600 ${path}`)
  if ((await insideGit(path, env)) === 'tracked-or-visible')
    warnings.push(
      `the vault password file ${path} lies in a git work tree and is not ignored: move it out, or add it to .gitignore`,
    )
  return warnings
}

/** rc of a client script that has no secret for the label it was asked for. */
const UNKNOWN_VAULT_ID = 2

async function printedPassword(
  named: Named,
  vaultId: string | undefined,
  { cwd, env, interactive = false }: VaultPasswordOptions,
): Promise<Secret> {
  await refuseUnrunnable(named)
  const isClient = basename(named.path, extname(named.path)).endsWith('-client')
  const args = isClient && vaultId ? ['--vault-id', vaultId] : []
  const inherit = interactive ? (isClient ? ['stdin' as const] : ['stdin' as const, 'stderr' as const]) : []
  const { exitCode, stdout, stderr } = await exec(named.path, args, { cwd, env, inherit }).catch(
    (error: NodeJS.ErrnoException) => {
      throw error.code === 'ENOENT'
        ? refusal(
            named,
            'names an interpreter that is not there',
            'correct its first line; it must end in LF, not CRLF',
          )
        : refusal(named, `can't be run (${error.code})`, 'if it is no script, chmod -x it')
    },
  )
  if (exitCode === UNKNOWN_VAULT_ID && isClient)
    throw refusal(
      named,
      `has no password for the vault id ${vaultId ?? '(none given)'}${said(stderr, stdout)}`,
      'ask it for a label that it knows: --vault-id LABEL@FILE',
    )
  if (exitCode !== 0)
    throw refusal(
      named,
      `${exitCode === undefined ? 'was ended by a signal' : `ended with status ${exitCode}`}${said(stderr, stdout)}`,
      `run it by itself to see why: ${[named.path, ...args].join(' ')}`,
    )
  const password = stripped(stdout.revealBytes(), /^[\r\n]+|[\r\n]+$/g)
  if (password.length === 0)
    throw refusal(named, 'printed no password', 'make the script print the password on standard output')
  return new Secret(password)
}

/**
 * A text without `#!` but with an executable bit is a password file whose mode is wrong. Python refuses to run it;
 * Node would hand it to /bin/sh, which would take the password for a command.
 */
async function refuseUnrunnable(named: Named): Promise<void> {
  const head = Buffer.alloc(4)
  const file = await open(named.path, 'r').catch(() => undefined)
  // A program may be executable and not readable.
  if (file === undefined) return
  try {
    await file.read(head, 0, 4, 0)
  } catch (error) {
    throw unreadable(named, error)
  } finally {
    await file.close()
  }
  const isElf = head.toString('latin1') === '\x7fELF'
  const isMachO = /^(?:feedface|feedfacf|cefaedfe|cffaedfe|cafebabe)$/.test(head.toString('hex'))
  if (head.toString('latin1', 0, 2) === '#!' || isElf || isMachO) return
  throw refusal(
    named,
    'is executable but no script: it does not begin with #!',
    `if it holds the password itself: chmod -x ${named.path}`,
  )
}

/**
 * What a script said on standard error, as the end of a sentence. Lines of `set -x` and whatever it printed as
 * its password are left out, and all of it where the password is too short to be told from other text.
 */
function said(stderr: string, stdout: Secret): string {
  const printed = stdout
    .reveal()
    .split(/[\r\n]+/)
    .map((line) => line.trim())
    .filter((line) => line !== '')
  if (printed.some((line) => line.length < 4)) return ''
  const lines = stderr
    .split(/[\r\n]+/)
    .filter((line) => line.trim() !== '' && !/^\s*\++ /.test(line))
    // biome-ignore lint/suspicious/noControlCharactersInRegex: a script's colours and cursor movements are not for our message
    .map((line) => line.replace(/\x1b\[[0-9;?]*[A-Za-z]|[\x00-\x1f\x7f]/g, '').slice(0, 200))
  const text = printed.reduce(
    (rest, secret) => rest.replaceAll(secret, '[secret]'),
    lines.slice(-5).join(' / '),
  )
  return text === '' ? '' : `: ${text}`
}
