import { join, resolve } from 'node:path'
import { factsOf, type NodeFacts } from '../../airgap/plan/nodeFacts.ts'
import { UserError } from '../../errors.ts'
import { nameOf, namesIn, pathKind, readText } from '../../io/files.ts'

export interface GatheredFacts {
  readonly facts: ReadonlyMap<string, NodeFacts>
  /** Hosts whose file holds none: they were not reached. */
  readonly factless: readonly string[]
}

/** How files are named after their hosts: by `--tree` and the cache `jsonfile`, since ansible-core 2.19 with a prefix. */
const PREFIXES = ['', 's1_']

/** Reads the facts of these hosts from a directory with a file for each. Throws `UserError`. */
export function readFacts(cwd: string, directory: string, hosts: readonly string[]): GatheredFacts {
  const absolute = resolve(cwd, directory)
  if (pathKind(absolute) !== 'directory')
    throw new UserError('is no directory with facts', {
      at: directory,
      fix: `gather them: ansible all -i INVENTORY -m ansible.builtin.setup --tree ${directory}`,
    })
  const names = new Set(namesIn(absolute))
  const facts = new Map<string, NodeFacts>()
  const factless: string[] = []
  for (const host of hosts) {
    const name = PREFIXES.map((prefix) => prefix + host).find((each) => names.has(each))
    if (name === undefined) continue
    const path = join(absolute, name)
    const found = factsOf(nameOf(cwd, path), readText(path) ?? '')
    if (found === undefined) factless.push(host)
    else facts.set(host, found)
  }
  if (facts.size + factless.length === 0 && hosts.length > 0)
    throw new UserError('holds no file that is named after a host of the inventory', {
      at: directory,
      fix: 'name the directory that --tree, or fact_caching_connection of the cache jsonfile, named; it has a file for each host',
    })
  return { facts, factless }
}
