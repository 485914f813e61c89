import type { Writable } from 'node:stream'
import type { MultiBar, SingleBar } from 'cli-progress'

/** What shows how far downloads are. */
export interface Progress {
  /** A line that stays. */
  say(text: string): void
  /** `total`: bytes, where they are known. */
  begin(name: string, total: number | undefined): FileProgress
  /** Gives the terminal back as it was. */
  close(): void
}

export interface FileProgress {
  at(bytes: number, total: number | undefined): void
  /** Why nothing moves just now. */
  pausing(why: string, milliseconds: number): void
  end(): void
}

export interface ProgressOptions {
  readonly stream: Writable
  readonly env: Readonly<Record<string, string | undefined>>
  /** How many files there will be. */
  readonly files: number
}

/** Bars in a terminal; elsewhere (a pipe, CI, TERM=dumb) lines alone, and none while a file is on its way. */
export async function showProgress(options: ProgressOptions): Promise<Progress> {
  const { stream, env } = options
  const isTerminal = (stream as NodeJS.WriteStream).isTTY === true
  if (!isTerminal || env.TERM === 'dumb' || (env.CI ?? '') !== '') return lines(stream)
  const { MultiBar } = await import('cli-progress')
  return new Bars(MultiBar, options)
}

function lines(stream: Writable): Progress {
  const say = (text: string): void => {
    stream.write(`${text}\n`)
  }
  return {
    say,
    begin: (name) => ({
      at: () => undefined,
      pausing: (why, milliseconds) => say(`${name}: ${why}; again in ${seconds(milliseconds)}`),
      end: () => undefined,
    }),
    close: () => undefined,
  }
}

interface Row {
  readonly name: string
  readonly bytes: number
  readonly total: number | undefined
  readonly note?: string | undefined
}

class Bars implements Progress {
  readonly #bars: MultiBar
  readonly #stream: NodeJS.WriteStream
  readonly #overall: SingleBar
  readonly #files: number
  readonly #running = new Map<object, Row>()
  readonly #started = Date.now()
  #ended = 0
  /** Bytes of the files that ended. */
  #done = 0
  /** Bytes that were not there before. */
  #came = 0

  constructor(Bar: typeof MultiBar, { stream, files }: ProgressOptions) {
    this.#stream = stream as NodeJS.WriteStream
    this.#files = files
    this.#bars = new Bar({
      stream,
      format: (_options, _params, { row }: { row: () => Row }) => barLine(row(), this.#columns),
      clearOnComplete: true,
      hideCursor: true,
      // Rows are cut to fit; what `say` writes shall wrap.
      linewrap: true,
      // What is said pushes the bars down, and then they have to be drawn again even if they didn't change.
      forceRedraw: true,
      gracefulExit: false,
    })
    this.#overall = this.#bars.create(1, 0, { row: () => this.#sum })
  }

  get #columns(): number {
    return this.#stream.columns || 80
  }

  get #sum(): Row {
    const rows = [...this.#running.values()]
    const bytes = rows.reduce((sum, row) => sum + row.bytes, this.#done)
    // As long as files wait, nobody knows how much there will be.
    const isKnown =
      this.#ended + rows.length === this.#files && rows.every(({ total }) => total !== undefined)
    const time = (Date.now() - this.#started) / 1000
    return {
      name: `${this.#ended} of ${this.#files} files`,
      bytes,
      total: isKnown ? rows.reduce((sum, { total = 0 }) => sum + total, this.#done) : undefined,
      note: time < 1 ? '' : `${shownBytes(this.#came / time)}/s`,
    }
  }

  say(text: string): void {
    this.#bars.log(`\x1b[J${text}\n`)
  }

  begin(name: string, total: number | undefined): FileProgress {
    const key = {}
    let from: number | undefined
    const set = (row: Partial<Row>): void => {
      this.#running.set(key, { name, bytes: 0, total, ...this.#running.get(key), ...row })
    }
    set({})
    // More rows than the window has could not be drawn over again.
    const fits = this.#running.size < (this.#stream.rows || 24) - 1
    const row = (): Row => this.#running.get(key) ?? { name, bytes: 0, total }
    const bar = fits ? this.#bars.create(1, 0, { row }) : undefined
    return {
      at: (bytes, announced) => {
        this.#came += Math.max(0, bytes - (from ?? bytes))
        from = bytes
        set({ bytes, total: announced ?? total, note: undefined })
      },
      pausing: (why, milliseconds) => set({ note: `${why}; again in ${seconds(milliseconds)}` }),
      end: () => {
        this.#done += this.#running.get(key)?.bytes ?? 0
        this.#running.delete(key)
        this.#ended++
        if (bar !== undefined) this.#bars.remove(bar)
      },
    }
  }

  close(): void {
    this.#bars.remove(this.#overall)
    this.#bars.stop()
  }
}

/** One row, with room for the `^C` that a terminal shows behind it: a row that wraps could not be drawn over again. */
export function barLine({ name, bytes, total, note }: Row, columns: number): string {
  const width = Math.max(8, columns - 3)
  const nameWidth = Math.min(32, Math.max(8, Math.floor(width * 0.42)))
  const head = name.length > nameWidth ? `${name.slice(0, nameWidth - 1)}…` : name.padEnd(nameWidth)
  const share = total === undefined ? undefined : total === 0 ? 1 : Math.min(1, bytes / total)
  const percent = share === undefined ? '' : `${Math.floor(share * 100)}%`.padStart(5)
  const tail = note ?? `${shownBytes(bytes)}${total === undefined ? '' : ` of ${shownBytes(total)}`}`
  const room = width - head.length - percent.length - 3
  const isRoomy = room >= 12 + tail.length
  const length = Math.min(24, isRoomy ? room - tail.length - 2 : room)
  const isSaid = note !== undefined && !isRoomy && note !== ''
  const bar =
    share === undefined || isSaid || length < 4
      ? ''
      : ` [${'#'.repeat(Math.floor(share * length)).padEnd(length, '-')}]`
  const isShort = head.length + percent.length + 2 + tail.length <= width
  const rest = isRoomy || isSaid || (bar === '' && isShort) ? `  ${tail}` : ''
  return `${head}${bar}${percent}${rest}`.slice(0, width).trimEnd()
}

/** Decimal, as disks and networks are sold. */
export function shownBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  let value = bytes
  let unit = 0
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000
    unit++
  }
  return `${unit === 0 || value >= 99.5 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`
}

function seconds(milliseconds: number): string {
  return `${Math.max(1, Math.round(milliseconds / 1000))} s`
}
