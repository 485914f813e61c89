import { createHash } from 'node:crypto'
import { posix, win32 } from 'node:path'
import { UserError } from '../errors.ts'
import { Secret } from '../secret.ts'
import { newToken } from '../token/generate.ts'
import type { GeneratedFile } from './file.ts'

export interface VaultPasswordPlace {
  /** Absolute. */
  readonly projectDir: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** As `process.platform` names it. */
  readonly platform: string
}

/** A vault password file: 64 letters and digits and a newline, for its owner only. */
export function newVaultPassword(path: string): GeneratedFile {
  return { path, text: new Secret(`${newToken({ kind: 'server' }).reveal()}\n`), mode: 0o600 }
}

/**
 * Where a new vault password goes: outside the project, so that no commit takes it along.
 * `$XDG_CONFIG_HOME/k3seal/NAME-HASH.vault-password`, with `%APPDATA%` on Windows and `~/.config` elsewhere; NAME is
 * the project's directory and HASH tells projects of one name apart. Throws `UserError` where there is no home.
 * https://specifications.freedesktop.org/basedir-spec/latest/
 */
export function defaultVaultPasswordPath({ projectDir, env, platform }: VaultPasswordPlace): string {
  const path = platform === 'win32' ? win32 : posix
  const home = env.HOME || env.USERPROFILE
  const configured = platform === 'win32' ? env.APPDATA : env.XDG_CONFIG_HOME
  const config =
    configured !== undefined && path.isAbsolute(configured)
      ? configured
      : home === undefined || !path.isAbsolute(home)
        ? undefined
        : path.join(home, '.config')
  if (config === undefined)
    throw new UserError('there is no home directory to keep a new vault password in', {
      fix: 'set HOME, or make the password file yourself and name it with --vault-password-file FILE',
    })
  const name = path.basename(projectDir).replace(/[^A-Za-z0-9._-]+/g, '-') || 'root'
  const hash = createHash('sha256').update(path.resolve(projectDir)).digest('hex').slice(0, 8)
  return path.join(config, 'k3seal', `${name}-${hash}.vault-password`)
}
