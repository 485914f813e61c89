import type { Hop } from '../../flow/atoms.ts'
import { hostWords } from '../../lint/hostWords.ts'
import { placeOf, printable } from '../report.ts'
import { type NodeGroup, type PlaybookPicture, pictures } from './groups.ts'
import type { Trace } from './trace.ts'
import { outcomeWords, type Worry, worryOf } from './words.ts'

const CLASSES: Readonly<Record<Worry, string>> = {
  fine: 'stroke:green,stroke-width:2px',
  unsure: 'stroke:orange,stroke-width:2px,stroke-dasharray:5',
  wrong: 'stroke:red,stroke-width:3px',
}

/**
 * A flowchart for each playbook: hops in their order, and at the end of each way what becomes of it. More than one stand in
 * Markdown fences, because a Mermaid text holds one diagram. https://mermaid.js.org/syntax/flowchart.html
 */
export function mermaidTrace(trace: Trace): string {
  const charts = pictures(trace.verdicts, trace.stops).map((picture) => ({
    title: printable([picture.playbook, ...(picture.inventory ?? [])].join(' ')),
    text: flowchart(trace, picture),
  }))
  const [first] = charts
  if (first === undefined) return 'flowchart LR\n  nothing["nothing of K3s starts here"]\n'
  if (charts.length === 1) return first.text
  return charts
    .map(
      ({ title, text }) => `## ${title.replace(/[\\`*_<>[\]#]/g, '\\$&')}\n\n\`\`\`mermaid\n${text}\`\`\`\n`,
    )
    .join('\n')
}

function flowchart(trace: Trace, { playbook, inventory = [], nodes }: PlaybookPicture): string {
  const ways = new Ways(trace)
  for (const group of nodes)
    for (const { verdict, scenarios } of group.outcomes) {
      const phrases = group.facets.phrases(scenarios)
      const worry = worryOf(verdict)
      ways.add(verdict.hops, endWords(group, outcomeWords(verdict)), phrases.join('; or '), worry)
    }
  return ['flowchart LR', `  %% ${printable([playbook, ...inventory].join(' '))}`, ...ways.lines]
    .map((line) => `${line}\n`)
    .join('')
}

const endWords = ({ kind, hosts, service }: NodeGroup, outcome: string): readonly string[] => [
  hostWords(kind, hosts),
  service,
  outcome,
]

interface Step {
  readonly id: string
  readonly next: Map<string, Step>
}

/** Ways that begin alike share their nodes up to where they part, and no further: each way can be read back. */
class Ways {
  readonly #trace: Trace
  readonly #start: Step = { id: '', next: new Map() }
  readonly #nodes: string[] = []
  readonly #edges: string[] = []
  readonly #classed = new Map<Worry, string[]>()

  constructor(trace: Trace) {
    this.#trace = trace
  }

  add(hops: readonly Hop[], end: readonly string[], when: string, worry: Worry): void {
    let step = this.#start
    for (const hop of hops) step = this.#step(step, hop)
    const id = this.#node(end, '(["', '"])')
    this.#edge(step.id, id, when)
    this.#classed.set(worry, [...(this.#classed.get(worry) ?? []), id])
  }

  get lines(): readonly string[] {
    const classes = [...this.#classed]
    return [
      ...this.#nodes,
      ...this.#edges,
      ...classes.map(([worry]) => `  classDef ${worry} ${CLASSES[worry]}`),
      ...classes.map(([worry, ids]) => `  class ${ids.join(',')} ${worry}`),
    ]
  }

  #step(from: Step, { at, what }: Hop): Step {
    const { path, from: position } = placeOf(this.#trace, at)
    const place = `${path}:${position.line}:${position.column}`
    const key = `${place} ${what}`
    const known = from.next.get(key)
    if (known !== undefined) return known
    const step = { id: this.#node([place, what], '["', '"]'), next: new Map() }
    this.#edge(from.id, step.id, '')
    from.next.set(key, step)
    return step
  }

  #node(lines: readonly string[], open: string, close: string): string {
    const id = `n${this.#nodes.length + 1}`
    this.#nodes.push(`  ${id}${open}${lines.map(escaped).join('<br/>')}${close}`)
    return id
  }

  #edge(from: string, to: string, words: string): void {
    if (from !== '') this.#edges.push(`  ${from} -->${words === '' ? '' : `|"${escaped(words)}"|`} ${to}`)
  }
}

/** A label in quotes takes everything but quotes; what Mermaid or HTML would read otherwise goes by its number. */
function escaped(text: string): string {
  return printable(text).replace(/["#<>&`\\|]/g, (character) => `#${character.charCodeAt(0)};`)
}
