import type { Hop } from '../../flow/atoms.ts'
import { names } from '../../flow/names.ts'
import type { Scenario } from '../../flow/rehearsal.ts'
import { Facets } from '../../lint/facets.ts'
import { hostWords } from '../../lint/hostWords.ts'
import type { Span } from '../../span.ts'
import { placeOf, printable } from '../report.ts'
import { type Paint, painter } from '../style.ts'
import {
  type NodeGroup,
  type Outcome,
  type PlaybookPicture,
  pictures,
  type SharedStop,
  sharedStops,
} from './groups.ts'
import type { Trace } from './trace.ts'
import { outcomeWords, remarks, type Worry, worryOf } from './words.ts'

export interface TraceTextOptions {
  readonly color: boolean
  readonly showUnknown: boolean
  /** Columns of the terminal; `undefined`: no terminal, and no line is broken. */
  readonly width: number | undefined
}

const STYLES: Readonly<Record<Worry, 'red' | 'yellow' | 'bold'>> = {
  wrong: 'red',
  unsure: 'yellow',
  fine: 'bold',
}

/** For people: what arrives on which hosts in which scenarios, and the way there. */
export function textTrace(trace: Trace, { color, showUnknown, width }: TraceTextOptions): string {
  const page = new Page(trace, painter(color), width)
  if (trace.verdicts.length === 0) page.nothing()
  for (const picture of pictures(trace.verdicts, trace.stops)) page.playbook(picture)
  page.stopped()
  page.notes(showUnknown)
  return page.text
}

const inventoryWords: Readonly<Record<Trace['inventories'], string>> = {
  none: 'no inventory here',
  ignored: 'no inventory here but one that git ignores, which -i would name',
  script: 'no inventory here but what looks like a script for one, which k3seal does not run',
  empty: 'the groups of the inventory have no hosts',
  found: 'no inventory here has the groups of this playbook',
  given: 'the inventory has none of the groups of this playbook',
  open: 'the inventory is not seen whole here, and what is seen has none of the groups of this playbook',
}

const besideWords: Readonly<Record<NonNullable<PlaybookPicture['beside']>, string>> = {
  invented: 'one host of each kind was assumed',
  added: 'the hosts are those that tasks add',
  both: 'beside the hosts that tasks add, one of each kind was assumed',
}

class Page {
  readonly #trace: Trace
  readonly #paint: Paint
  readonly #width: number
  readonly #lines: string[] = []
  /** What is still to be told. */
  #left: readonly SharedStop[]

  constructor(trace: Trace, paint: Paint, width: number | undefined) {
    this.#trace = trace
    this.#left = sharedStops(trace.stops)
    this.#paint = paint
    this.#width = width === undefined ? Number.POSITIVE_INFINITY : Math.max(width, 40)
  }

  get text(): string {
    return this.#lines.map((line) => `${line}\n`).join('')
  }

  nothing(): void {
    const { asked, brought, unknowns, stops, unread } = this.#trace
    const ends = unknowns.filter(({ end }) => end !== undefined)
    const isUnsaid = asked.length === 0 && brought.length === 0 && ends.length === 0
    const idle = unknowns.filter(({ isIdle }) => isUnsaid && isIdle === true)
    this.#say(
      0,
      asked.length > 0
        ? `Nothing of K3s starts ${asked.join(', ')}${ends.length > 0 ? ', and plays end early:' : '.'}`
        : brought.length > 0
          ? `No start of K3s can be shown: ${brought.join('; ')}.`
          : ends.length > 0
            ? 'No service of K3s starts here, and plays end early:'
            : idle.length > 0
              ? 'No service of K3s starts here in any scenario, though K3s would be brought:'
              : unread > 0
                ? 'No start of K3s can be shown: one may stand in what could not be read.'
                : 'No start of K3s was found here: no playbook or role gets as far as starting one of its services.',
    )
    // Undefined variables are told host by host.
    for (const { at, what } of ends)
      if (
        !stops.some(
          (stop) => stop.variable !== undefined && stop.at.path === at.path && stop.at.start === at.start,
        )
      )
        this.#placed('  ', at, what)
    for (const { at, what } of idle) this.#placed('  ', at, what)
    this.#blank()
  }

  playbook({ playbook, inventory, facets, beside, assumed, nodes }: PlaybookPicture): void {
    this.#say(0, `${playbook}${inventory === undefined ? '' : ` on ${inventory.join(' and ')}`}`, 'bold')
    this.#say(1, rehearsed(facets), 'dim')
    if (beside !== undefined)
      this.#say(1, `${inventoryWords[this.#trace.inventories]}: ${besideWords[beside]}`, 'dim')
    if (assumed.length > 0)
      this.#say(
        1,
        `groups of the inventory have no hosts: ${names(assumed)} ${assumed.length > 1 ? 'were' : 'was'} assumed`,
        'dim',
      )
    this.#refusal(playbook)
    for (const group of nodes) this.#group(group)
    const own = this.#take((stop) => stop.playbook === playbook && isOnOnly(stop, inventory))
    this.#stops(own, facets)
    this.#blank()
  }

  /** What no picture has shown: playbooks in which no host comes to a start, and what is the same on several inventories. */
  stopped(): void {
    const shown = new Map<string, Scenario[]>()
    for (const { playbook, scenario } of this.#trace.verdicts)
      shown.set(playbook, [...(shown.get(playbook) ?? []), scenario])
    // Where there is nothing to show, the others are told in place of it.
    const others = this.#take(({ variable }) => shown.size > 0 || variable !== undefined)
    const titleOf = ({ playbook, inventories }: SharedStop): string =>
      shown.has(playbook) ? `${playbook} on ${names(inventories)}` : playbook
    for (const title of new Set(others.map(titleOf))) {
      this.#say(0, title, 'bold')
      const own = others.filter((stop) => titleOf(stop) === title)
      for (const playbook of new Set(own.map((stop) => stop.playbook))) this.#refusal(playbook)
      const scenarios = own.flatMap((stop) => [...(shown.get(stop.playbook) ?? []), ...stop.scenarios])
      this.#stops(own, new Facets(scenarios))
      this.#blank()
    }
  }

  /** That Ansible does not even begin with a playbook. */
  #refusal(playbook: string): void {
    const refused = this.#trace.refused.get(playbook)
    if (refused === undefined) return
    const { at, why } = refused
    const place = this.#location(at)
    const cause = why === undefined ? `it can not read ${place}` : `${why}, which ${place} imports`
    this.#say(1, `Ansible runs none of it, as ${cause}; once that is mended, it goes so:`, 'red')
  }

  #take(isWanted: (stop: SharedStop) => boolean): readonly SharedStop[] {
    const taken = this.#left.filter(isWanted)
    this.#left = this.#left.filter((stop) => !taken.includes(stop))
    return taken
  }

  notes(showUnknown: boolean): void {
    const { unknowns, bounds, unread } = this.#trace
    this.#list('Not everything was rehearsed:', bounds)
    if (showUnknown) this.#list('Could not be followed:', unknowns)
    else if (unknowns.length > 0)
      this.#say(0, `${counted(unknowns.length, 'place')} could not be followed (--show-unknown)`)
    if (unread > 0)
      this.#say(0, `${counted(unread, 'file')} could not be read as meant; k3seal lint says which and why`)
    while (this.#lines.at(-1) === '') this.#lines.pop()
  }

  #stops(stops: readonly SharedStop[], facets: Facets): void {
    const titleOf = (stop: SharedStop): string => names(stop.hosts)
    for (const title of new Set(stops.map(titleOf))) {
      this.#blank()
      this.#say(1, title, 'bold')
      for (const { variable, why, isOfRun, at, scenarios } of stops.filter(
        (stop) => titleOf(stop) === title,
      )) {
        const when = facets.phrases(scenarios).join('; or ')
        const cause = variable === undefined ? `: ${why}` : `, because ${variable} is undefined`
        this.#say(
          2,
          `${when === '' ? '' : `${when}: `}the ${isOfRun ? 'run' : 'play'} ends before K3s starts${cause}`,
          'red',
        )
        this.#say(4, this.#location(at), 'dim')
      }
    }
  }

  #group({ kind, service, hosts, outcomes, facets }: NodeGroup): void {
    this.#blank()
    this.#say(1, `${hostWords(kind, hosts)}, service ${service}`, 'bold')
    for (const outcome of outcomes) this.#outcome(outcome, facets)
  }

  #outcome({ verdict, scenarios }: Outcome, facets: Facets): void {
    const phrases = facets.phrases(scenarios)
    const when = phrases.length > 0 ? phrases.join('; or ') : facets.count === 1 ? '' : 'in every scenario'
    this.#say(2, `${when === '' ? '' : `${when}: `}${outcomeWords(verdict)}`, STYLES[worryOf(verdict)])
    for (const remark of remarks(verdict)) this.#say(3, remark)
    for (const [index, hop] of verdict.hops.entries()) this.#hop(hop, index === 0)
  }

  #hop({ at, what }: Hop, isFirst: boolean): void {
    this.#placed(isFirst ? '        ' : '      ↳ ', at, what)
  }

  #list(title: string, notes: Trace['unknowns']): void {
    if (notes.length === 0) return
    this.#say(0, title)
    for (const { at, what } of notes) this.#placed('  ', at, what)
    this.#blank()
  }

  /** A place and words about it: in one line, where the terminal is wide enough. */
  #placed(margin: string, at: Span, what: string): void {
    const place = this.#location(at)
    const words = printable(what)
    const fits = margin.length + place.length + 2 + words.length <= this.#width
    this.#lines.push(`${margin}${this.#paint('dim', place)}${fits ? `  ${words}` : ''}`)
    if (!fits) this.#say(margin.length / 2 + 1, words)
  }

  #location(at: Span): string {
    const { path, from } = placeOf(this.#trace, at)
    return `${printable(path)}:${from.line}:${from.column}`
  }

  /** A sentence, broken at blanks where the terminal ends; each step of the indent is two columns. */
  #say(depth: number, words: string, style?: Parameters<Paint>[0]): void {
    const indent = ' '.repeat(depth * 2)
    let line = ''
    let margin = indent
    const flush = (): void => {
      this.#lines.push(margin + (style === undefined ? line : this.#paint(style, line)))
      margin = `${indent}  `
      line = ''
    }
    for (const word of printable(words).split(' ')) {
      if (line !== '' && margin.length + line.length + 1 + word.length > this.#width) flush()
      line = line === '' ? word : `${line} ${word}`
    }
    flush()
  }

  #blank(): void {
    if (this.#lines.length > 0 && this.#lines.at(-1) !== '') this.#lines.push('')
  }
}

/** `inventory`: of a playbook that was rehearsed on several. */
const isOnOnly = ({ inventories }: SharedStop, inventory: readonly string[] | undefined): boolean =>
  inventory === undefined || (inventories.length === 1 && inventories[0] === inventory.join(' and '))

function rehearsed(facets: Facets): string {
  const { count, varied, common } = facets
  const said = [...varied, ...common].join('; ')
  return `rehearsed in ${count === 1 ? 'one scenario' : `${count} scenarios`}${said === '' ? '' : `: ${said}`}`
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}
