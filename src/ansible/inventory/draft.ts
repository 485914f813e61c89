import type { Span } from '../../span.ts'
import { type AnsibleValue, type Fault, laidOver, type Variable } from '../value.ts'

export interface DraftHost {
  readonly name: string
  readonly vars: Map<string, Variable>
  readonly groups: Set<string>
  /** The file that names the host first; of a host list the list itself. */
  readonly source: string
  readonly at: Span
}

export interface DraftGroup {
  readonly name: string
  readonly hosts: Set<string>
  readonly children: Set<string>
  readonly parents: Set<string>
  readonly vars: Map<string, Variable>
  /** `ansible_group_priority`. */
  priority: number
}

/** An inventory while its sources are read, with the rules of Ansible's `InventoryData`. */
export class InventoryDraft {
  readonly hosts = new Map<string, DraftHost>()
  readonly groups = new Map<string, DraftGroup>()
  readonly faults: Fault[] = []
  isOpen = false

  constructor() {
    this.addGroup('all')
    this.addGroup('ungrouped')
    this.#link('all', 'ungrouped')
  }

  report(at: Span, message: string, fix: string, severity: Fault['severity'] = 'error'): void {
    this.faults.push({ at, message, fix, severity })
  }

  addGroup(name: string): DraftGroup {
    const known = this.groups.get(name)
    if (known !== undefined) return known
    const group: DraftGroup = {
      name,
      hosts: new Set(),
      children: new Set(),
      parents: new Set(),
      vars: new Map(),
      priority: 1,
    }
    this.groups.set(name, group)
    return group
  }

  addHost(name: string, group: string, port: number | undefined, source: string, at: Span): void {
    let host = this.hosts.get(name)
    if (host === undefined) {
      host = { name, vars: new Map(), groups: new Set(), source, at }
      this.hosts.set(name, host)
      // Ansible takes the port from the entry that names the host first, and only from that.
      if (port !== undefined) host.vars.set('ansible_port', { name: 'ansible_port', value: port, at })
    }
    host.groups.add(group)
    this.addGroup(group).hosts.add(name)
  }

  addChild(parent: string, child: string, at: Span): void {
    if (parent === child || this.#ancestors(parent).has(child)) {
      this.report(
        at,
        `the group ${child} would contain itself, by way of ${parent}`,
        `remove ${child} from the children of ${parent}`,
      )
      return
    }
    this.#link(parent, child)
  }

  /** Sets a variable of the group or host of that name; Ansible looks for a group first. */
  setVariable(entity: string, name: string, value: AnsibleValue, at: Span): void {
    const group = this.groups.get(entity)
    if (group === undefined) {
      setLast(this.hosts.get(entity)?.vars, { name, value, at })
      return
    }
    if (name !== 'ansible_group_priority') setLast(group.vars, { name, value, at })
    else if (typeof value === 'number') group.priority = value
    else if (typeof value === 'string' && /^\s*[-+]?\d+\s*$/.test(value)) group.priority = Number(value)
    else this.report(at, `the priority of group ${entity} is no whole number`, 'write a number, like 10')
  }

  /** What Ansible does when all sources are read: every group is below `all`, every host in a group. */
  reconcile(): void {
    for (const { name, parents } of this.groups.values())
      if (name !== 'all' && parents.size === 0) this.#link('all', name)
    const ungrouped = this.addGroup('ungrouped')
    for (const { name, groups } of this.hosts.values()) {
      const others = [...groups].some((group) => group !== 'all' && group !== 'ungrouped')
      if (others && groups.delete('ungrouped')) ungrouped.hosts.delete(name)
      if (!others && !groups.has('ungrouped')) {
        groups.add('ungrouped')
        ungrouped.hosts.add(name)
      }
      const { at } = this.hosts.get(name) ?? {}
      if (at !== undefined && this.groups.has(name))
        this.report(at, `${name} is the name of a host and of a group`, 'rename one of them', 'warning')
    }
  }

  #link(parent: string, child: string): void {
    this.addGroup(parent).children.add(child)
    this.addGroup(child).parents.add(parent)
  }

  #ancestors(name: string): ReadonlySet<string> {
    const seen = new Set<string>()
    const pending = [name]
    for (let next = pending.pop(); next !== undefined; next = pending.pop())
      for (const parent of this.groups.get(next)?.parents ?? [])
        if (!seen.has(parent)) {
          seen.add(parent)
          pending.push(parent)
        }
    return seen
  }
}

/** The last one wins and keeps the place of the first, as in Python's dict. */
function setLast(vars: Map<string, Variable> | undefined, variable: Variable): void {
  vars?.set(
    variable.name,
    laidOver(vars.get(variable.name), variable, ({ value }) => value),
  )
}
