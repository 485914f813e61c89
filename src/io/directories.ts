import { mkdirSync, statSync } from 'node:fs'
import { dirname } from 'node:path'

/**
 * Makes a directory with those above it, where it isn't there; whether it had to be made. Throws what the system says.
 * Node's own `recursive` never ends where that is ENOENT below a directory that is there, as in /proc.
 */
export function makeDirectories(path: string, mode = 0o777): boolean {
  try {
    return isMade(path, mode)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || dirname(path) === path) throw error
  }
  makeDirectories(dirname(path), mode)
  return isMade(path, mode)
}

function isMade(path: string, mode: number): boolean {
  try {
    mkdirSync(path, { mode })
    return true
  } catch (error) {
    const isThere = (error as NodeJS.ErrnoException).code === 'EEXIST'
    if (isThere && statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) return false
    throw error
  }
}
