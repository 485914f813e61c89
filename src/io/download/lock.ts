import { readFileSync, renameSync, rmSync, statSync } from 'node:fs'
import { hostname } from 'node:os'
import { UserError } from '../../errors.ts'
import { writeFailure, writeSynced } from '../durable.ts'
import { isAlive } from '../host.ts'

/** Locks of this process: its own number in a lock file that is not among them was another's before. */
const held = new Set<string>()

/**
 * Does work while a file says who does it. Throws `UserError` where another does; a lock whose process is gone is taken over.
 * `path`: absolute, in a directory that exists.
 */
export async function withLock<T>(path: string, work: () => Promise<T>): Promise<T> {
  take(path)
  held.add(path)
  try {
    return await work()
  } finally {
    held.delete(path)
    rmSync(path, { force: true })
  }
}

function take(path: string): void {
  for (let tries = 0; tries < 5; tries++) {
    try {
      writeSynced(path, `${process.pid} ${hostname()}\n`, 0o644)
      return
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw writeFailure(error, 'nothing was changed')
    }
    const owner = ownerOf(path)
    if (owner === undefined) continue
    refuseLiving(path, owner)
    // By a rename, or two who both saw the same dead owner could remove each other's new lock.
    const aside = `${path}.${process.pid}`
    try {
      renameSync(path, aside)
    } catch {
      continue
    }
    const moved = ownerOf(aside)
    if (moved === owner) rmSync(aside, { force: true })
    else renameSync(aside, path)
  }
  throw new UserError('is taken again and again by others', { at: path, fix: 'let them finish' })
}

function ownerOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    // Gone since.
    return undefined
  }
}

function refuseLiving(path: string, owner: string): void {
  const [, pid = '', host = ''] = /^(\d+) (\S+)\n$/.exec(owner) ?? []
  const number = Number(pid)
  const isHere = host === hostname()
  const lives = number === process.pid ? held.has(path) : isAlive(number)
  const isWhole = pid !== ''
  if (isWhole ? isHere && !lives : isOld(path)) return
  const who = !isWhole ? '' : ` (process ${pid}${isHere ? '' : ` on ${host}`})`
  throw new UserError(`another k3seal${who} is downloading into this directory`, {
    at: path,
    fix: `let it finish; if no k3seal runs there, remove ${path}`,
  })
}

/** Whether a lock without an owner is more than one that is just being written. */
function isOld(path: string): boolean {
  const stats = statSync(path, { throwIfNoEntry: false })
  return stats === undefined || Date.now() - stats.mtimeMs > 10_000
}
