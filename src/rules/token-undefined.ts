import type { Task } from '../ansible/content/index.ts'
import type { Event } from '../flow/rehearsal.ts'
import type { Analysis } from '../lint/analysis.ts'
import type { RuleFinding } from '../lint/finding.ts'
import type { Rule } from '../lint/rule.ts'
import { escaped } from '../syntax/regExp.ts'
import { certainNodeRuns, type EventOf, type NodeRun } from './common/nodes.ts'
import { once } from './common/once.ts'
import { placeIn } from './common/places.ts'
import { strandedSetting } from './common/stranded.ts'
import { tasksOf } from './common/tasks.ts'

const INVENTORY = `
harbour:
  hosts:
    quay-1:
      ansible_host: 192.0.2.11
    quay-2:
      ansible_host: 192.0.2.12
`

export const tokenUndefined: Rule = {
  id: 'token-undefined',
  severity: 'error',
  summary: 'Join token is asked of a variable that nobody sets',
  why: 'Ansible ends the play for a host at a task with a variable that is not defined. A fact that set_fact made belongs to the host that the task ran for: others find it in hostvars of that host, under the same name. Defaults of a role are not in hostvars at all. group_vars and host_vars are read beside the inventory and beside the playbook, and nowhere else.',
  fix: 'read the fact under the name that it was set, from hostvars of the host that it was set on; or set the variable in the inventory',
  see: [
    'https://docs.ansible.com/ansible/latest/playbook_guide/playbooks_vars_facts.html',
    'https://docs.ansible.com/ansible/latest/collections/ansible/builtin/set_fact_module.html',
    'https://docs.ansible.com/ansible/latest/inventory_guide/intro_inventory.html#organizing-host-and-group-variables',
  ],
  bad: [
    {
      title: 'a fact that was set under another name',
      files: {
        'inventory.yml': INVENTORY,
        'site.yml': `
- hosts: quay-1
  become: true
  tasks:
    - name: Found
      ansible.builtin.command: /usr/local/bin/k3s-install.sh server
    - name: Read
      ansible.builtin.slurp:
        src: /var/lib/rancher/k3s/server/token
      register: anchor
      no_log: true
    - name: Keep
      ansible.builtin.set_fact:
        anchor_key: "{{ anchor.content | b64decode | trim }}"
      no_log: true
- hosts: quay-2
  become: true
  tasks:
    - name: Join
      ansible.builtin.command: /usr/local/bin/k3s-install.sh agent --server https://192.0.2.11:6443
      no_log: true
      environment:
        K3S_TOKEN: "{{ hostvars['quay-1'].harbour_key }}"
                       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ harbour_key is not defined here, and the play ends
`,
      },
    },
    {
      title: 'group_vars that Ansible does not read',
      files: {
        'ansible.cfg': '[defaults]\ninventory = inventory/hosts.yml\n',
        'inventory/hosts.yml': INVENTORY,
        'group_vars/all.yml': `harbour_key: "{{ lookup('env', 'HARBOUR_KEY') }}"\n`,
        'playbooks/site.yml': `
- hosts: harbour
  become: true
  tasks:
    - name: Join
      ansible.builtin.command: /usr/local/bin/k3s-install.sh agent --server https://192.0.2.11:6443
      no_log: true
      environment:
        K3S_TOKEN: "{{ harbour_key }}"
                       ^^^^^^^^^^^ harbour_key is not defined here, and the play ends
`,
      },
    },
    {
      title: 'what another host has registered',
      files: {
        'inventory.yml': INVENTORY,
        'site.yml': `
- hosts: quay-1
  become: true
  tasks:
    - name: Found
      ansible.builtin.command: /usr/local/bin/k3s-install.sh server
    - name: Read
      ansible.builtin.slurp:
        src: /var/lib/rancher/k3s/server/token
      register: anchor
      no_log: true
- hosts: quay-2
  become: true
  tasks:
    - name: Keep
      ansible.builtin.set_fact:
        anchor_key: "{{ anchor['content'] | b64decode | trim }}"
                        ^^^^^^ anchor is not defined here, and the play ends
      no_log: true
    - name: Join
      ansible.builtin.command: /usr/local/bin/k3s-install.sh agent --server https://192.0.2.11:6443
      no_log: true
      environment:
        K3S_TOKEN: "{{ anchor_key }}"
`,
      },
    },
    {
      title: 'what only the first server has registered',
      files: {
        'inventory.yml': INVENTORY,
        'site.yml': `
- hosts: harbour
  become: true
  tasks:
    - name: Found
      ansible.builtin.command: /usr/local/bin/k3s-install.sh server --cluster-init
      when: inventory_hostname == groups['harbour'][0]
    - name: Read
      ansible.builtin.command: cat /var/lib/rancher/k3s/server/node-token
      register: anchor
      no_log: true
      when: inventory_hostname == groups['harbour'][0]
    - name: Join
      ansible.builtin.command: /usr/local/bin/k3s-install.sh server --server https://192.0.2.11:6443
      no_log: true
      environment:
        K3S_TOKEN: "{{ anchor.stdout }}"
                       ^^^^^^^^^^^^^ anchor.stdout is not defined here, and the play ends
      when: inventory_hostname != groups['harbour'][0]
`,
      },
    },
    {
      title: 'a fact that holds more than the token',
      files: {
        'inventory.yml': INVENTORY,
        'site.yml': `
- hosts: quay-1
  become: true
  tasks:
    - name: Found
      ansible.builtin.command: /usr/local/bin/k3s-install.sh server --cluster-init
      environment:
        K3S_TOKEN: "{{ harbour_key | default(omit) }}"
      no_log: true
    - name: Read
      ansible.builtin.slurp:
        src: /var/lib/rancher/k3s/server/token
      register: anchor
      no_log: true
- hosts: quay-2
  become: true
  tasks:
    - name: Settings
      ansible.builtin.set_fact:
        mooring: "{{ {} | combine({'token': harbour_key}) }}"
                                            ^^^^^^^^^^^ harbour_key is not defined here, and the play ends
      no_log: true
      when: harbour_key is not defined
    - name: Write it
      ansible.builtin.copy:
        content: "{{ mooring | to_nice_yaml }}"
        dest: /etc/rancher/k3s/config.yaml
        mode: "0600"
      no_log: true
    - name: Join
      ansible.builtin.command: /usr/local/bin/k3s-install.sh server --server https://192.0.2.11:6443
`,
      },
    },
    {
      title: 'a fact that another playbook has made',
      files: {
        'inventory.yml': INVENTORY,
        'site.yml': `
- hosts: quay-1
  become: true
  tasks:
    - ansible.builtin.command: /usr/local/bin/k3s-install.sh server
    - ansible.builtin.slurp:
        src: /var/lib/rancher/k3s/server/token
      register: anchor
      no_log: true
    - ansible.builtin.set_fact:
        anchor_key: "{{ anchor.content | b64decode | trim }}"
      no_log: true
`,
        'more.yml': `
- hosts: quay-2
  become: true
  tasks:
    - ansible.builtin.command: /usr/local/bin/k3s-install.sh agent --server https://192.0.2.11:6443
      no_log: true
      environment:
        K3S_TOKEN: "{{ hostvars['quay-1'].anchor_key }}"
                       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ anchor_key is not defined here, and the play ends
`,
      },
    },
  ],
  good: [
    {
      title: 'a fact under its name',
      files: {
        'inventory.yml': INVENTORY,
        'site.yml': `
- hosts: quay-1
  become: true
  tasks:
    - name: Found
      ansible.builtin.command: /usr/local/bin/k3s-install.sh server
    - name: Read
      ansible.builtin.slurp:
        src: /var/lib/rancher/k3s/server/token
      register: anchor
      no_log: true
    - name: Keep
      ansible.builtin.set_fact:
        anchor_key: "{{ anchor.content | b64decode | trim }}"
      no_log: true
- hosts: quay-2
  become: true
  tasks:
    - name: Join
      ansible.builtin.command: /usr/local/bin/k3s-install.sh agent --server https://192.0.2.11:6443
      no_log: true
      environment:
        K3S_TOKEN: "{{ hostvars['quay-1'].anchor_key }}"
`,
      },
    },
  ],
  check: (analysis) =>
    once([...undefinedTokens(analysis), ...strandedTokens(analysis), ...goneFacts(analysis)]),
}

function* undefinedTokens(analysis: Analysis): Generator<RuleFinding> {
  const found = certainNodeRuns(analysis, (node) => asked(analysis, node) !== undefined)
  for (const node of found) {
    const event = asked(analysis, node)
    if (event === undefined) continue
    const { at, variable, task } = event
    const { scenario } = node.run
    const place = placeIn(analysis, { at: task.at, what: '' }, usedIn(variable))
    yield {
      at: place ?? at,
      message: message(variable),
      hops: [...producers(node), ...event.hops],
      ...(scenario.tokenGiven === false ? { scenario: 'no token given' } : {}),
    }
  }
}

const message = (variable: string): string =>
  `${/^\w+(?:\.\w+)*$/.test(variable) ? variable : lastName(variable)} is not defined here, and the play ends`

/** Tokens that files of variables set which Ansible never reads: that is no choice of whoever runs the playbook. */
function* strandedTokens(analysis: Analysis): Generator<RuleFinding> {
  for (const { at, end } of analysis.rehearsal.unknowns) {
    if (end?.variable === undefined || end.isOfRun === true || !isToken(analysis, end.variable)) continue
    const stranded = strandedSetting(analysis, end.inventory, end.variable)
    if (stranded === undefined) continue
    yield {
      at: placeIn(analysis, { at, what: '' }, usedIn(end.variable)) ?? at,
      message: message(end.variable),
      cure: 'move group_vars and host_vars to where the inventory lies, or beside the playbooks',
      hops: [
        { at: stranded, what: `sets ${end.variable}, and lies beside neither an inventory nor a playbook` },
      ],
    }
  }
}

/** Tokens that are read of another host, for which a task of another playbook has made them: with that one's run they are gone. */
function* goneFacts(analysis: Analysis): Generator<RuleFinding> {
  const { unknowns, verdicts } = analysis.rehearsal
  for (const { at, end } of unknowns) {
    const { variable = '', playbook, host, inventory, scenarios } = end ?? {}
    if (inventory === undefined || end?.isOfRun === true || !variable.startsWith('hostvars')) continue
    if (!isToken(analysis, variable) || scenarios?.some(({ tokenGiven }) => tokenGiven !== undefined))
      continue
    if (verdicts.some((verdict) => verdict.playbook === playbook && verdict.host === host)) continue
    const name = lastName(variable)
    const maker = [...tasksOf(analysis)].find(({ task }) => makes(task, name))
    if (maker === undefined) continue
    yield {
      at: placeIn(analysis, { at, what: '' }, usedIn(variable)) ?? at,
      message: message(variable),
      cure: 'make it in this playbook, too: read the token back from the server here, with delegate_to or in a play for the server',
      hops: [{ at: maker.task.action.at, what: `makes ${name}, in the run of another playbook only` }],
    }
  }
}

const makes = ({ action, keywords }: Task, name: string): boolean =>
  keywords.get('register')?.value === name ||
  (/(?:^|\.)set_fact$/.test(action.module) && action.arguments.has(name))

/** The task that fails for want of the token, where that is the project's fault and not its user's. */
function asked(analysis: Analysis, node: NodeRun): EventOf<'undefined-variable'> | undefined {
  const event = node.events.find(
    (one): one is EventOf<'undefined-variable'> =>
      one.what === 'undefined-variable' &&
      [one.variable, one.making].some((name) => name !== undefined && isToken(analysis, name)),
  )
  if (event === undefined) return undefined
  const { scenario, inventory } = node.run
  // A play that ends there has no second run.
  if (scenario.again === true) return undefined
  const isLeft = inventory === undefined || scenario.tokenGiven === false
  return !isLeft || producers(node).length > 0 ? event : undefined
}

/** Where an expression has it. */
const usedIn = (variable: string): RegExp =>
  new RegExp(
    `(?<=\\{\\{(?:[^}]|\\}(?!\\}))*)(?:[\\w.]|\\[[^\\]\\n]*\\])*\\b${escaped(lastName(variable))}\\b(?!\\s*:)`,
  )

/** `hostvars[…].harbour_key` → `harbour_key`; of an item of a list that list's: `harbour.keys[0]` → `keys` */
function lastName(variable: string): string {
  return /([A-Za-z_]\w*)(?:["']?\]|\[[^\]]*\])*$/.exec(variable)?.[1] ?? variable
}

function isToken({ tokenSites }: Analysis, variable: string): boolean {
  const last = lastName(variable)
  // Of what a task has registered the whole is the token's variable.
  const [holder = ''] = /^\w+/.exec(variable) ?? []
  if (tokenSites.variables.has(holder)) return true
  return [...tokenSites.variables.keys()].some((name) => name === variable || name.split('.').at(-1) === last)
}

/** Tasks of the same run that have read the token back from the first server: it is there, under another name. */
function producers({ run, host }: NodeRun): readonly { at: Event['at']; what: string }[] {
  const found = run.events.findLast(
    (event) =>
      event.what === 'task-ran' &&
      event.host !== host &&
      event.task.uses.some(
        ({ where, atom }) => where === 'result' && atom.root.what.startsWith('the token of the server '),
      ),
  )
  return found === undefined ? [] : [{ at: found.at, what: `has the token, on ${found.host}` }]
}
