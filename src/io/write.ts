import { createHash, randomBytes } from 'node:crypto'
import {
  accessSync,
  chownSync,
  constants,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs'
import { basename, dirname, join, relative, resolve, sep } from 'node:path'
import { UserError } from '../errors.ts'
import { Secret } from '../secret.ts'
import { makeDirectories } from './directories.ts'
import { syncDirectory, writeFailure, writeSynced, writeWhole } from './durable.ts'
import { isAlive } from './host.ts'

export interface FileWrite {
  /** Absolute. A symbolic link stays a link: what it points to is replaced. */
  readonly path: string
  readonly content: string | Secret
  /** For a file that does not exist yet; one that does keeps its mode, owner and group. */
  readonly mode: number
  /**
   * What stood there when the write was planned (`undefined`: nothing). Where the property is given and the
   * disk says otherwise, nothing is written: somebody edited the file between the diff and the yes.
   */
  readonly before?: string | undefined
}

/**
 * How a set of files is written all or none, even when the process is killed:
 *
 * 1. every new text goes into a staging directory (0700, ignored by git) on the same file system, and is synced;
 * 2. `plan.json` appears there by a rename: from now on the set counts as written;
 * 3. each staged file is renamed to its place, one `rename` per file, so that no reader sees half a file;
 * 4. the staging directory goes.
 *
 * A kill before 2 leaves the old files, and the next run throws the staging away; a kill after it is finished
 * by the next run (`recoverWrites`). A root that does not exist yet is staged as a whole and appears by one rename.
 */
interface Plan {
  readonly version: 1
  readonly moves: readonly Move[]
  /** Missing: as the umask has it. */
  readonly directoryMode?: number
}

interface Move {
  readonly from: string
  readonly to: string
  /** SHA-256 of what stood at `to` (`null`: nothing), so that an edit made after a crash is not overwritten. */
  readonly before: string | null
}

const STAGING = '.k3seal-write'

export interface WriteOptions {
  /** Of every directory that has to be made, less the umask; one that is there keeps its own. */
  readonly directoryMode?: number
}

/**
 * Writes all of the files or none. An unfinished write of an earlier run is finished or undone first.
 * Throws `UserError` where a target can't be written, changed since it was read, or another k3seal is writing.
 */
export async function writeAll(
  root: string,
  writes: readonly FileWrite[],
  { directoryMode = 0o777 }: WriteOptions = {},
): Promise<void> {
  await recoverWrites(root)
  if (writes.length === 0) return
  const fresh = !existsSync(root)
  const staging = stagingPath(root, fresh)
  openStaging(staging)
  try {
    const moves = stage(root, staging, fresh, writes, directoryMode)
    commit(staging, { version: 1, moves, directoryMode })
  } catch (error) {
    undo(staging)
    throw writeFailure(error, 'nothing was changed')
  }
  complete(staging)
}

/** Brings an interrupted write to its end: finished where it had been decided, thrown away where not. */
export async function recoverWrites(root: string): Promise<'nothing' | 'finished' | 'undone'> {
  let outcome: 'nothing' | 'finished' | 'undone' = 'nothing'
  for (const staging of [stagingPath(root, true), stagingPath(root, false)]) {
    if (!existsSync(staging)) continue
    refuseWhileAlive(staging)
    outcome = existsSync(planPath(staging)) ? 'finished' : 'undone'
    if (outcome === 'finished') complete(staging)
    else undo(staging)
  }
  return outcome
}

function stagingPath(root: string, fresh: boolean): string {
  return fresh ? join(dirname(root), `.${basename(root)}${STAGING}`) : join(root, STAGING)
}

function planPath(staging: string): string {
  return join(staging, 'plan.json')
}

function straysPath(staging: string): string {
  return join(staging, 'strays.json')
}

function openStaging(staging: string): void {
  try {
    makeDirectories(dirname(staging))
    mkdirSync(staging, { mode: 0o700 })
  } catch (error) {
    throw writeFailure(error, 'nothing was changed')
  }
  writeSynced(join(staging, '.gitignore'), '*\n', 0o600)
  writeSynced(join(staging, 'pid'), `${process.pid}\n`, 0o600)
}

/** Writes the staged files and says which move brings each home. */
function stage(
  root: string,
  staging: string,
  fresh: boolean,
  writes: readonly FileWrite[],
  directoryMode: number,
): Move[] {
  const strays: string[] = []
  const tree = join(staging, 'tree')
  const moves: Move[] = []
  let insideFresh = false
  for (const [index, write] of writes.entries()) {
    const target = realTarget(write.path)
    refuseChanged(write, target)
    accessSync(nearestDirectory(target), constants.W_OK)
    const below = relative(root, target)
    const inside = below !== '' && below !== '..' && !below.startsWith(`..${sep}`) && resolve(below) !== below
    if (fresh && inside) {
      insideFresh = true
      makeDirectories(dirname(join(tree, below)), directoryMode)
      writeLike(join(tree, below), write, target)
      continue
    }
    // A file outside the root may lie on another file system, where no rename reaches: it is staged beside its target.
    const from = inside
      ? join(staging, String(index))
      : join(dirname(target), `.${basename(target)}.k3seal-${randomBytes(6).toString('hex')}`)
    if (!inside) {
      makeDirectories(dirname(target), 0o700)
      strays.push(from)
      writeWhole(straysPath(staging), JSON.stringify(strays))
    }
    writeLike(from, write, target)
    moves.push({ from, to: target, before: digestOf(target) })
  }
  if (insideFresh) moves.push({ from: tree, to: root, before: null })
  return moves
}

function commit(staging: string, plan: Plan): void {
  writeWhole(planPath(staging), JSON.stringify(plan))
}

function complete(staging: string): void {
  try {
    const { moves, directoryMode } = JSON.parse(readFileSync(planPath(staging), 'utf8')) as Plan
    finish(staging, moves, directoryMode ?? 0o777)
  } catch (error) {
    throw writeFailure(error, `the new files wait in ${staging}, and the next run puts them in place`)
  }
}

function finish(staging: string, moves: readonly Move[], directoryMode: number): void {
  for (const { from, to, before } of moves) {
    if (!existsSync(from)) continue
    if (!isDirectory(from) && digestOf(to) !== before)
      throw new UserError('changed after k3seal was interrupted while writing it', {
        at: to,
        fix: `compare it with ${from}, which is what k3seal would have written; then remove ${staging} and run k3seal again`,
      })
    makeDirectories(dirname(to), directoryMode)
    renameSync(from, to)
    syncDirectory(dirname(to))
  }
  rmSync(staging, { recursive: true, force: true })
}

function undo(staging: string): void {
  for (const stray of readStrays(staging)) rmSync(stray, { force: true })
  rmSync(staging, { recursive: true, force: true })
}

function readStrays(staging: string): readonly string[] {
  try {
    return JSON.parse(readFileSync(straysPath(staging), 'utf8')) as string[]
  } catch {
    // No file was staged outside yet.
    return []
  }
}

function refuseWhileAlive(staging: string): void {
  let pid: number
  try {
    pid = Number.parseInt(readFileSync(join(staging, 'pid'), 'utf8'), 10)
  } catch {
    return
  }
  if (!Number.isSafeInteger(pid) || pid <= 0 || pid === process.pid || !isAlive(pid)) return
  throw new UserError(`another k3seal (process ${pid}) is writing here`, {
    at: staging,
    fix: `let it finish; if no k3seal runs, remove ${staging}`,
  })
}

function refuseChanged(write: FileWrite, target: string): void {
  if (!('before' in write)) return
  const now = existsSync(target) ? readFileSync(target, 'utf8') : undefined
  if (now !== write.before)
    throw new UserError('changed while k3seal was preparing its new text; nothing was written', {
      at: write.path,
      fix: 'run k3seal again: it will start from the file as it is now',
    })
}

function realTarget(path: string): string {
  if (!existsSync(path)) {
    if (isLink(path))
      throw new UserError('is a symbolic link to nothing', { at: path, fix: 'mend or remove the link' })
    return path
  }
  const target = realpathSync(path)
  if (!statSync(target).isFile())
    throw new UserError('is no ordinary file, so it will not be replaced', {
      at: path,
      fix: 'move it away, or choose another place',
    })
  return target
}

/** New text with the mode and owner of what it replaces; a secret is never wider than 0600. */
function writeLike(path: string, { content, mode }: FileWrite, target: string): void {
  const old = existsSync(target) ? statSync(target) : undefined
  const wanted = old === undefined ? mode : old.mode & 0o7777
  writeSynced(
    path,
    content instanceof Secret ? content.revealBytes() : content,
    content instanceof Secret ? wanted & 0o600 : wanted,
  )
  if (old === undefined) return
  try {
    chownSync(path, old.uid, old.gid)
  } catch {
    // Only root may give files away; the file then belongs to whoever runs k3seal, as with any editor.
  }
}

function digestOf(path: string): string | null {
  return existsSync(path) ? createHash('sha256').update(readFileSync(path)).digest('hex') : null
}

function isDirectory(path: string): boolean {
  return statSync(path).isDirectory()
}

function isLink(path: string): boolean {
  try {
    return lstatSync(path).isSymbolicLink()
  } catch {
    return false
  }
}

/** The directory that will take the file, or the nearest one above it that exists. */
function nearestDirectory(path: string): string {
  let at = dirname(path)
  while (!existsSync(at) && dirname(at) !== at) at = dirname(at)
  return at
}
