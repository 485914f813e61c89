import { basename, dirname, join, resolve } from 'node:path'
import { Command, InvalidArgumentError } from 'commander'
import { bytes, listed } from '../../airgap/words.ts'
import { UserError } from '../../errors.ts'
import { type BuiltProgram, builtProgram } from '../../io/bundle/program.ts'
import { sign } from '../../io/bundle/signature.ts'
import { realPath } from '../../io/bundle/tree.ts'
import { discard, place, writeArchive } from '../../io/bundle/write.ts'
import { nameOf, pathKind } from '../../io/files.ts'
import { interruptible } from '../../io/interrupt.ts'
import { collect } from '../parse.ts'
import type { ExitStatus, Session } from '../session.ts'
import { type Contents, contentsOf, fill } from './packContents.ts'
import { isBelow } from './packInventory.ts'

export interface PackFlags {
  readonly output: string
  readonly inventory?: readonly string[]
  readonly sign?: string
  readonly level: number
  readonly force?: boolean
  readonly json?: boolean
}

/** `k3seal airgap pack`: one archive that holds all that a site without internet needs. */
export function packCommand(
  session: Session,
  _setStatus: (status: ExitStatus) => void,
  program: () => BuiltProgram = builtProgram,
): Command {
  return new Command('pack')
    .description(
      'pack a directory that fetch filled, the inventory, the delivery playbook and k3seal itself into one archive; the same content has the same bytes',
    )
    .argument('<dir>', 'the directory that airgap_dir will name at the far side')
    .requiredOption('-o, --output <FILE>', 'the archive, FILE.tar.gz')
    .option(
      '-i, --inventory <PATH>',
      'as for ansible-playbook; again for more (default: that of ansible.cfg)',
      collect,
    )
    .option('--sign <KEY>', 'also FILE.tar.gz.sig, made by ssh-keygen -Y with this SSH key')
    .option(
      '--level <0-9>',
      'compress, although images are compressed already; the bytes then depend on the zlib of this Node',
      level,
      0,
    )
    .option('--force', 'replace an archive that is there')
    .option('--json', 'what was packed, as JSON')
    .action((directory: string, flags: PackFlags) =>
      interruptible((signal) => pack(session, directory, flags, { signal, program: program() })),
    )
}

function level(value: string): number {
  if (!/^[0-9]$/.test(value)) throw new InvalidArgumentError('It is a number from 0 to 9.')
  return Number(value)
}

async function pack(
  session: Session,
  name: string,
  flags: PackFlags,
  { signal, program }: { readonly signal: AbortSignal; readonly program: BuiltProgram },
): Promise<void> {
  const { cwd, env } = session
  const directory = resolve(cwd, name)
  if (pathKind(directory) !== 'directory')
    throw new UserError('is no directory', { at: name, fix: 'name the one that fetch filled' })
  const target = resolve(cwd, flags.output)
  const targets = flags.sign === undefined ? [target] : [target, `${target}.sig`]
  for (const path of targets) refuseTarget(session, path, directory, flags.force === true)
  const mtime = sourceDate(env.SOURCE_DATE_EPOCH)
  const contents = await contentsOf(session, directory, flags.inventory, program)
  const draft = await writeArchive(target, { level: flags.level, mtime, signal }, (entries) =>
    fill(session, contents, entries),
  )
  const moves = [{ from: draft.path, to: target }]
  try {
    if (flags.sign !== undefined) {
      const signature = await sign(draft.path, resolve(cwd, flags.sign), {
        cwd,
        env,
        shown: (path) => nameOf(cwd, path),
      })
      moves.unshift({ from: signature, to: `${target}.sig` })
    }
    for (const path of targets) refuseTarget(session, path, directory, flags.force === true)
    signal.throwIfAborted()
    place(moves)
  } catch (error) {
    discard([draft.path, `${draft.path}.sig`])
    throw error
  }
  report(session, flags, target, { ...draft, files: contents.items.length + 3 }, contents)
}

function refuseTarget({ cwd }: Session, path: string, directory: string, force: boolean): void {
  const at = nameOf(cwd, path)
  if (pathKind(dirname(path)) !== 'directory')
    throw new UserError('there is no such directory', {
      at: nameOf(cwd, dirname(path)),
      fix: 'make it first',
    })
  if (isBelow(realPath(directory), join(realPath(dirname(path)), basename(path))))
    throw new UserError('would lie in the directory that is packed', {
      at,
      fix: 'choose a place outside of it',
    })
  const kind = pathKind(path)
  if (kind === 'absent') return
  if (kind !== 'file') throw new UserError('is no ordinary file', { at, fix: 'choose another name' })
  if (!force) throw new UserError('is there already', { at, fix: 'choose another name, or use --force' })
}

/** https://reproducible-builds.org/specs/source-date-epoch/ */
function sourceDate(value: string | undefined): number {
  if (value === undefined || value === '') return 0
  // What eleven octal digits can say.
  if (/^\d{1,10}$/.test(value) && Number(value) < 8 ** 11) return Number(value)
  throw new UserError('SOURCE_DATE_EPOCH is no time', {
    fix: 'give the seconds since 1970, or leave the variable out',
  })
}

function report(
  session: Session,
  { json, sign: key }: PackFlags,
  target: string,
  { size, sha256, files }: { readonly size: number; readonly sha256: string; readonly files: number },
  { inventory, isFetched, others }: Contents,
): void {
  const { cwd, stdout, stderr } = session
  const signature = key === undefined ? {} : { signature: `${target}.sig` }
  if (inventory === undefined)
    stderr.write(
      'Without an inventory: name one with -i, and it is packed with its group_vars and host_vars.\n',
    )
  else if (inventory.left.length > 0)
    stderr.write(`Left out, for it is no text: ${listed(inventory.left.map(({ path }) => path))}.\n`)
  if (others.length > 0) stderr.write(`Packed, though no node needs it: ${listed(others)}.\n`)
  if (!isFetched)
    stderr.write('No k3seal-bundle.json of fetch says that all is there: k3seal airgap verify tells.\n')
  if (json === true) {
    stdout.write(
      `${JSON.stringify({ version: 1, file: target, size, sha256, files, ...signature }, null, 2)}\n`,
    )
    return
  }
  stdout.write(`${nameOf(cwd, target)}: ${files} files, ${bytes(size)}\nSHA-256 ${sha256}\n`)
  if (key !== undefined) stdout.write(`signed: ${nameOf(cwd, target)}.sig\n`)
}
