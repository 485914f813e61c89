import type { Span } from '../span.ts'

/** One step of a trace, as the user reads it: where, and what happens to the value there. Holds no value. */
export interface Hop {
  readonly at: Span
  readonly what: string
}

/**
 * A piece of text whose way is followed. Inside of strings it is one character of a private plane (`Atoms.mark`), so that
 * templates, filters and file edits carry it along like any other character.
 */
export interface Atom {
  readonly id: number
  /** The atom at the start of the way: two texts with the same root are the same token. */
  readonly root: Atom
  /** One step nearer to the start; `undefined` for the root itself. */
  readonly from: Atom | undefined
  /** `undefined` for what no file of the project says, and where only more is known of the text. */
  readonly hop: Hop | undefined
  readonly kind: AtomKind
  /** The text itself where it is known: a literal of the project. Secret: never shown. */
  readonly text: string | undefined
  /** Of an encoded text (`slurp` gives base64) what decoding it gives, as a marked string. */
  readonly decoded?: string
  /** Whether an unknown text has at least one character. */
  readonly isFilled: boolean
  /** Ansible writes the vault's envelope instead of the text: a `!vault` value went into `to_yaml` or `to_json` as it stands. */
  readonly isCiphertext?: boolean
  /** An unknown text that is one of some, none of which holds a setting that is followed. */
  readonly isHarmless?: boolean
  /** A few characters of the text it was made of, or a digest of it: who sees that does not know the text. */
  readonly isPiece?: boolean
  /** All that a task has returned, written as a dict: no token, whatever is in it. */
  readonly isResult?: boolean
  /** A variable of the environment which is an empty text where it is not set, so that the default behind it never comes. */
  readonly hasIdleDefault?: boolean
  /** Of an unknown text that is some whole lines, or none: the keys of YAML that they may begin with. */
  readonly keys?: readonly string[]
  /** Of an unknown text: what it is, in the words of a message (`the output of hostname`). */
  readonly what: string
  /** Why an unknown text is not known, where anything says so. */
  readonly why?: string
}

/** What a step makes another: a text that is left out is unknown from there on. */
export type AtomChange = Partial<
  Pick<Atom, 'isFilled' | 'decoded' | 'isCiphertext' | 'isPiece' | 'hasIdleDefault' | 'what'>
> & {
  readonly text?: string | undefined
}

/**
 * - `literal`: stands in a file of the project (inventory, vars, defaults, a task).
 * - `vaulted`: behind `!vault`, sops `ENC[…]`, or from a file that is encrypted as a whole.
 * - `lookup`: fetched on the control node when the play runs (`lookup('env', …)`, a password store, `vars_prompt`).
 * - `runtime`: made on a node: read back from the server's token file, the output of a command.
 * - `scenario`: a value that the rehearsal assumes, such as the airgap directory.
 * - `unknown`: could be anything.
 */
export type AtomKind = 'literal' | 'vaulted' | 'lookup' | 'runtime' | 'scenario' | 'unknown'

/** A marked string with its known atoms written out; `marks` says which range of `text` came from which atom. */
export interface TracedText {
  readonly text: string
  /** In the order of the text, not overlapping; `end` excluded, in UTF-16 units. An unknown atom is one placeholder character (2 units). */
  readonly marks: readonly { readonly start: number; readonly end: number; readonly atom: Atom }[]
}

const PLANE = 0xf0000
const MOST = 0xfffd
const MARK = /[\u{f0000}-\u{ffffd}]/gu

/** All atoms of one rehearsal. */
export class Atoms {
  readonly #atoms: Atom[] = []
  readonly #derived = new Map<string, Atom>()

  /** A new atom at the start of a way. The same `key` gives the same atom again. */
  root(
    key: string,
    atom: Pick<Atom, 'kind' | 'what'> &
      Partial<
        Pick<Atom, 'hop' | 'text' | 'isFilled' | 'decoded' | 'isHarmless' | 'isResult' | 'keys' | 'why'>
      >,
  ): Atom {
    const known = this.#derived.get(key)
    if (known !== undefined) return known
    const made = this.#add({
      from: undefined,
      hop: atom.hop,
      kind: atom.kind,
      text: atom.text,
      isFilled: atom.isFilled ?? (atom.text === undefined ? atom.kind !== 'unknown' : atom.text !== ''),
      what: atom.what,
      ...(atom.decoded === undefined ? {} : { decoded: atom.decoded }),
      ...(atom.isHarmless === undefined ? {} : { isHarmless: atom.isHarmless }),
      ...(atom.isResult === undefined ? {} : { isResult: atom.isResult }),
      ...(atom.keys === undefined ? {} : { keys: atom.keys }),
      ...(atom.why === undefined ? {} : { why: atom.why }),
    })
    this.#derived.set(key, made)
    return made
  }

  /** The starts of all ways: what was never read has none. */
  get roots(): readonly Atom[] {
    return this.#atoms.filter(({ from }) => from === undefined)
  }

  /**
   * The same text one step further, or what a filter made of it: `text` where that is known. Of another text `decoded`
   * is lost unless it is given. The same step of the same atom is the same atom again.
   */
  derive(from: Atom, hop: Hop | undefined, change?: AtomChange): Atom {
    const step = hop === undefined ? '' : `${hop.at.path}:${hop.at.start} ${hop.what}`
    const key = `${from.id} ${step} ${change === undefined ? '' : `= ${JSON.stringify(change)}`}`
    const known = this.#derived.get(key)
    if (known !== undefined) return known
    const { decoded: _, keys: __, ...same } = from
    const made = this.#add(
      change === undefined
        ? { ...from, root: from.root, from, hop }
        : {
            ...same,
            isFilled: change.text === undefined ? from.isFilled : change.text !== '',
            text: undefined,
            ...change,
            root: from.root,
            from,
            hop,
          },
    )
    this.#derived.set(key, made)
    return made
  }

  /** The same text, of which it is known now that it has a character. */
  filled(atom: Atom, decoded = atom.decoded): Atom {
    const key = `filled ${atom.id}`
    const known = this.#derived.get(key)
    if (known !== undefined) return known
    const made = this.#add({
      ...atom,
      from: atom,
      hop: undefined,
      isFilled: true,
      ...(decoded === undefined ? {} : { decoded }),
    })
    this.#derived.set(key, made)
    return made
  }

  #add(atom: Omit<Atom, 'id' | 'root'> & { readonly root?: Atom }): Atom {
    // More ways than characters: the last one stands for the rest, which then count as one.
    const id = Math.min(this.#atoms.length, MOST)
    const made = { ...atom, id } as { -readonly [K in keyof Atom]: Atom[K] }
    made.root = atom.root ?? made
    if (id === this.#atoms.length) this.#atoms.push(made)
    return this.#atoms[id] ?? made
  }

  /** The character that stands for an atom inside of a string. */
  mark(atom: Atom): string {
    return String.fromCodePoint(PLANE + atom.id)
  }

  /** The atoms in a string, in order, each as often as it occurs. */
  in(text: string): readonly Atom[] {
    if (!hasMark(text)) return []
    return [...text.matchAll(MARK)].flatMap(([mark]) => this.#atoms[(mark.codePointAt(0) ?? 0) - PLANE] ?? [])
  }

  /** The atom that a string is, where there is nothing else in it. */
  whole(text: string): Atom | undefined {
    // A mark is one character, of two units.
    return text.length === 2 ? this.in(text)[0] : undefined
  }

  /** The text that a module would see, where all of it is known. */
  plain(text: string): string | undefined {
    if (!hasMark(text)) return text
    let known = true
    const plain = text.replace(MARK, (mark) => {
      const atom = this.#atoms[(mark.codePointAt(0) ?? 0) - PLANE]
      if (atom?.text === undefined) known = false
      return atom?.text ?? ''
    })
    return known ? plain : undefined
  }

  /** The same text whatever way its atoms came: each one as the mark of its root. */
  rooted(text: string): string {
    return this.replaced(text, ({ root }) => root)
  }

  /**
   * The same text with each atom as it was before variables passed it on. What an expression made of one is the same wherever that
   * expression stands.
   */
  original(text: string): string {
    return this.replaced(text, (atom) => {
      const first = sameBefore(atom)
      const { from, what, root } = first
      if (from === undefined || what === from.what) return first
      const at = root.hop?.at ?? { path: '', start: 0, end: 0 }
      return this.derive(sameBefore(from), { at, what }, { what })
    })
  }

  /** With other atoms in the same places. */
  replaced(text: string, other: (atom: Atom) => Atom): string {
    if (!hasMark(text)) return text
    return text.replace(MARK, (mark) => {
      const atom = this.#atoms[(mark.codePointAt(0) ?? 0) - PLANE]
      return atom === undefined ? mark : this.mark(other(atom))
    })
  }

  /** Writes the known atoms out and keeps where they came from. */
  traced(text: string): TracedText {
    if (!hasMark(text)) return { text, marks: [] }
    const marks: { start: number; end: number; atom: Atom }[] = []
    let plain = ''
    let last = 0
    for (const match of text.matchAll(MARK)) {
      plain += text.slice(last, match.index)
      last = match.index + match[0].length
      const atom = this.#atoms[(match[0].codePointAt(0) ?? 0) - PLANE]
      if (atom === undefined) continue
      const start = plain.length
      plain += atom.text ?? match[0]
      if (plain.length > start) marks.push({ start, end: plain.length, atom })
    }
    return { text: plain + text.slice(last), marks }
  }

  /** The way of an atom, its start first. */
  hops(atom: Atom): readonly Hop[] {
    const hops: Hop[] = []
    for (let step: Atom | undefined = atom; step !== undefined; step = step.from)
      if (step.hop !== undefined) hops.push(step.hop)
    const first = hops.at(-1)
    // A lookup gives the same text wherever it stands; here it stands where the first step takes that.
    const lookup = atom.root.hop === undefined ? lookupWords(atom.root.what) : undefined
    if (lookup !== undefined && first !== undefined && TAKING.test(first.what))
      hops.push({ at: first.at, what: lookup })
    return hops.reverse()
  }
}

/** What a random text of a lookup is that no file keeps: a variable that holds such a lookup has another one each time. */
export const MADE_ANEW = 'a random text that is made anew each time'

/** What a lookup does. */
function lookupWords(what: string): string | undefined {
  if (what === MADE_ANEW) return 'a lookup makes it anew each time'
  const name = lookupName(what)
  return name === undefined ? undefined : `${name} fetches it`
}

/** A lookup without what may hold a secret: of a command or options the first word alone is a name. */
function lookupName(what: string): string | undefined {
  const [, call, term] = /^(lookup\('[^']+')(?:, '([\s\S]*)')?\)/.exec(what) ?? []
  if (call === undefined || term === undefined) return call && `${call})`
  const [, word, rest] = /^([\w./~-]+)(\s[\s\S]*)?$/.exec(term) ?? []
  if (word === undefined) return `${call}, …)`
  return `${call}, '${word}${rest === undefined ? '' : ' …'}')`
}

/** Each hop once: the next host may take a value by the very task by which the first one has taken it. */ export function distinctHops(
  hops: readonly Hop[],
): readonly Hop[] {
  const known = new Set<string>()
  return hops.filter(({ at, what }) => {
    const key = `${at.path}:${at.start}-${at.end} ${what}`
    return known.has(key) ? false : known.add(key)
  })
}

/** How the hop of a variable that holds another's text ends. */
export const passedOn = ' takes it'

/** The steps of the expression that a lookup stands in, or of the file that it stands in. */
const TAKING = new RegExp(`${passedOn}$|^(?:passes|writes|renders) `)

/** The first atom of the same text: as it was before variables passed it on. */
export function sameBefore(atom: Atom): Atom {
  let first = atom
  while (
    first.from !== undefined &&
    (first.hop === undefined || first.hop.what.endsWith(passedOn)) &&
    first.what === first.from.what &&
    first.text === first.from.text
  )
    first = first.from
  return first
}

/** A text with the same sign for each part of it that is not known: what stands around and between these. */
export const outline = ({ text }: Pick<TracedText, 'text'>): string => text.replace(MARK, '?')

/** Whether white space stands around what is not known of a text, or a line break in it. */
export const isPadded = (text: Pick<TracedText, 'text'>): boolean => /^\s|\s$|[\n\r]/.test(outline(text))

/** Whether a string holds any atom. */
export function hasMark(text: string): boolean {
  // All marks begin with a high surrogate of U+DB80–U+DBBF.
  return /[\udb80-\udbbf]/.test(text)
}
