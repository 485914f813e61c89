import type { Files } from './paper.ts'
import { pick, type Random, randomOf } from './random.ts'

export const HOSTS = ['quay', 'pier', 'berth', 'mole'] as const
export const VARIABLES = ['sail', 'rope', 'mast', 'keel', 'helm'] as const

/** Only roles say it. */
const OF_ROLES = 'tide'

/** Each variable has a value on every host from the beginning. */
const INVENTORY = `[quays]
quay helm=red
pier
[berths]
berth
mole sail=low
[harbour:children]
quays
berths
[berths:vars]
keel=oak
[harbour:vars]
mast=larch
helm=none
[all:vars]
sail=high
rope=hemp
keel=elm
`

type Item = Record<string, unknown>

/**
 * A project whose plays set variables in whatever way blocks, includes, imports, roles, loops, delegation and handlers give, and
 * fail here and there. The same seed gives the same one. Left out is what k3seal is known to have otherwise: a block with
 * `run_once` and `rescue`, `any_errors_fatal`, `allow_duplicates` of includes, and `clear_host_errors`, after which hosts may take
 * up what they had left; what Ansible itself has in any order, as hosts take turns; and `vars` of a role in `roles:`, which in
 * 2.14 are there for its whole play.
 */
export function randomProject(seed: number): Files {
  const project = new RandomProject(seed)
  const plays = Array.from({ length: 1 + project.below(3) }, () => project.play())
  return { ...project.files, 'hosts.ini': INVENTORY, 'site.yml': JSON.stringify(plays, null, 1) }
}

class RandomProject {
  readonly files: Record<string, string> = {}
  readonly #roles: string[] = []
  readonly #random: Random
  #count = 0
  #depth = 0
  #handlers: readonly string[] = []

  constructor(seed: number) {
    this.#random = randomOf(seed)
    for (let left = this.below(4); left > 0; left -= 1) this.#role()
  }

  below(limit: number): number {
    return this.#random(2 ** 32) % limit
  }

  play(): Item {
    this.#handlers = []
    const play: Item = {
      hosts: this.#one(['all', 'all', 'berths', 'quays', 'harbour', 'all:!pier']),
      gather_facts: false,
    }
    if (this.#in(30)) play.vars = { [this.#name()]: this.#text() }
    if (this.#in(10)) play.serial = 1 + this.below(3)
    if (this.#in(30)) play.handlers = this.#handlersOfPlay()
    if (this.#roles.length > 0 && this.#in(50))
      play.roles = Array.from({ length: 1 + this.below(2) }, () => this.#roleOfPlay())
    if (this.#in(20)) play.pre_tasks = this.#tasks(2)
    play.tasks = this.#tasks(5)
    play.post_tasks = this.#in(20) ? this.#tasks(2) : []
    const left = { set_fact: { [this.#name()]: `{{ ${OF_ROLES} | default('calm') }}${this.#text()}` } }
    return { ...play, post_tasks: [play.post_tasks, left].flat() }
  }

  #role(): void {
    const name = `role${this.#roles.length}`
    this.#depth = 2
    this.files[`roles/${name}/tasks/main.yml`] = JSON.stringify(this.#tasks(3))
    this.#depth = 0
    const kinds = [...(this.#in(50) ? ['defaults'] : []), ...(this.#in(40) ? ['vars'] : [])]
    for (const kind of kinds)
      this.files[`roles/${name}/${kind}/main.yml`] = JSON.stringify({
        [this.#name()]: this.#text(),
        ...(this.#in(70) ? { [OF_ROLES]: this.#text() } : {}),
      })
    if (this.#roles.length > 0 && this.#in(40)) {
      const needed: Item = { role: this.#one(this.#roles) }
      if (this.#in(40)) needed.vars = { [this.#name()]: this.#text() }
      if (this.#in(30)) needed.when = this.#condition()
      this.files[`roles/${name}/meta/main.yml`] = JSON.stringify({ dependencies: [needed] })
    }
    this.#roles.push(name)
  }

  #roleOfPlay(): Item {
    const use: Item = { role: this.#one(this.#roles) }
    if (this.#in(40)) use[this.#name()] = this.#text()
    return this.#in(30) ? { ...use, when: this.#condition() } : use
  }

  #handlersOfPlay(): readonly Item[] {
    const names = Array.from({ length: 1 + this.below(2) }, (_, index) => `bell${index}`)
    const handlers = names.map((name) => {
      const made = this.#name()
      return this.#with({ name, set_fact: { [made]: this.#value(made) } }, ['when'])
    })
    this.#handlers = names
    return handlers
  }

  #tasks(most: number): Item[] {
    return Array.from({ length: 1 + this.below(most) }, () => this.#task())
  }

  #task(): Item {
    const kind = this.below(100)
    const isDeep = this.#depth >= 3
    if (kind < 34) return this.#fact()
    if (kind < 42) {
      const name = this.#name()
      const task = { set_fact: { [name]: this.#value(name) }, register: this.#result() }
      return this.#with(task, ['when', 'run_once', 'loop'])
    }
    if (kind < 50) {
      const name = this.#result()
      const asked = this.#one(['is skipped', 'is not skipped', 'is changed', 'is failed'])
      return { set_fact: { [this.#name()]: `{{ ${name} ${asked} }}` }, when: `${name} is defined` }
    }
    if (kind < 60 && !isDeep) return this.#block()
    if (kind < 74 && !isDeep) return this.#included()
    if (kind < 84 && !isDeep && this.#roles.length > 0) {
      const module = this.#one(['include_role', 'import_role'])
      const more = module === 'include_role' && this.#in(30) ? { public: true } : {}
      return this.#with({ [module]: { name: this.#one(this.#roles), ...more } }, [
        'when',
        'vars',
        'run_once',
        ...(module === 'include_role' ? ['loop'] : []),
      ])
    }
    if (kind < 88) return this.#with({ fail: { msg: 'tea' }, when: this.#condition() }, ['ignore_errors'])
    if (kind < 91) return this.#with({ assert: { that: this.#condition() } }, ['ignore_errors', 'when'])
    if (kind < 95) {
      const meta = this.#one(['flush_handlers', 'flush_handlers', 'noop', 'end_host'])
      return this.#with({ meta }, ['when'])
    }
    if (kind < 98) {
      const path = this.#file('vars/slip')
      this.files[path] = JSON.stringify({ [this.#name()]: this.#text() })
      return this.#with({ include_vars: { file: `{{ playbook_dir }}/${path}` } }, ['when', 'run_once'])
    }
    return this.#with({ add_host: { name: this.#one(HOSTS), [this.#name()]: this.#text() } }, ['when'])
  }

  #fact(): Item {
    const name = this.#name()
    const task = this.#with({ set_fact: { [name]: this.#value(name) } }, ['when', 'vars', 'run_once', 'loop'])
    if ('loop' in task && this.#in(70)) task.set_fact = { [this.#name()]: '{{ item }}' }
    if (this.#in(10)) {
      task.delegate_to = this.#one(HOSTS)
      if (this.#in(70))
        Object.assign(task, { delegate_facts: true, set_fact: { [this.#name()]: this.#text() } })
    }
    if (this.#handlers.length > 0 && this.#in(25)) {
      task.changed_when = this.#in(80)
      task.notify = this.#one(this.#handlers)
    }
    return task
  }

  #block(): Item {
    this.#depth += 1
    const block = this.#tasks(3)
    const task: Item = { block }
    if (this.#in(30)) {
      block.splice(this.below(block.length + 1), 0, this.#with({ fail: { msg: 'tea' } }, ['when']))
      task.rescue = this.#tasks(2)
    }
    if (this.#in(15)) task.always = this.#tasks(2)
    this.#depth -= 1
    return this.#with(task, ['when', 'vars', ...('rescue' in task ? [] : ['run_once']), 'ignore_errors'])
  }

  #included(): Item {
    const module = this.#one(['include_tasks', 'include_tasks', 'import_tasks'])
    const isStatic = module === 'import_tasks'
    const path = this.#file('tasks')
    this.#depth += 1
    this.files[path] = JSON.stringify(this.#tasks(3))
    this.#depth -= 1
    const task = this.#with({ [module]: path }, ['when', 'vars', 'run_once', ...(isStatic ? [] : ['loop'])])
    if (isStatic) return task
    if (this.#in(15)) task.register = this.#result()
    if (this.#in(15))
      task[module] = {
        file: path,
        apply: this.#with({ vars: { [this.#name()]: this.#text() } }, ['when', 'run_once']),
      }
    return task
  }

  #with(task: Item, keywords: readonly string[]): Item {
    const may = (name: string, percent: number): boolean => keywords.includes(name) && this.#in(percent)
    if (may('when', 35)) task.when = this.#in(80) ? this.#condition() : [this.#condition(), this.#condition()]
    if (may('vars', 20)) task.vars = { [this.#name()]: this.#text() }
    if (may('run_once', 12)) task.run_once = true
    if (may('loop', 12)) task.loop = [this.#text(), this.#text()]
    if (may('ignore_errors', 10)) task.ignore_errors = true
    return task
  }

  #condition(): string {
    switch (this.below(7)) {
      case 0:
        return `inventory_hostname == '${this.#one(HOSTS)}'`
      case 1:
        return `inventory_hostname != '${this.#one(HOSTS)}'`
      case 2:
        return `inventory_hostname in groups.${this.#one(['quays', 'berths'])}`
      case 3:
        return `'${this.#one(['quays', 'berths'])}' in group_names`
      case 4:
        return `${this.#name()} == '${this.#one(['high', 'hemp', 'oak', 'elm', 'larch', 'none'])}'`
      case 5:
        return `${this.#name()} != 't${1 + this.below(this.#count + 1)}' or ${this.#name()} == 'larch'`
      default:
        return this.#one(['true', 'false', "helm == 'red'", "keel != 'oak'"])
    }
  }

  /** `made`: the variable that gets it, which other hosts may have before this one asks. */
  #value(made: string): string {
    switch (this.below(6)) {
      case 5:
        return `{{ ${OF_ROLES} | default('calm') }}${this.#text()}`
      case 0:
      case 1:
        return `{{ ${this.#name()} }}${this.#text()}`
      case 2:
        return `{{ hostvars['${this.#one(HOSTS)}'].${this.#one(VARIABLES.filter((name) => name !== made))} }}`
      default:
        return this.#text()
    }
  }

  #text(): string {
    this.#count += 1
    return `t${this.#count}`
  }

  #file(name: string): string {
    this.#count += 1
    return `${name}${this.#count}.yml`
  }

  #name(): string {
    return this.#one(VARIABLES)
  }

  #result(): string {
    return `result${this.below(3)}`
  }

  #one<T>(all: readonly T[]): T {
    return pick(all, (limit) => this.below(limit))
  }

  #in(percent: number): boolean {
    return this.below(100) < percent
  }
}
