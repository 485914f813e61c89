import { offsetsFrom } from '../sourced.ts'
import type { ShellAssignment, ShellJoint, ShellNode, ShellRedirect } from './tree.ts'
import { readQuoted, readWord, type ShellWord } from './word.ts'

const OPENING = new Set(['if', 'while', 'until', 'for', 'case', '{'])
const CLOSING = new Set(['then', 'elif', 'else', 'fi', 'do', 'done', 'esac', '}'])
const MAX_DEPTH = 100

/** A here-document that was named and whose text begins behind the end of the line. */
interface Pending {
  readonly delimiter: string
  readonly isLiteral: boolean
  readonly isTabbed: boolean
  readonly fill: (text: ShellWord) => void
}

/**
 * The commands of a POSIX shell text, with what Bash adds as far as words go. Never throws: a text that is cut off ends
 * where it ends.
 */
export function parseShell(text: string): ShellNode {
  return new Parser(text).script()
}

class Parser {
  readonly #text: string
  #at = 0
  #depth = 0
  readonly #pending: Pending[] = []

  constructor(text: string) {
    this.#text = text
  }

  script(): ShellNode {
    const items: { joint: ShellJoint; node: ShellNode }[] = []
    while (this.#at < this.#text.length) {
      const list = this.#list()
      if (list.kind === 'list') items.push(...list.items)
      // What closes nothing, such as a lone `fi`, is passed over.
      if (this.#at < this.#text.length) this.#skipStray()
    }
    return { kind: 'list', items, start: 0, end: this.#text.length }
  }

  #skipStray(): void {
    this.#at += Math.max(1, this.#peekWord().length)
  }

  /** Commands up to a word that closes a block, a `)` or the end. */
  #list(): ShellNode {
    const start = this.#at
    const items: { joint: ShellJoint; node: ShellNode }[] = []
    let joint: ShellJoint = ';'
    for (;;) {
      this.#blank(true)
      if (this.#at >= this.#text.length || this.#text[this.#at] === ')' || CLOSING.has(this.#peekWord()))
        break
      if (this.#text.startsWith(';;', this.#at)) break
      const before = this.#at
      items.push({ joint, node: this.#pipeline() })
      joint = this.#joint()
      if (this.#at === before) this.#at += 1
    }
    return { kind: 'list', items, start, end: this.#at }
  }

  #joint(): ShellJoint {
    this.#blank(false)
    const [operator] = /^(?:&&|\|\||;(?!;)|&|\n)/.exec(this.#text.slice(this.#at, this.#at + 2)) ?? []
    if (operator === undefined) return ';'
    if (operator === '\n') this.#newline()
    else this.#at += operator.length
    return operator === '&&' || operator === '||' ? operator : ';'
  }

  #pipeline(): ShellNode {
    const start = this.#at
    const parts: ShellNode[] = []
    this.#blank(true)
    const isNegated = this.#accept('!')
    do {
      this.#blank(true)
      parts.push(this.#command())
      this.#blank(false)
    } while (this.#pipe())
    const [only] = parts
    return parts.length === 1 && only !== undefined && !isNegated
      ? only
      : { kind: 'pipeline', isNegated, parts, start, end: this.#at }
  }

  #pipe(): boolean {
    if (this.#text[this.#at] !== '|' || this.#text[this.#at + 1] === '|') return false
    this.#at += this.#text[this.#at + 1] === '&' ? 2 : 1
    return true
  }

  #command(): ShellNode {
    const start = this.#at
    this.#depth += 1
    try {
      if (this.#depth > MAX_DEPTH) {
        this.#at = this.#text.length
        return { kind: 'simple', assignments: [], words: [], redirects: [], start, end: start }
      }
      return this.#compound() ?? this.#simple()
    } finally {
      this.#depth -= 1
    }
  }

  #compound(): ShellNode | undefined {
    const start = this.#at
    if (this.#text[start] === '(') {
      this.#at += 1
      const body = this.#list()
      this.#accept(')')
      return this.#redirected({ kind: 'group', isSubshell: true, body, start, end: this.#at })
    }
    const word = this.#peekWord()
    if (!OPENING.has(word)) return this.#function()
    this.#at += word.length
    if (word === '{') {
      const body = this.#list()
      this.#accept('}')
      return this.#redirected({ kind: 'group', isSubshell: false, body, start, end: this.#at })
    }
    if (word === 'if') return this.#redirected(this.#if(start))
    if (word === 'case') return this.#redirected(this.#case(start))
    return this.#redirected(this.#loop(start, word))
  }

  #function(): ShellNode | undefined {
    const start = this.#at
    const [whole, name] =
      /^(?:function[ \t]+)?([A-Za-z_][\w.-]*)[ \t]*\([ \t]*\)/.exec(this.#text.slice(start, start + 200)) ??
      []
    if (whole === undefined || name === undefined) return undefined
    this.#at += whole.length
    this.#blank(true)
    const body = this.#command()
    return { kind: 'function', name, body, start, end: this.#at }
  }

  #if(start: number): ShellNode {
    const branches: { condition: ShellNode | undefined; body: ShellNode }[] = []
    let condition: ShellNode | undefined = this.#list()
    for (;;) {
      if (condition !== undefined) this.#accept('then')
      branches.push({ condition, body: this.#list() })
      if (this.#accept('elif')) condition = this.#list()
      else if (condition !== undefined && this.#accept('else')) condition = undefined
      else break
    }
    this.#accept('fi')
    return { kind: 'if', branches, start, end: this.#at }
  }

  #loop(start: number, word: string): ShellNode {
    let variable: string | undefined
    if (word === 'for') {
      this.#blank(false)
      variable = this.#peekWord()
      while (this.#at < this.#text.length && !/[;\n]/.test(this.#text[this.#at] ?? ''))
        this.#at = Math.max(readWord(this.#text, this.#at).end, this.#at + 1)
      this.#joint()
      this.#blank(true)
    } else this.#list()
    this.#accept('do')
    const body = this.#list()
    this.#accept('done')
    return { kind: 'loop', variable, body, start, end: this.#at }
  }

  #case(start: number): ShellNode {
    const bodies: ShellNode[] = []
    while (this.#at < this.#text.length && !this.#accept('in')) this.#skipWord()
    for (;;) {
      this.#blank(true)
      if (this.#at >= this.#text.length || this.#accept('esac')) break
      const before = this.#at
      while (this.#at < this.#text.length && this.#text[this.#at] !== ')') this.#skipWord(')')
      this.#at += 1
      bodies.push(this.#list())
      if (this.#text.startsWith(';;', this.#at)) this.#at += 2
      if (this.#at === before) this.#at += 1
    }
    return { kind: 'case', bodies, start, end: this.#at }
  }

  #skipWord(end = ''): void {
    this.#blank(true)
    if (this.#text[this.#at] === end) return
    this.#at = Math.max(readWord(this.#text, this.#at).end, this.#at + 1)
  }

  #simple(): ShellNode {
    const start = this.#at
    const assignments: ShellAssignment[] = []
    const words: ShellWord[] = []
    const redirects: ShellRedirect[] = []
    for (;;) {
      this.#blank(false)
      const redirect = this.#redirect()
      if (redirect !== undefined) {
        redirects.push(redirect)
        continue
      }
      if (this.#at >= this.#text.length || /[\n;&|()]/.test(this.#text[this.#at] ?? '')) break
      const [whole, name, plus] =
        /^([A-Za-z_]\w*)(\+?)=/.exec(this.#text.slice(this.#at, this.#at + 200)) ?? []
      if (words.length === 0 && whole !== undefined && name !== undefined) {
        const value = readWord(this.#text, this.#at + whole.length)
        assignments.push({ name, isAppended: plus === '+', value, start: this.#at })
        this.#at = value.end
        continue
      }
      const word = readWord(this.#text, this.#at)
      if (word.end === this.#at) break
      words.push(word)
      this.#at = word.end
    }
    const last = Math.max(words.at(-1)?.end ?? start, assignments.at(-1)?.value.end ?? start)
    return { kind: 'simple', assignments, words, redirects, start, end: last }
  }

  /** Redirects behind a block are of no interest, but have to be passed. */
  #redirected(node: ShellNode): ShellNode {
    do this.#blank(false)
    while (this.#redirect() !== undefined)
    return node
  }

  #redirect(): ShellRedirect | undefined {
    const [whole, descriptor = '', operator] =
      /^([0-9]*)(<<<|<<-?|[<>]&|&>>?|>>|>\||<>|[<>])/.exec(this.#text.slice(this.#at, this.#at + 20)) ?? []
    if (whole === undefined || operator === undefined || this.#text[this.#at + whole.length] === '(')
      return undefined
    this.#at += whole.length
    this.#blank(false)
    const target = readWord(this.#text, this.#at)
    this.#at = target.end
    if (!/^<<-?$/.test(operator)) return { descriptor, operator, target }
    const redirect = { descriptor, operator, target }
    this.#pending.push({
      delimiter: target.parts.map((part) => (part.kind === 'text' ? part.text.text : '')).join(''),
      isLiteral: target.parts.some(({ isQuoted }) => isQuoted),
      isTabbed: operator === '<<-',
      fill: (text) => {
        redirect.target = text
      },
    })
    return redirect
  }

  /** White space and comments, with `lines` also ends of lines and empty commands. */
  #blank(lines: boolean): void {
    for (;;) {
      const mark = this.#text[this.#at]
      if (mark === ' ' || mark === '\t' || mark === '\r') this.#at += 1
      else if (mark === '\\' && this.#text[this.#at + 1] === '\n') this.#at += 2
      else if (mark === '#' && /[\s;&|()]|^$/.test(this.#text[this.#at - 1] ?? '')) {
        const end = this.#text.indexOf('\n', this.#at)
        this.#at = end === -1 ? this.#text.length : end
      } else if (lines && mark === '\n') this.#newline()
      else return
    }
  }

  #newline(): void {
    this.#at += 1
    for (const pending of this.#pending.splice(0)) this.#hereDocument(pending)
  }

  #hereDocument({ delimiter, isLiteral, isTabbed, fill }: Pending): void {
    const start = this.#at
    let end = start
    for (;;) {
      const stop = this.#text.indexOf('\n', end)
      const line = this.#text.slice(end, stop === -1 ? undefined : stop)
      const isEnd = (isTabbed ? line.replace(/^\t+/, '') : line) === delimiter
      if (isEnd || stop === -1) {
        if (!isEnd) end = this.#text.length
        this.#at = stop === -1 ? this.#text.length : stop + 1
        break
      }
      end = stop + 1
    }
    const text = offsetsFrom(this.#text.slice(start, end), start)
    fill(
      isLiteral
        ? { parts: [{ kind: 'text', text, isQuoted: true }], start, end }
        : readQuoted(this.#text, start, end),
    )
  }

  #peekWord(): string {
    const [word = ''] =
      /^(?:[{}!](?=[\s;]|$)|[A-Za-z_]\w*(?=[\s;&|<>()]|$))/.exec(
        this.#text.slice(this.#at, this.#at + 100),
      ) ?? []
    return word
  }

  #accept(word: string): boolean {
    this.#blank(true)
    const here = word === ')' ? this.#text[this.#at] : this.#peekWord()
    if (here !== word) return false
    this.#at += word.length
    return true
  }
}
