import { isFixture } from '../ansible/content/index.ts'
import { withoutComments, withoutSpans } from '../flow/sites/around.ts'
import type { UnknownNote } from '../flow/unknown.ts'
import { isBelow, partsOf } from '../path.ts'
import type { Span } from '../span.ts'
import { type YamlNode, yamlValue } from '../syntax/yaml.ts'
import type { Analysis } from './analysis.ts'

/** How a project starts or joins what is like K3s and is not followed: by words of a command, or as a snap. */
const KIN: readonly (readonly [name: string, word: string, starts: RegExp, snap?: string])[] = [
  ['RKE2', 'rke2', /\brke2-(?:server|agent)\b|\bget\.rke2\.io\b/],
  [
    'MicroK8s',
    'microk8s',
    /\bmicrok8s(?:\.|\s+)(?:join|add-node)\b|\bsnap\s+install\s+(?:-\S+\s+)*microk8s\b/,
    'microk8s',
  ],
]
const CONTENT: ReadonlySet<string> = new Set('tasks handlers playbooks roles'.split(' '))

/** That it says nothing of them is no word of praise: one note for each, where it is first started. */
export function kinOf({ project, content }: Analysis): readonly UnknownNote[] {
  const found = new Map<string, UnknownNote>()
  for (const [path, text] of project) {
    if (!['yml', 'yaml'].includes(partsOf(path).ending) || isFixture(path)) continue
    for (const [name, word, starts, snap] of KIN) {
      if (found.has(name) || !text.includes(word)) continue
      if (!(isBelow(path, CONTENT) || /^-\s/m.test(text))) continue
      const { said, snaps } = partsIn(content.yaml(path)?.root, snap)
      const match = starts.exec(withoutSpans(withoutComments(text, 'yaml'), said))
      const places = match === null ? snaps : [...snaps, spanOf(path, match)]
      const [at] = places.toSorted((one, other) => one.start - other.start)
      if (at === undefined) continue
      found.set(name, {
        at,
        what: `${name} is started here, which is not followed: only K3s is`,
        isTold: true,
      })
    }
  }
  return [...found.values()]
}

const spanOf = (path: string, { 0: whole, index }: RegExpExecArray): Span => ({
  path,
  start: index,
  end: index + whole.length,
})

/** Modules that only say something. */
const SAYS = /(?:^|\.)(?:debug|fail|assert|pause)$/
const SNAP = /(?:^|\.)snap$/

/** What tasks say and do not do, and where they install such a snap. */
function partsIn(
  root: YamlNode | undefined,
  snap: string | undefined,
): { readonly said: readonly Span[]; readonly snaps: readonly Span[] } {
  const said: Span[] = []
  const snaps: Span[] = []
  const visit = (node: YamlNode): void => {
    if (node.alias !== undefined) return
    if (node.kind === 'sequence') for (const item of node.items) visit(item)
    if (node.kind !== 'map') return
    for (const { name, key, value } of node.written)
      if (SAYS.test(name)) said.push(value.at)
      else if (snap !== undefined && SNAP.test(name) && installs(value, snap)) snaps.push(key.at)
      else visit(value)
  }
  if (root !== undefined) visit(root)
  return { said, snaps }
}

/** By the arguments of the module: https://docs.ansible.com/ansible/latest/collections/community/general/snap_module.html */
function installs(args: YamlNode, snap: string): boolean {
  if (args.kind === 'sequence') return false
  const given: readonly (readonly [string | undefined, unknown])[] =
    args.kind === 'map'
      ? [...args.entries].map(([name, { value }]) => [name, yamlValue(value)])
      : [...String(args.value).matchAll(/(\w+)=(\S+)/g)].map(([, name, value]) => [name, value])
  const words = new Map(given)
  return [words.get('name')].flat().includes(snap) && words.get('state') !== 'absent'
}
