import { isTrue, nearestConfig, parseAnsibleConfig } from '../ansible/config.ts'
import { directoryOf } from '../ansible/inventory/projectTree.ts'
import type { AtomUse, TaskRun } from '../flow/rehearsal.ts'
import type { Analysis } from '../lint/analysis.ts'
import type { Fix, RuleFinding, Severity } from '../lint/finding.ts'
import type { Rule } from '../lint/rule.ts'
import { RUNS } from './common/commandLines.ts'
import { keywordAdded } from './common/edits.ts'
import { isPieceOfToken, isToken, tokenHops, tokenTasksOn } from './common/leaks.ts'
import { tokenSitesOf } from './common/literals.ts'
import { nodeRunsOf } from './common/nodes.ts'
import { taskAround, taskAt } from './common/tasks.ts'

const INVENTORY = `
harbour:
  hosts:
    quay:
      ansible_host: 192.0.2.11
  vars:
    harbour_key: "{{ lookup('env', 'HARBOUR_KEY') }}"
`
const SITE = `
- hosts: harbour
  become: true
  roles:
    - edge
`

export const tokenLogged: Rule = {
  id: 'token-logged',
  severity: 'warning',
  summary: 'Task shows the join token',
  why: 'Ansible prints the items of a loop, and from -v on and wherever a task fails what it returns; callbacks and log files keep it. With --diff it prints the text of each file that changes, with -vvv, up to ansible-core 2.20, every argument. Logs of CI outlive the cluster.',
  fix: 'write no_log: true at the task',
  see: [
    'https://docs.ansible.com/ansible/latest/reference_appendices/logging.html',
    'https://docs.ansible.com/ansible/latest/playbook_guide/playbooks_checkmode.html',
  ],
  bad: [
    {
      title: 'in a command that has the token itself, and in one that is not shown',
      files: {
        'site.yml': `
- hosts: harbour
  become: true
  tasks:
    - name: Found
      ansible.builtin.shell: curl -sfL https://get.k3s.io | K3S_TOKEN=8f3b1c0de94a7726b1f05d83ce61aa90 sh -s - server
      ^^^^^^^^^^^^^^^^^^^^^ the token is in the command of this task: -v and logs show it, and so does every run in which the task fails
- hosts: quays
  become: true
  no_log: true
  tasks:
    - name: Join
      ansible.builtin.shell: curl -sfL https://get.k3s.io | sh -s - agent --server https://quay:6443 --token 8f3b1c0de94a7726b1f05d83ce61aa90
`,
      },
    },
    {
      title: 'read back, kept, printed and written',
      files: {
        'inventory.yml': INVENTORY,
        'site.yml': SITE,
        'roles/edge/tasks/main.yml': `
- name: Found
  ansible.builtin.command: /usr/local/bin/k3s-install.sh server
- name: Read
  ansible.builtin.slurp:
  ^^^^^^^^^^^^^^^^^^^^^ the token is in what this task returns, which -v and logs show
    src: /var/lib/rancher/k3s/server/token
  register: anchor
- name: Keep
  ansible.builtin.set_fact:
  ^^^^^^^^^^^^^^^^^^^^^^^^ the token is in what this task returns, which -v and logs show
    anchor_key: "{{ anchor.content | b64decode | trim }}"
- name: Tell
  ansible.builtin.debug:
  ^^^^^^^^^^^^^^^^^^^^^ this task prints the token
    msg: "The key is {{ anchor_key }}"
- name: Write
  ansible.builtin.copy:
  ^^^^^^^^^^^^^^^^^^^^ --diff shows the token that this task writes
    content: "{{ anchor_key }}"
    dest: /etc/rancher/k3s/harbour
    mode: "0600"
`,
      },
    },
    {
      title: 'in what an include takes in, to which its no_log does not go on',
      files: {
        'inventory.yml': INVENTORY,
        'site.yml': SITE,
        'roles/edge/tasks/main.yml': `
- name: Found
  ansible.builtin.command: /usr/local/bin/k3s-install.sh server
- name: Read
  ansible.builtin.include_tasks: read.yml
  no_log: true
- name: Read in the same silence
  ansible.builtin.import_tasks: again.yml
  no_log: true
- name: Read, with what applies to all in it
  ansible.builtin.include_tasks:
    file: again.yml
    apply: { no_log: true }
`,
        'roles/edge/tasks/read.yml': `
- name: Slurp
  ansible.builtin.slurp:
  ^^^^^^^^^^^^^^^^^^^^^ the token is in what this task returns, which -v and logs show
    src: /var/lib/rancher/k3s/server/token
  register: anchor
`,
        'roles/edge/tasks/again.yml': `
- name: Slurp
  ansible.builtin.slurp:
    src: /var/lib/rancher/k3s/server/token
  register: anchor
`,
      },
    },
    {
      title: 'of a cluster of several servers, where the inventory has one',
      files: {
        'inventory.yml': `
harbour:
  hosts:
    quay:
  vars:
    anchor: { key: 4f1c90a6d2e84b7fb3a5c8e1d7f60b29, word: 5e2d81b7c3f95a60e4b6d9f2c8a71b3d }
    harbour_words: "{% if groups.harbour | length > 1 %}--token {{ anchor.key }}{% endif %}"
`,
        'site.yml': SITE,
        'roles/edge/tasks/main.yml': `
- name: Found
  ansible.builtin.command: "systemd-run --unit=k3s-init k3s server {{ harbour_words }}"
- name: Tell
  ansible.builtin.debug:
  ^^^^^^^^^^^^^^^^^^^^^ this task prints the token
    msg: "The key is {{ anchor.key }}"
- name: Tell of another
  ansible.builtin.debug:
    msg: "The word is {{ anchor.word }}"
`,
      },
    },
    {
      title: 'printed where a run is verbose',
      files: {
        'inventory.yml': INVENTORY,
        'site.yml': SITE,
        'roles/edge/tasks/main.yml': `
- name: Install
  ansible.builtin.command: /usr/local/bin/k3s-install.sh server
  environment:
    K3S_TOKEN: "{{ harbour_key }}"
- name: Tell
  ansible.builtin.debug:
  ^^^^^^^^^^^^^^^^^^^^^ with -v this task prints the token
    msg: "The key is {{ harbour_key }}"
    verbosity: 1
- name: Tell of it
  ansible.builtin.debug: var=harbour_key verbosity=2
  ^^^^^^^^^^^^^^^^^^^^^ with -vv this task prints the token
- name: Tell its beginning
  ansible.builtin.debug:
  ^^^^^^^^^^^^^^^^^^^^^ with -vvv this task prints a few characters of the token, or a digest of it
    msg: "The key begins with {{ harbour_key[:5] }}"
    verbosity: "{{ 3 }}"
- name: Tell some
  ansible.builtin.debug:
  ^^^^^^^^^^^^^^^^^^^^^ with enough -v this task prints the token
    msg: "The key is {{ harbour_key }}"
    verbosity: "{{ lookup('env', 'HARBOUR_WORDS') | int }}"
- name: Tell each
  ansible.builtin.debug:
  ^^^^^^^^^^^^^^^^^^^^^ this task prints the token, in an item of its loop
    msg: "The key is {{ item }}"
    verbosity: 1
  loop: ["{{ harbour_key }}"]
- name: Tell at once
  ansible.builtin.debug:
  ^^^^^^^^^^^^^^^^^^^^^ this task prints the token
    msg: "The key is {{ harbour_key }}"
    verbosity: 0
`,
      },
    },
    {
      title: 'in an item of a loop, with a label and without',
      files: {
        'inventory.yml': INVENTORY,
        'site.yml': SITE,
        'roles/edge/tasks/main.yml': `
- name: Environment
  ansible.builtin.lineinfile:
  ^^^^^^^^^^^^^^^^^^^^^^^^^^ this task prints the token, in an item of its loop
    path: /etc/systemd/system/k3s.service.env
    line: "{{ item.name }}={{ item.value }}"
    create: true
    mode: "0600"
  diff: false
  loop:
    - name: K3S_TOKEN
      value: "{{ harbour_key }}"
- name: Elsewhere
  ansible.builtin.include_tasks: more.yml
  ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ this task prints the token, in an item of its loop
  loop: ["{{ harbour_key }}"]
- name: Label
  ansible.builtin.lineinfile:
  ^^^^^^^^^^^^^^^^^^^^^^^^^^ this task prints the token, in an item of its loop
    path: /etc/systemd/system/k3s.service.env
    line: K3S_DEBUG=1
    mode: "0600"
  loop: [1]
  loop_control:
    label: "for {{ harbour_key }}"
- name: Labelled
  ansible.builtin.lineinfile:
  ^^^^^^^^^^^^^^^^^^^^^^^^^^ the token is in what this task returns, which -v and logs show
    path: /etc/systemd/system/k3s.service.env
    line: "{{ item.name }}={{ item.value }}"
    mode: "0600"
  diff: false
  loop:
    - name: K3S_TOKEN
      value: "{{ harbour_key }}"
  loop_control:
    label: "{{ item.name }}"
- name: Skipped
  ansible.builtin.lineinfile:
  ^^^^^^^^^^^^^^^^^^^^^^^^^^ this task prints the token, in an item of its loop
    path: /etc/systemd/system/k3s.service.env
    line: K3S_TOKEN={{ item }}
    mode: "0600"
  when: inventory_hostname == 'pier'
  with_items: "{{ harbour_key }}"
- name: Install
  ansible.builtin.command: /usr/local/bin/k3s-install.sh server
  environment:
    K3S_TOKEN: "{{ harbour_key }}"
  no_log: true
`,
        'roles/edge/tasks/more.yml': `
- name: Unit
  ansible.builtin.file:
    path: /etc/rancher/k3s
    state: directory
    mode: "0700"
`,
      },
    },
    {
      title: 'a file of K3s, printed as a whole or line by line',
      files: {
        'inventory.yml': INVENTORY,
        'site.yml': SITE,
        'roles/edge/defaults/main.yml': `
pier_key: a7105982474f982ddd2e33144c856f692767eb56e28479ba91400d3bf9b2910f
`,
        'roles/edge/tasks/main.yml': `
- name: Settings
  ansible.builtin.copy:
    content: |
      token: "{{ harbour_key }}"
      agent-token: "{{ pier_key }}"
      node-label: [quay=north]
    dest: /etc/rancher/k3s/config.yaml
    mode: "0600"
  no_log: true
- name: Install
  ansible.builtin.command: /usr/local/bin/k3s-install.sh server
- name: Look
  ansible.builtin.command: cat /etc/rancher/k3s/config.yaml
  register: seen
  no_log: true
- name: Tell
  ansible.builtin.debug:
  ^^^^^^^^^^^^^^^^^^^^^ this task prints the token
    var: seen.stdout_lines
`,
      },
    },
    {
      title: 'by a run that shows what changes, whether it is asked to or not',
      files: {
        'ansible.cfg': `
[diff]
always = true
`,
        'inventory.yml': INVENTORY,
        'site.yml': `
- hosts: harbour
  become: true
  tasks:
    - name: Settings
      ansible.builtin.copy:
      ^^^^^^^^^^^^^^^^^^^^ every run shows the token that this task writes: ansible.cfg turns --diff on
        content: "token: {{ harbour_key }}"
        dest: /etc/rancher/k3s/config.yaml
        mode: "0600"
    - name: Settings of the agents
      ansible.builtin.copy:
        content: "token: {{ harbour_key }}"
        dest: /etc/rancher/k3s/config.yaml
        mode: "0600"
      diff: false
    - name: Install
      ansible.builtin.command: /usr/local/bin/k3s-install.sh server
`,
      },
    },
    {
      title: 'in a request, and in an object of the cluster',
      files: {
        'inventory.yml': INVENTORY,
        'site.yml': SITE,
        'roles/edge/tasks/main.yml': `
- name: Install
  ansible.builtin.command: /usr/local/bin/k3s-install.sh server
  environment:
    K3S_TOKEN: "{{ harbour_key }}"
  no_log: true
- name: Register
  ansible.builtin.uri:
  ^^^^^^^^^^^^^^^^^^^ up to ansible-core 2.20 -vvv shows the arguments of this task, with the token in them
    url: https://pier.example.net/berths
    method: POST
    body_format: json
    body: { key: "{{ harbour_key }}" }
- name: Ask
  ansible.builtin.uri:
  ^^^^^^^^^^^^^^^^^^^ up to ansible-core 2.20 -vvv shows the arguments of this task, with the token in them
    url: https://pier.example.net/berths
    headers: { Authorization: "Bearer {{ harbour_key }}" }
- name: Ask openly
  ansible.builtin.uri:
  ^^^^^^^^^^^^^^^^^^^ the token is in what this task returns, which -v and logs show
    url: https://pier.example.net/berths?key={{ harbour_key }}
- name: Ask by a password
  ansible.builtin.uri:
    url: https://pier.example.net/berths
    url_username: pier
    url_password: "{{ harbour_key }}"
- name: Keep for the pods
  kubernetes.core.k8s:
  ^^^^^^^^^^^^^^^^^^^ the token is in what this task returns, which -v and logs show
    definition:
      apiVersion: v1
      kind: Secret
      metadata: { name: harbour, namespace: quay }
      stringData: { key: "{{ harbour_key }}" }
- name: Keep it encoded
  kubernetes.core.k8s:
  ^^^^^^^^^^^^^^^^^^^ the token is in what this task returns, which -v and logs show
    state: present
    resource_definition:
      - apiVersion: v1
        kind: Secret
        metadata: { name: harbour, namespace: quay }
        data: { key: "{{ harbour_key | b64encode }}" }
- name: Keep and hide it
  kubernetes.core.k8s:
  ^^^^^^^^^^^^^^^^^^^ up to ansible-core 2.20 -vvv shows the arguments of this task, with the token in them
    hidden_fields: [data]
    definition:
      apiVersion: v1
      kind: Secret
      metadata: { name: harbour, namespace: quay }
      stringData: { key: "{{ harbour_key }}" }
- name: Keep without a word
  kubernetes.core.k8s:
    definition:
      apiVersion: v1
      kind: Secret
      metadata: { name: harbour, namespace: quay }
      stringData: { key: "{{ harbour_key }}" }
  no_log: true
`,
      },
    },
    {
      title: 'one line of a file',
      files: {
        'inventory.yml': `
harbour:
  hosts:
    quay:
`,
        'site.yml': SITE,
        'roles/edge/vars/main.yml': `
harbour_key: a7105982474f982ddd2e33144c856f692767eb56e28479ba91400d3bf9b2910f
harbour_settings: |
  node-label: [quay=north]
  token: "b7105982474f982ddd2e33144c856f692767eb56e28479ba91400d3bf9b2910f"
`,
        'roles/edge/tasks/main.yml': `
- name: Settings
  ansible.builtin.copy:
    content: |
      node-label: [quay=north]
      token: "{{ harbour_key }}"
    dest: /etc/rancher/k3s/config.yaml
    mode: "0600"
  no_log: true
- name: Install
  ansible.builtin.command: /usr/local/bin/k3s-install.sh server
- name: Look
  ansible.builtin.command: cat /etc/rancher/k3s/config.yaml
  register: seen
  no_log: true
- name: Tell
  ansible.builtin.debug:
  ^^^^^^^^^^^^^^^^^^^^^ this task prints the token
    msg: "{{ seen.stdout_lines[1] }}"
- name: Another line
  ansible.builtin.debug:
    msg: "{{ seen.stdout_lines[0] }}"
- name: Settings as a whole
  ansible.builtin.copy:
    content: "{{ harbour_settings }}"
    dest: /etc/rancher/k3s/config.yaml.d/harbour.yaml
    mode: "0600"
  no_log: true
- name: Again
  ansible.builtin.systemd_service:
    name: k3s
    state: restarted
- name: Look again
  ansible.builtin.command: cat /etc/rancher/k3s/config.yaml.d/harbour.yaml
  register: seen_again
  no_log: true
- name: Tell again
  ansible.builtin.debug:
  ^^^^^^^^^^^^^^^^^^^^^ this task prints the token
    var: seen_again.stdout_lines
`,
      },
    },
    {
      title: 'in part, and in part where that part is all of it',
      files: {
        'inventory.yml': INVENTORY,
        'site.yml': SITE,
        'roles/edge/tasks/main.yml': `
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
- name: Its beginning
  ansible.builtin.debug:
  ^^^^^^^^^^^^^^^^^^^^^ this task prints a few characters of the token, or a digest of it
    msg: "The key begins with {{ anchor_key[:5] }}"
- name: Its beginning and the dots
  ansible.builtin.debug:
  ^^^^^^^^^^^^^^^^^^^^^ this task prints a few characters of the token, or a digest of it
    msg: "The key begins with {{ anchor_key | truncate(8, true) }}"
- name: Its end
  ansible.builtin.debug:
  ^^^^^^^^^^^^^^^^^^^^^ this task prints a few characters of the token, or a digest of it
    msg: "The key ends with {{ anchor_key[-4:] }}"
- name: Its digest
  ansible.builtin.debug:
  ^^^^^^^^^^^^^^^^^^^^^ this task prints a few characters of the token, or a digest of it
    msg: "{{ anchor_key | hash('sha256') }}"
- name: Its length
  ansible.builtin.debug:
    msg: "The key has {{ anchor_key | length }} characters"
- name: Most of it
  ansible.builtin.debug:
  ^^^^^^^^^^^^^^^^^^^^^ this task prints the token
    msg: "{{ anchor_key[5:] }} {{ anchor_key[:5] }}"
`,
      },
    },
    {
      title: 'a digest that is the token',
      files: {
        'inventory.yml': INVENTORY,
        'site.yml': SITE,
        'roles/edge/defaults/main.yml': `
pier_key: a7105982474f982ddd2e33144c856f692767eb56e28479ba91400d3bf9b2910f
tide_key: "{{ pier_key | hash('sha256') }}"
`,
        'roles/edge/tasks/main.yml': `
- name: Install
  ansible.builtin.command: /usr/local/bin/k3s-install.sh server
  environment:
    K3S_TOKEN: "{{ tide_key }}"
- name: Tell
  ansible.builtin.debug:
  ^^^^^^^^^^^^^^^^^^^^^ this task prints the token
    msg: "The key is {{ tide_key }}"
`,
      },
    },
  ],
  good: [
    {
      title: 'an item of a loop of a task that shows nothing',
      files: {
        'inventory.yml': INVENTORY,
        'site.yml': SITE,
        'roles/edge/tasks/main.yml': `
- name: Environment
  ansible.builtin.lineinfile:
    path: /etc/systemd/system/k3s.service.env
    line: "{{ item.name }}={{ item.value }}"
    create: true
    mode: "0600"
  no_log: true
  loop:
    - name: K3S_TOKEN
      value: "{{ harbour_key }}"
- name: Install
  ansible.builtin.command: /usr/local/bin/k3s-install.sh server
  environment:
    K3S_TOKEN: "{{ harbour_key }}"
  no_log: true
`,
      },
    },
    {
      title: 'told not to, by the task or by the block that it stands in',
      files: {
        'inventory.yml': INVENTORY,
        'site.yml': SITE,
        'roles/edge/tasks/main.yml': `
- name: Found
  ansible.builtin.command: /usr/local/bin/k3s-install.sh server
- name: Read
  ansible.builtin.slurp:
    src: /var/lib/rancher/k3s/server/token
  register: anchor
  no_log: true
- name: Keep
  no_log: true
  block:
    - name: As a fact
      ansible.builtin.set_fact:
        anchor_key: "{{ anchor.content | b64decode | trim }}"
- name: Write
  ansible.builtin.copy:
    content: "{{ anchor_key }}"
    dest: /etc/rancher/k3s/harbour
    mode: "0600"
  diff: false
`,
      },
    },
  ],
  check: shown,
}

/** How a use is shown; the first one that applies is told. */
const WAYS: readonly {
  readonly where: readonly AtomUse['where'][]
  readonly severity: Severity
  readonly message: string
  /** Where it is another one than that of the rule. */
  readonly cure?: string
  /** Whether a few characters or a digest of the token are meant. */
  readonly isPiece?: true
}[] = [
  {
    where: ['message'],
    severity: 'error',
    message: 'this task prints the token',
    cure: 'take it out of the message, or write no_log: true at the task',
  },
  {
    where: ['item'],
    severity: 'error',
    message: 'this task prints the token, in an item of its loop',
    cure: 'write no_log: true at the task; a loop_control.label without the token keeps it from being printed, but not from -v',
  },
  {
    where: ['verbose'],
    severity: 'warning',
    message: 'this task prints the token',
    cure: 'take it out of the message, or write no_log: true at the task',
  },
  {
    where: ['result'],
    severity: 'warning',
    message: 'the token is in what this task returns, which -v and logs show',
  },
  {
    where: ['command'],
    severity: 'warning',
    message:
      'the token is in the command of this task: -v and logs show it, and so does every run in which the task fails',
  },
  {
    where: ['content'],
    severity: 'notice',
    message: '--diff shows the token that this task writes',
    cure: 'write no_log: true at the task; where only --diff shows it, diff: false is enough',
  },
  {
    where: ['regexp'],
    severity: 'notice',
    message: 'up to ansible-core 2.20 -vvv shows the pattern of this task, with the token in it',
  },
  {
    where: ['argument'],
    severity: 'notice',
    message: 'up to ansible-core 2.20 -vvv shows the arguments of this task, with the token in them',
  },
  {
    where: ['message', 'item', 'verbose'],
    isPiece: true,
    severity: 'notice',
    message: 'this task prints a few characters of the token, or a digest of it',
    cure: 'nobody joins with that, but where the token can be guessed it tells who guesses right: write no_log: true at the task, or take it out',
  },
]

const IN_COMMAND = WAYS.findIndex(({ where }) => where.includes('command'))

/** What `always` of `[diff]` makes of it. */
const ALWAYS: Omit<(typeof WAYS)[number], 'where'> = {
  severity: 'warning',
  message: 'every run shows the token that this task writes: ansible.cfg turns --diff on',
  cure: 'write no_log: true or diff: false at the task, or take always out of [diff] in ansible.cfg',
}

interface Shown {
  readonly task: TaskRun
  readonly way: number
  readonly isAlways: boolean
}

function* shown(analysis: Analysis): Generator<RuleFinding> {
  const worst = new Map<string, Shown>()
  const diffing = new Map<string, boolean>()
  const written = tasksWithLiterals(analysis)
  for (const node of nodeRunsOf(analysis)) {
    const { playbook } = node.run
    const isAlways = diffing.get(playbook) ?? isDiffAlwaysOn(analysis, playbook)
    diffing.set(playbook, isAlways)
    for (const event of node.events)
      if (
        event.what === 'installer-ran' &&
        event.task.noLog === false &&
        written.has(placeOf(event.task.at))
      ) {
        const place = placeOf(event.task.at)
        if (!worst.has(place)) worst.set(place, { task: event.task, way: IN_COMMAND, isAlways })
      }
    for (const task of tokenTasksOn(analysis, node)) {
      if (task.noLog !== false) continue
      const seen = new Set(task.uses.filter(({ atom }) => isToken(analysis, atom)).map(({ where }) => where))
      if (!task.diff) seen.delete('content')
      // These return nothing of their command line.
      if (task.module === 'raw' || task.module === 'script') seen.delete('command')
      const isSeen = ({ where, isPiece }: (typeof WAYS)[number]): boolean =>
        isPiece === true
          ? task.uses.some((use) => where.includes(use.where) && isPieceOfToken(analysis, use.atom))
          : where.some((one) => seen.has(one))
      const way = WAYS.findIndex(isSeen)
      const place = placeOf(task.at)
      const known = worst.get(place)
      if (way !== -1 && (known === undefined || way < known.way || (way === known.way && isAlways)))
        worst.set(place, { task, way, isAlways })
    }
  }
  for (const { task, way, isAlways } of worst.values()) {
    const { where: places, isPiece, ...usual } = WAYS[way] as (typeof WAYS)[number]
    const isShown = isPiece === true ? isPieceOfToken : isToken
    const said = isAlways && places.includes('content') ? ALWAYS : usual
    const fix = silenced(analysis, task)
    const use = places
      .map((place) => task.uses.find(({ atom, where }) => where === place && isShown(analysis, atom)))
      .find((one) => one !== undefined)
    yield {
      at: task.at,
      ...said,
      message: use?.where === 'verbose' ? `${asVerbose(use)} ${said.message}` : said.message,
      hops: use === undefined ? [] : tokenHops(analysis, use.atom),
      ...(fix === undefined ? {} : { fix }),
    }
  }
}

/** How verbose a run is in which something is printed. */
const asVerbose = ({ verbosity }: AtomUse): string =>
  verbosity === undefined || verbosity > MOST_VERBOSE ? 'with enough -v' : `with -${'v'.repeat(verbosity)}`

/** More than this nobody counts. */
const MOST_VERBOSE = 6

const placeOf = ({ path, start }: TaskRun['at']): string => `${path}:${start}`

/** The actions with a token in their own text: none that the rehearsal follows comes by. */
function tasksWithLiterals(analysis: Analysis): ReadonlySet<string> {
  const { sites, options } = tokenSitesOf(analysis)
  const literals = [
    ...options.map(({ written }) => written),
    ...sites.filter(({ carrier }) => carrier === 'shell' || carrier === 'argument'),
  ].filter(({ text }) => text !== undefined && !text.isEmpty)
  return new Set(
    literals.flatMap(({ at }) => {
      const action = taskAround(analysis, at)?.task.action
      return action !== undefined && RUNS.test(action.module) ? [placeOf(action.at)] : []
    }),
  )
}

function isDiffAlwaysOn({ project }: Analysis, playbook: string): boolean {
  const config = nearestConfig(project, directoryOf(playbook))
  if (config?.text.includes('always') !== true) return false
  const { diffAlways } = parseAnsibleConfig(config.path, config.text)
  return diffAlways !== undefined && isTrue(diffAlways.value)
}

function silenced(analysis: Analysis, { at, noLog }: TaskRun): Fix | undefined {
  const task = taskAt(analysis, at)?.task
  if (noLog !== false || task === undefined || task.keywords.has('no_log')) return undefined
  return keywordAdded(analysis, task, 'no_log: true')
}
