import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { run } from '../tools/peers.ts'
import type { ControlNode } from './playbooks.ts'

export const standIn = join(import.meta.dirname, 'stand-in')

/** A fresh control node: a directory with a key, a vault password, the collection and what is airgapped. */
export interface Control extends ControlNode {
  /** For projects. */
  readonly dir: string
  /** A line for authorized_keys. */
  readonly publicKey: string
  remove(): void
}

export function newControl(): Control {
  const dir = mkdtempSync(join(tmpdir(), 'e2e-'))
  const home = join(dir, 'h')
  const collections = join(dir, 'collections')
  const privateKey = join(dir, 'key')
  const vaultPasswordFile = join(dir, 'vault-password')
  const { K3SEAL_K3S_ANSIBLE: checkout, ANSIBLE_COLLECTIONS_PATH: more } = process.env

  mkdirSync(home)
  writeFileSync(vaultPasswordFile, 'quay-lantern-8417\n', { mode: 0o600 })
  cpSync(
    checkout ?? join(import.meta.dirname, 'site'),
    join(collections, 'ansible_collections/k3s/orchestration'),
    {
      recursive: true,
    },
  )
  const made = run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', privateKey])
  if (made.status !== 0) throw new Error(made.stderr)

  return {
    dir,
    home,
    privateKey,
    vaultPasswordFile,
    collections: more === undefined ? collections : `${collections}:${more}`,
    publicKey: readFileSync(`${privateKey}.pub`, 'utf8').trim(),
    remove: () => rmSync(dir, { recursive: true, force: true }),
  }
}
