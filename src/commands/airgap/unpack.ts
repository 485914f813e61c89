import { createHash } from 'node:crypto'
import { resolve } from 'node:path'
import { Command } from 'commander'
import { modeOf, TOP } from '../../airgap/bundle.ts'
import { MANIFEST } from '../../airgap/manifest.ts'
import { BundleCheck, type SeenFile } from '../../airgap/pack/check.ts'
import { TarGuard } from '../../airgap/pack/tarGuard.ts'
import { UserError } from '../../errors.ts'
import { type BundleEntry, readBundle } from '../../io/bundle/read.ts'
import { verifySignature } from '../../io/bundle/signature.ts'
import { refuseOccupied, type UnpackedFile, Unpacking } from '../../io/bundle/unpack.ts'
import { nameOf, pathKind } from '../../io/files.ts'
import { interruptible } from '../../io/interrupt.ts'
import type { ExitStatus, Session } from '../session.ts'

interface UnpackFlags {
  readonly out: string
  readonly signature?: string
  readonly allowedSigners?: string
  readonly identity?: string
  readonly json?: boolean
}

/** `k3seal airgap unpack`: an archive of `pack`, checked to its last byte before a file of it appears. */
export function unpackCommand(session: Session, _setStatus: (status: ExitStatus) => void): Command {
  return new Command('unpack')
    .description('check an archive that pack wrote, to its end, and then unpack it')
    .argument('<file>', 'the archive')
    .requiredOption('-o, --out <DIR>', 'a directory that is not there yet, or is empty')
    .option(
      '--signature <FILE>',
      'check this signature first (default: the archive with .sig behind its name)',
    )
    .option('--allowed-signers <FILE>', 'whose signatures count, as for ssh-keygen -Y verify')
    .option('--identity <ID>', 'whose signature it has to be, as --allowed-signers names them')
    .option('--json', 'what was unpacked, as JSON')
    .action((file: string, flags: UnpackFlags) =>
      interruptible((signal) => unpack(session, file, flags, signal)),
    )
}

async function unpack(
  session: Session,
  name: string,
  flags: UnpackFlags,
  signal: AbortSignal,
): Promise<void> {
  const { cwd } = session
  const archive = resolve(cwd, name)
  const out = resolve(cwd, flags.out)
  if (pathKind(archive) === 'absent')
    throw new UserError('there is no such file', { at: name, fix: 'check the path of the archive' })
  refuseOccupied(out, flags.out)
  const signed = await checkSignature(session, archive, flags)
  const { files, sha256 } = await check(archive, name, signal)
  if (signed !== undefined && signed !== sha256) throw changed(name)
  await write(archive, name, { out, at: flags.out }, files, signal)
  const paths = files.map(({ path }) => path).sort()
  if (signed === undefined && pathKind(`${archive}.sig`) === 'file')
    session.stderr.write(
      `note: ${name}.sig was not checked: --allowed-signers FILE and --identity ID say whose signature counts\n`,
    )
  session.stdout.write(
    flags.json === true
      ? `${JSON.stringify({ version: 1, out, files: paths }, null, 2)}\n`
      : `${flags.out}: ${paths.length} files, each as ${MANIFEST} says${signed === undefined ? '' : `, signed by ${flags.identity}`}\n`,
  )
}

/** The SHA-256 of what was signed; undefined where no signature is asked for. */
async function checkSignature(
  { cwd, env }: Session,
  file: string,
  { signature, allowedSigners, identity }: UnpackFlags,
): Promise<string | undefined> {
  if (signature === undefined && allowedSigners === undefined && identity === undefined) return undefined
  if (allowedSigners === undefined || identity === undefined)
    throw new UserError('a signature is good only for somebody whom you trust', {
      fix: 'give both --allowed-signers FILE and --identity ID',
    })
  const claim = {
    file,
    signature: signature === undefined ? `${file}.sig` : resolve(cwd, signature),
    allowedSigners: resolve(cwd, allowedSigners),
    identity,
  }
  return verifySignature(claim, { cwd, env, shown: (path) => nameOf(cwd, path) })
}

/** Reads all of the archive, and writes nothing. */
async function check(
  archive: string,
  name: string,
  signal: AbortSignal,
): Promise<{ readonly files: readonly (UnpackedFile & SeenFile)[]; readonly sha256: string }> {
  const checked = new BundleCheck(name)
  const seen: SeenFile[] = []
  const sha256 = await readBundle(archive, {
    at: name,
    guard: new TarGuard(name),
    signal,
    onEntry: async (entry) => {
      const { path, isList } = checked.entry(entry.path, entry.size)
      const { hash, text } = await read(entry, isList)
      const file = { path, size: entry.size, sha256: hash }
      seen.push(file)
      checked.add(file, text)
    },
  })
  const roles = new Map(checked.end().files.map(({ path, role }) => [path, role]))
  return { sha256, files: seen.map((file) => ({ ...file, mode: modeOf(roles.get(file.path) ?? 'other') })) }
}

async function read(
  { content }: BundleEntry,
  isList: boolean,
): Promise<{ readonly hash: string; readonly text: string | undefined }> {
  const hash = createHash('sha256')
  const chunks: Uint8Array[] = []
  for await (const chunk of content) {
    hash.update(chunk)
    if (isList) chunks.push(chunk)
  }
  return {
    hash: hash.digest('hex'),
    text: isList ? new TextDecoder().decode(Buffer.concat(chunks)) : undefined,
  }
}

/** Reads the archive once more. Each file has to be what was checked. */
async function write(
  archive: string,
  name: string,
  { out, at }: { readonly out: string; readonly at: string },
  files: readonly (UnpackedFile & SeenFile)[],
  signal: AbortSignal,
): Promise<void> {
  const bytes = files.reduce((sum, { size }) => sum + size, 0)
  const unpacking = await Unpacking.open(out, bytes, at)
  try {
    let count = 0
    await readBundle(archive, {
      at: name,
      guard: new TarGuard(name),
      signal,
      onEntry: async ({ path, content }) => {
        const file = files[count]
        if (file === undefined || path !== TOP + file.path) throw changed(name)
        await unpacking.write(file, content)
        count += 1
      },
    })
    if (count !== files.length) throw changed(name)
    refuseOccupied(out, at)
    unpacking.commit()
  } catch (error) {
    unpacking.discard()
    throw error
  }
}

function changed(name: string): UserError {
  return new UserError('changed while it was checked; nothing was unpacked', {
    at: name,
    fix: 'let nobody write to the archive, then unpack again',
  })
}
