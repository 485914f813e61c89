import type { Arrival } from '../arrival.ts'
import type { Atoms, Hop } from '../atoms.ts'
import type { PaperFile } from '../files.ts'
import type { Source } from './letters.ts'
import { arrivalOf, processOf } from './services.ts'

const file = (content: string): PaperFile => ({
  kind: 'file',
  content,
  mode: undefined,
  owner: undefined,
  hops: [],
})

/** A text of the project: its places are told as they are, its words become atoms. */
function writtenSource(path: string): Source {
  return {
    path,
    hops: (start, end): readonly Hop[] =>
      end > start ? [{ at: { path, start, end }, what: 'is read from here' }] : [],
    written: (start, end) => ({ path, start, end }),
  }
}

/**
 * The same of a unit file or init script that stands in a project. `neighbours`: path on the node → text of what else it
 * may read (env files, drop-ins, config.yaml); `path` and the keys are what the spans of hops name. Offsets are those of
 * the texts as given.
 */
export function arrivalOfUnitText(
  path: string,
  text: string,
  neighbours: ReadonlyMap<string, string>,
  atoms: Atoms,
): Arrival {
  const name = path.slice(path.lastIndexOf('/') + 1).replace(/\.j2$/, '')
  const service = name.replace(/\.service$/, '')
  const files = new Map([...neighbours].map(([at, content]) => [at, file(content)]))
  const dropIns = [...neighbours.keys()]
    .filter((at) => at.split('/').at(-2) === `${service}.service.d` && at.endsWith('.conf'))
    .sort()
  const unit = {
    name: `${service}.service`,
    fragment: { path, file: file(text) },
    dropIns: dropIns.map((at) => ({ path: at, file: file(neighbours.get(at) ?? '') })),
  }
  const manager = /^#!.*(?:openrc-run|runscript|\/(?:ba|da)?sh)\b/.test(text) ? 'openrc' : 'systemd'
  const spawned = processOf(files, unit, manager, writtenSource, atoms)
  return { service, ...arrivalOf(files, unit, spawned, writtenSource, atoms) }
}
