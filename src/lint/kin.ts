import { isFixture } from '../ansible/content/index.ts'
import type { Project } from '../ansible/value.ts'
import type { UnknownNote } from '../flow/unknown.ts'
import { isBelow, partsOf } from '../path.ts'

/** How a project starts or joins what is like K3s and is not followed. */
const KIN: readonly (readonly [name: string, word: string, starts: RegExp])[] = [
  ['RKE2', 'rke2', /\brke2-(?:server|agent)\b|\bget\.rke2\.io\b/],
  ['MicroK8s', 'microk8s', /\bmicrok8s(?:\.|\s+)(?:join|add-node)\b/],
]
const CONTENT: ReadonlySet<string> = new Set('tasks handlers playbooks roles'.split(' '))

/** That it says nothing of them is no word of praise: one note for each, where it is first started. */
export function kinOf(project: Project): readonly UnknownNote[] {
  const found = new Map<string, UnknownNote>()
  for (const [path, text] of project) {
    if (!['yml', 'yaml'].includes(partsOf(path).ending) || isFixture(path)) continue
    for (const [name, word, starts] of KIN) {
      if (found.has(name) || !text.includes(word)) continue
      const match = starts.exec(text)
      if (match === null || !(isBelow(path, CONTENT) || /^-\s/m.test(text))) continue
      const at = { path, start: match.index, end: match.index + match[0].length }
      found.set(name, {
        at,
        what: `${name} is started here, which is not followed: only K3s is`,
        isTold: true,
      })
    }
  }
  return [...found.values()]
}
