import type { Writable } from 'node:stream'

/** What a terminal can show. A structural part of `Session`, so that tests can make one of three properties. */
export interface Terminal {
  readonly stdin: NodeJS.ReadableStream
  readonly stderr: Writable
  readonly color: boolean
  readonly env: Readonly<Record<string, string | undefined>>
}

/** How text has to look on one terminal. */
export interface Screen {
  readonly color: boolean
  readonly unicode: boolean
  /** In columns. */
  readonly width: number
}

export function screenOf({ stderr, color, env }: Pick<Terminal, 'stderr' | 'color' | 'env'>): Screen {
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG || ''
  return {
    color,
    unicode: /utf-?8/i.test(locale) || env.WT_SESSION !== undefined,
    // Narrower than 20 columns nothing can be laid out; the terminal itself wraps then.
    width: Math.max(20, (stderr as { columns?: number }).columns || 80),
  }
}

const codes = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  cyan: [36, 39],
}

export type Style = keyof typeof codes

/** `util.styleText` asks standard output whether it is a terminal; questions and diffs go elsewhere, so the codes stand here. */
export function paint(screen: Pick<Screen, 'color'>, style: Style, text: string): string {
  if (!screen.color || text === '') return text
  const [on, off] = codes[style]
  return `\u001B[${on}m${text}\u001B[${off}m`
}

export interface Marks {
  readonly done: string
  readonly wrong: string
  readonly note: string
  readonly pointer: string
  readonly dots: string
}

export function marksOf({ unicode }: Pick<Screen, 'unicode'>): Marks {
  return unicode
    ? { done: '✔', wrong: '✖', note: '·', pointer: '›', dots: '…' }
    : { done: '*', wrong: 'x', note: '-', pointer: '>', dots: '...' }
}

/** Breaks between words so that no line, indentation included, is wider than the screen. Longer words stay whole. */
export function wrap(text: string, width: number, indent = ''): string {
  const room = Math.max(10, width - indent.length)
  return text
    .split('\n')
    .flatMap((paragraph) => {
      const lines: string[] = []
      let line = ''
      for (const word of paragraph.split(' ')) {
        if (line !== '' && line.length + 1 + word.length > room) {
          lines.push(line)
          line = word
        } else line = line === '' ? word : `${line} ${word}`
      }
      return [...lines, line]
    })
    .map((line) => (line === '' ? '' : indent + line))
    .join('\n')
}
