import { imagesDirectory } from '../../facts/airgap.ts'
import type { Artefact } from '../artefact.ts'
import { bytes, listed, wrapped } from '../words.ts'
import type { Plan } from './plan.ts'

const DATA = imagesDirectory.path.replace(/\/agent\/images$/, '')

/** Shape: `{"version":1,"k3sVersion","artefacts":[…],"nodes":[…],"assumptions":[…]}`. */
export function planJson({ k3sVersion, artefacts, nodes, assumptions }: Plan): string {
  // What nothing tells is null: a key that is absent would read as a shape that varies.
  const told = nodes.map((node) => ({ ...node, selinux: node.selinux ?? null }))
  return `${JSON.stringify({ version: 1, k3sVersion, artefacts, nodes: told, assumptions }, undefined, 2)}\n`
}

/** For people: 80 columns, no colours. */
export function planText({ k3sVersion, artefacts, nodes, assumptions }: Plan): string {
  const groups = grouped(artefacts)
  const remarks = [
    ...(artefacts.some(({ place }) => place?.startsWith(DATA)) ? [`DATA is ${DATA}.`] : []),
    ...assumptions,
  ]
  return [
    `K3s ${k3sVersion} for ${counted(nodes.length)}`,
    ...groups.flatMap((group) => ['', ...groupLines(group, nodes.length)]),
    ...(remarks.length > 0 ? ['', 'To mind'] : []),
    ...remarks.flatMap((text) => wrapped(text, '- ', '  ')),
  ]
    .map((line) => `${line}\n`)
    .join('')
}

const counted = (count: number): string => `${count} ${count === 1 ? 'node' : 'nodes'}`

interface ArtefactGroup {
  /** The address of the files, less their names. */
  readonly from: string
  readonly artefacts: readonly Artefact[]
}

/** What the same nodes need from the same place, in the order of the plan. */
function grouped(artefacts: readonly Artefact[]): readonly ArtefactGroup[] {
  const groups = new Map<string, { from: string; artefacts: Artefact[] }>()
  for (const artefact of artefacts) {
    const from = artefact.url.slice(0, artefact.url.lastIndexOf('/') + 1)
    const key = [from, artefact.arch, ...artefact.nodes].join('\n')
    const known = groups.get(key)
    if (known === undefined) groups.set(key, { from, artefacts: [artefact] })
    else known.artefacts.push(artefact)
  }
  return [...groups.values()]
}

function groupLines({ from, artefacts }: ArtefactGroup, all: number): readonly string[] {
  const [{ arch, nodes } = { arch: 'any', nodes: [] }] = artefacts
  const who =
    nodes.length === all ? `all nodes: ${listed(nodes)}` : `${counted(nodes.length)}: ${listed(nodes)}`
  return [
    ...wrapped(nodes.length === 0 ? 'no node' : who, arch === 'any' ? 'For ' : `${arch}, for `, '  '),
    `from ${from}`,
    ...table([
      ['in airgap_dir', 'size', 'published as', 'on the node'],
      ...artefacts.map(({ target, size, asset, place }) => [
        target,
        size === undefined ? '' : bytes(size),
        asset === target ? '' : asset,
        place === undefined ? 'stays here' : shortened(place, target),
      ]),
    ]),
  ]
}

const shortened = (place: string, target: string): string =>
  (place.endsWith(`/${target}`) ? place.slice(0, -target.length) : place).replace(DATA, 'DATA')

/** Columns that hold nothing but their head are left out. */
function table(rows: readonly (readonly string[])[]): readonly string[] {
  const columns = (rows[0] ?? []).map((_, column) => column)
  const filled = columns.filter((column) => rows.slice(1).some((row) => row[column] !== ''))
  const widths = filled.map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows.map((row) =>
    `  ${filled.map((column, index) => (row[column] ?? '').padEnd(widths[index] ?? 0)).join('  ')}`.trimEnd(),
  )
}
