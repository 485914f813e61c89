import { fstatSync, type Stats, statSync, writeSync } from 'node:fs'
import type { Writable } from 'node:stream'

/** What Node makes of a descriptor, which costs it milliseconds; asked for where it is needed. */
export type StreamOf = () => NodeJS.WriteStream

/** Whether a descriptor is a terminal. */
export function isTerminal(descriptor: 1 | 2, stream: StreamOf): boolean {
  return kindOf(descriptor) === 'device' && stream().isTTY
}

/**
 * What is written to a descriptor of this process. A file or a pipe gets it at once, without a stream: nothing is asked of
 * it then but `write`, for there is no terminal. `onFault` is called where that fails: nobody reads any more, or the disk is
 * full.
 */
export function output(
  descriptor: 1 | 2,
  stream: StreamOf,
  onFault: (error: NodeJS.ErrnoException) => never,
): Writable {
  const watched: StreamOf = () => {
    const own = stream()
    if (!own.listeners('error').includes(onFault)) own.on('error', onFault)
    return own
  }
  if (kindOf(descriptor) === 'device') return watched()
  let rest: NodeJS.WriteStream | undefined
  const write = (text: string | Uint8Array): boolean => {
    if (rest !== undefined) return rest.write(text)
    const bytes = typeof text === 'string' ? Buffer.from(text) : text
    let written = 0
    try {
      while (written < bytes.length) written += writeSync(descriptor, bytes, written)
      return true
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') return onFault(error as NodeJS.ErrnoException)
      // Whoever shares this pipe has made it non-blocking: Node knows how to wait.
      rest = watched()
      return rest.write(bytes.subarray(written))
    }
  }
  return { write } as Writable
}

function kindOf(descriptor: number): 'plain' | 'device' {
  // Windows tells less about a descriptor.
  if (process.platform === 'win32') return 'device'
  const stats = fstatSync(descriptor)
  return stats.isFile() || stats.isFIFO() || stats.isSocket() || isNull(stats) ? 'plain' : 'device'
}

function isNull({ rdev }: Stats): boolean {
  return rdev !== 0 && rdev === statSync('/dev/null', { throwIfNoEntry: false })?.rdev
}
