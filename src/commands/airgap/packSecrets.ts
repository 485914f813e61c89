import { resolve } from 'node:path'
import { isVaultedWhole, secretByName, secretIn } from '../../airgap/secretFiles.ts'
import { UserError } from '../../errors.ts'
import { realPath } from '../../io/bundle/tree.ts'
import { nameOf } from '../../io/files.ts'
import { readFileText } from '../../io/projectTexts.ts'
import { positionAt } from '../../span.ts'
import type { Session } from '../session.ts'
import { vaultPasswordFiles } from './packInventory.ts'

/** A file that is about to be packed. `bytes`: where they have been read already. */
export interface Candidate {
  readonly absolute: string
  readonly bytes?: Uint8Array
}

/** Of the rules of `lint`, those that find a secret in clear text. */
const RULES = ['token-plaintext', 'vault-file-not-encrypted', 'vault-variable-not-encrypted']

const FIX =
  'move it out of what is packed, and bring it to the far side on a way of its own; encrypt what has to come along with ansible-vault'

/**
 * Throws `UserError` where a file is a secret, or has one in clear text: a bundle is copied and kept where nobody
 * looks after it. What a comment silences in `lint` counts here.
 */
export async function refuseSecrets(
  session: Session,
  candidates: readonly Candidate[],
  base: string,
): Promise<void> {
  const passwords = await vaultPasswordFiles(session, base)
  for (const { absolute, bytes } of candidates) {
    if (passwords.has(realPath(absolute))) refuseFile(session, absolute, 'a vault password')
    if (bytes !== undefined && isVaultedWhole(bytes)) continue
    const secret = secretByName(absolute)
    if (secret !== undefined) refuseFile(session, absolute, secret)
    if (bytes !== undefined) refuseHead(session, absolute)(bytes)
  }
  await refuseTokens(session, candidates, base)
}

/** Throws `UserError` where a file begins with a secret, which only shows when it is read. */
export function refuseHead({ cwd }: Session, absolute: string): (head: Uint8Array) => void {
  return (head) => {
    const secret = isVaultedWhole(head) ? undefined : secretIn(head)
    if (secret === undefined) return
    throw new UserError(`holds ${secret.what} in clear text, which no bundle may hold`, {
      at: `${nameOf(cwd, absolute)}:${secret.line}`,
      fix: FIX,
    })
  }
}

function refuseFile({ cwd }: Session, absolute: string, secret: string): never {
  throw new UserError(`is ${secret}, which no bundle may hold`, {
    at: nameOf(cwd, absolute),
    fix: FIX,
  })
}

/** The rules see the project around the inventory, too: its roles tell which variable becomes the token. */
async function refuseTokens(session: Session, candidates: readonly Candidate[], base: string): Promise<void> {
  const { readTarget } = await import('../lint/project.ts')
  const { targetsOf } = await import('../lint/targets.ts')
  const { check } = await import('../lint/checking.ts')
  const [target] = targetsOf(session.cwd, [candidates[0]?.absolute ?? base])
  const project = readTarget(
    { root: target?.root ?? base, files: undefined },
    { config: {}, directory: base },
    { cwd: session.cwd, inventories: undefined, exclude: [], forceExclude: false, instead: undefined },
  )
  const texts = new Map(project.texts)
  const packed = new Map<string, string>()
  for (const { absolute, bytes } of candidates) {
    const text = bytes === undefined ? textOf(absolute) : Buffer.from(bytes).toString('utf8')
    if (text === undefined) continue
    const name = nameOf(project.root, absolute)
    texts.set(name, text)
    packed.set(name, absolute)
  }
  const { findings, suppressed } = await check({
    // Whether git would take a file does not matter: the bundle does.
    project: { ...project, texts, faults: [], ignoredByGit: new Set() },
    options: { select: RULES },
  })
  const found = [...findings, ...suppressed.map(({ finding }) => finding)].filter(
    ({ at, rule }) => packed.has(at.path) && RULES.includes(rule),
  )
  const places = found.map(({ at }) => {
    const { line } = positionAt(texts.get(at.path) ?? '', at.start)
    return `${nameOf(session.cwd, resolve(project.root, at.path))}:${line}`
  })
  const [first, ...others] = [...new Set(places)]
  if (first === undefined) return
  throw new UserError(
    `holds a secret in clear text, which no bundle may hold${others.length === 0 ? '' : `; so do ${others.join(', ')}`}`,
    {
      at: first,
      fix: 'encrypt it (k3seal init, or ansible-vault encrypt_string), and make a new token where others have seen this one: k3seal lint says more',
    },
  )
}

function textOf(absolute: string): string | undefined {
  const read = readFileText(absolute)
  return 'text' in read ? read.text : undefined
}
