import { orchestration } from '../facts/orchestration.ts'
import { heldIn, mayBeIn } from '../flow/files.ts'
import { isFetch } from '../flow/rehearse/modules/files.ts'
import type { Analysis } from '../lint/analysis.ts'
import type { Fix, RuleFinding } from '../lint/finding.ts'
import type { Rule } from '../lint/rule.ts'
import { isBelow } from '../path.ts'
import { argumentAdded } from './common/edits.ts'
import { holdsToken, shownPath } from './common/leaks.ts'
import { hasLiteral } from './common/literals.ts'
import { type EventOf, nodeRunsOf } from './common/nodes.ts'
import { once } from './common/once.ts'
import { taskAt } from './common/tasks.ts'

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
const INSTALL = `
- name: Install
  ansible.builtin.command: /usr/local/bin/k3s-install.sh server
`

const SETTINGS = `
- name: Write the settings
  ansible.builtin.copy:
    content: "token: {{ harbour_key }}"
    dest: /etc/rancher/k3s/config.yaml
    mode: "0600"
  no_log: true
`

export const tokenWorldReadable: Rule = {
  id: 'token-world-readable',
  severity: 'error',
  summary: 'File with the join token that every user may read',
  why: 'With the token of the servers any user of the node joins a server of his own and has the cluster. K3s warns of nothing. A file that a task makes without a mode gets what umask leaves: 0644 for root.',
  fix: 'write mode: "0600" at the task, or "0700" where it is a script',
  see: [
    'https://docs.k3s.io/cli/token',
    'k3s-io/k3s-ansible#561',
    'https://docs.ansible.com/ansible/latest/collections/ansible/builtin/copy_module.html',
    'https://docs.ansible.com/ansible/latest/collections/ansible/builtin/fetch_module.html',
  ],
  bad: [
    {
      title: 'a mode that lets everybody read, and none',
      files: {
        'inventory.yml': INVENTORY,
        'site.yml': SITE,
        'roles/edge/tasks/main.yml': `
- name: Write the settings
  ansible.builtin.copy:
    content: "token: {{ harbour_key }}"
    dest: /etc/rancher/k3s/config.yaml
    mode: "0644"
          ^^^^^^ /etc/rancher/k3s/config.yaml holds the token, and with mode 0644 every user may read it
  no_log: true
- name: Keep the key
  ansible.builtin.copy:
  ^^^^^^^^^^^^^^^^^^^^ /etc/rancher/k3s/harbour holds the token, and no task gives it a mode: every user may read it
    content: "{{ harbour_key }}"
    dest: /etc/rancher/k3s/harbour
  no_log: true
${INSTALL}`,
      },
    },
    {
      title: 'written out in a task, and in a template',
      files: {
        'inventory.yml': INVENTORY,
        'site.yml': SITE,
        'roles/edge/templates/harbour.env.j2': `
K3S_NODE_NAME={{ inventory_hostname }}
K3S_TOKEN=pier-7Rk2wLq9-Zt4Xm1Vb
`,
        'roles/edge/tasks/main.yml': `
- name: Write the settings
  ansible.builtin.copy:
    content: "token: quay-0815-Qz7wLx2Rk9"
    dest: /etc/rancher/k3s/config.yaml
    mode: "0644"
          ^^^^^^ /etc/rancher/k3s/config.yaml holds the token, and with mode 0644 every user may read it
- name: Write the environment
  ansible.builtin.template:
  ^^^^^^^^^^^^^^^^^^^^^^^^ /etc/default/k3s holds the token, and no task gives it a mode: every user may read it
    src: harbour.env.j2
    dest: /etc/default/k3s
- name: Write how to join
  ansible.builtin.copy:
    content: |
      #!/bin/sh
      exec /usr/local/bin/k3s server --token "quay-0815-Qz7wLx2Rk9"
    dest: /usr/local/sbin/join
    mode: "0755"
          ^^^^^^ /usr/local/sbin/join holds the token, and with mode 0755 every user may read it
${INSTALL}`,
      },
    },
    {
      title: 'fetched by a task that becomes root, which opens the file as any program does',
      files: {
        'inventory.yml': INVENTORY,
        'site.yml': SITE,
        'roles/edge/tasks/main.yml': `${INSTALL}
- name: Keep the key
  ansible.builtin.fetch:
  ^^^^^^^^^^^^^^^^^^^^^ /srv/keys/harbour holds the token, and no task gives it a mode: every user may read it
    src: /var/lib/rancher/k3s/server/node-token
    dest: /srv/keys/harbour
    flat: true
  become: true
`,
      },
    },
    {
      title: 'in directories that others get into: all, the group, an owner; and next to one that is closed',
      files: {
        'inventory.yml': INVENTORY,
        'site.yml': SITE,
        'roles/edge/tasks/main.yml': `
- name: Places
  ansible.builtin.file:
    path: "{{ item.path }}"
    state: directory
    mode: "{{ item.mode }}"
    owner: "{{ item.owner }}"
  loop:
    - { path: /etc/rancher/k3s, mode: "0711", owner: root }
    - { path: /opt/quay, mode: "0750", owner: root }
    - { path: /opt/mole, mode: "0700", owner: harbour }
    - { path: /opt/mole/pier, mode: "0755", owner: root }
    - { path: /etc/rancher/k3s/con, mode: "0700", owner: root }
- name: Write the settings
  ansible.builtin.copy:
    content: "token: {{ harbour_key }}"
    dest: /etc/rancher/k3s/config.yaml
    mode: "0644"
          ^^^^^^ /etc/rancher/k3s/config.yaml holds the token, and with mode 0644 every user may read it
  no_log: true
- name: For the group
  ansible.builtin.copy:
    content: "{{ harbour_key }}"
    dest: /opt/quay/harbour
    mode: "0644"
          ^^^^^^ /opt/quay/harbour holds the token, and with mode 0644 who may enter /opt/quay may read it
  no_log: true
- name: For somebody
  ansible.builtin.copy:
  ^^^^^^^^^^^^^^^^^^^^ /opt/mole/pier/harbour holds the token, and no task gives it a mode: who may enter /opt/mole may read it
    content: "{{ harbour_key }}"
    dest: /opt/mole/pier/harbour
  no_log: true
${INSTALL}`,
      },
    },
    {
      title:
        'for a group, which is not that of root or whose name nobody gives, and for all whatever the group',
      files: {
        'inventory.yml': INVENTORY,
        'site.yml': SITE,
        'roles/edge/tasks/main.yml': `
- name: For the group of those who keep it
  ansible.builtin.copy:
    content: "{{ harbour_key }}"
    dest: /opt/quay/keepers
    group: keepers
    mode: "0640"
          ^^^^^^ /opt/quay/keepers holds the token, and with mode 0640 its group may read it
  no_log: true
- name: For the group of who writes it
  ansible.builtin.copy:
    content: "{{ harbour_key }}"
    dest: /opt/quay/writer
    owner: root
    mode: "0640"
          ^^^^^^ /opt/quay/writer holds the token, and with mode 0640 its group may read it
  no_log: true
- name: For a group that is another later
  ansible.builtin.copy:
    content: "{{ harbour_key }}"
    dest: /opt/quay/later
    group: root
    mode: "0640"
          ^^^^^^ /opt/quay/later holds the token, and with mode 0640 its group may read it
  no_log: true
- name: Later
  ansible.builtin.file:
    path: /opt/quay/later
    group: "{{ keepers }}"
- name: For all
  ansible.builtin.copy:
    content: "{{ harbour_key }}"
    dest: /opt/quay/all
    group: root
    mode: "0644"
          ^^^^^^ /opt/quay/all holds the token, and with mode 0644 every user may read it
  no_log: true
${SETTINGS}${INSTALL}`,
      },
    },
    {
      title: 'put into files whose other lines nobody knows',
      files: {
        'inventory.yml': INVENTORY,
        'site.yml': SITE,
        'roles/edge/tasks/main.yml': `
- name: Bring the files
  ansible.builtin.get_url:
    url: "https://harbour.example/{{ item }}"
    dest: "/etc/harbour/{{ item }}"
    mode: "0644"
          ^^^^^^ /etc/harbour/block holds the token, and with mode 0644 every user may read it
          ^^^^^^ /etc/harbour/line holds the token, and with mode 0644 every user may read it
          ^^^^^^ /etc/harbour/option holds the token, and with mode 0644 every user may read it
          ^^^^^^ /etc/harbour/pattern may hold the token, and with mode 0644 every user may read it
          ^^^^^^ /etc/harbour/shell holds the token, and with mode 0644 every user may read it
          ^^^^^^ /etc/harbour/taken may hold the token, and with mode 0644 every user may read it
  loop: [block, line, option, pattern, shell, taken]
- name: A block
  ansible.builtin.blockinfile:
    path: /etc/harbour/block
    block: "token: {{ harbour_key }}"
  no_log: true
- name: A line
  ansible.builtin.lineinfile:
    path: /etc/harbour/line
    regexp: "^token:"
    line: "token: {{ harbour_key }}"
  no_log: true
- name: A line whose place nobody knows
  ansible.builtin.lineinfile:
    path: /etc/harbour/line
    regexp: "^quay:"
    line: "quay: north"
- name: An option
  community.general.ini_file:
    path: /etc/harbour/option
    section: harbour
    option: key
    value: "{{ harbour_key }}"
  no_log: true
- name: In place of a pattern
  ansible.builtin.replace:
    path: /etc/harbour/pattern
    regexp: "HARBOUR_KEY"
    replace: "{{ harbour_key }}"
  no_log: true
- name: By a shell
  ansible.builtin.shell: echo '{{ harbour_key }}' >> /etc/harbour/shell
  no_log: true
- name: In the line that is found
  ansible.builtin.lineinfile:
    path: /etc/harbour/taken
    regexp: "^token: (.*)$"
    line: 'token: {{ harbour_key }} # \\1'
    backrefs: true
  no_log: true
${SETTINGS}${INSTALL}`,
      },
    },
    {
      title: 'a variable with the mode',
      files: {
        'inventory.yml': INVENTORY,
        'site.yml': SITE,
        'roles/edge/defaults/main.yml': `
k3s_server_config_mode: "0644"
`,
        'roles/edge/tasks/main.yml': `
- name: Write the settings
  ansible.builtin.copy:
    content: "{{ {'token': harbour_key} | to_nice_yaml }}"
    dest: /etc/rancher/k3s/config.yaml
    mode: "{{ k3s_server_config_mode }}"
          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ /etc/rancher/k3s/config.yaml holds the token, and with mode 0644 every user may read it
  no_log: true
${INSTALL}`,
      },
    },
    {
      title: 'below the directory of K3s, into which a task has let every user; and settings that may be run',
      files: {
        'inventory.yml': INVENTORY,
        'site.yml': SITE,
        'roles/edge/tasks/main.yml': `
- name: Make the directory
  ansible.builtin.file:
    path: /var/lib/rancher/k3s/server
    state: directory
    mode: "0755"
- name: Write the key
  ansible.builtin.copy:
    content: "{{ harbour_key }}"
    dest: /var/lib/rancher/k3s/server/harbour
    mode: "0644"
          ^^^^^^ /var/lib/rancher/k3s/server/harbour holds the token, and with mode 0644 every user may read it
  no_log: true
- name: Write the settings
  ansible.builtin.copy:
    content: "token: {{ harbour_key }}"
    dest: /etc/rancher/k3s/config.yaml
    mode: "0755"
          ^^^^^^ /etc/rancher/k3s/config.yaml holds the token, and with mode 0755 every user may read it
  no_log: true
${INSTALL}`,
      },
    },
  ],
  good: [
    {
      title: 'below the directory that K3s makes for root alone',
      files: {
        'inventory.yml': INVENTORY,
        'site.yml': SITE,
        'roles/edge/tasks/main.yml': `
- name: Write the key
  ansible.builtin.copy:
    content: "{{ harbour_key }}"
    dest: /var/lib/rancher/k3s/server/harbour
    mode: "0644"
  no_log: true
${INSTALL}`,
      },
    },
    {
      title: 'in a directory that nobody else gets into, made before or after',
      files: {
        'inventory.yml': INVENTORY,
        'site.yml': SITE,
        'roles/edge/tasks/main.yml': `
- name: Place for the settings
  ansible.builtin.file:
    path: /etc/rancher/k3s
    state: directory
    mode: "0755"
- name: Write the settings
  ansible.builtin.copy:
    content: "token: {{ harbour_key }}"
    dest: /etc/rancher/k3s/config.yaml
    mode: "0644"
  no_log: true
- name: Keep the key
  ansible.builtin.copy:
    content: "{{ harbour_key }}"
    dest: /opt/quay/berths/harbour
  no_log: true
- name: Close the place of the settings
  ansible.builtin.file:
    path: /etc/rancher/k3s
    state: directory
    mode: "0644"
- name: Close what is above the key
  ansible.builtin.file:
    path: /opt/quay
    state: directory
    mode: u=rwx,go=
${INSTALL}`,
      },
    },
    {
      title: 'no token: what a shell fills in, a comment, an empty one, and settings of other programs',
      files: {
        'inventory.yml': INVENTORY,
        'site.yml': SITE,
        'roles/edge/tasks/main.yml': `
- name: Write how to join
  ansible.builtin.copy:
    content: |
      #!/bin/sh
      K3S_TOKEN="$1" K3S_TOKEN_FILE=/etc/rancher/k3s/key exec /usr/local/bin/k3s agent --token "\${2}"
    dest: /usr/local/sbin/join
    mode: "0755"
- name: Write what others read
  ansible.builtin.copy:
    content: |
      token: quay-0815-Qz7wLx2Rk9
      identityToken: quay-0815-Qz7wLx2Rk9
    dest: /etc/harbour/settings.yaml
    mode: "0644"
- name: Write none
  ansible.builtin.copy:
    content: |
      # K3S_TOKEN=quay-0815-Qz7wLx2Rk9
      K3S_AGENT_TOKEN=
    dest: /etc/default/k3s
    mode: "0644"
${SETTINGS}${INSTALL}`,
      },
    },
    {
      title: 'for the group of root',
      files: {
        'inventory.yml': INVENTORY,
        'site.yml': SITE,
        'roles/edge/tasks/main.yml': `
- name: At once
  ansible.builtin.copy:
    content: "{{ harbour_key }}"
    dest: /opt/quay/harbour
    group: root
    mode: "0640"
  no_log: true
- name: By its number, and later
  ansible.builtin.copy:
    content: "{{ harbour_key }}"
    dest: /opt/quay/later
    mode: "0640"
  no_log: true
- name: Later
  ansible.builtin.file:
    path: /opt/quay/later
    group: 0
${SETTINGS}${INSTALL}`,
      },
    },
    {
      title: 'put into files whose other lines nobody knows, and taken away again, or written for root alone',
      files: {
        'inventory.yml': INVENTORY,
        'site.yml': SITE,
        'roles/edge/tasks/main.yml': `
- name: Bring the files
  ansible.builtin.get_url:
    url: "https://harbour.example/{{ item }}"
    dest: "/etc/harbour/{{ item }}"
    mode: "0644"
  loop: [block, gone, line, option, pattern]
- name: Put it in
  ansible.builtin.lineinfile:
    path: "/etc/harbour/{{ item }}"
    line: "token: {{ harbour_key }}"
  loop: [gone, line, pattern]
  no_log: true
- name: Put it in as a block
  ansible.builtin.blockinfile:
    path: /etc/harbour/block
    block: "token: {{ harbour_key }}"
  no_log: true
- name: Put it in as an option
  community.general.ini_file:
    path: /etc/harbour/option
    section: harbour
    option: key
    value: "{{ harbour_key }}"
  no_log: true
- name: No block
  ansible.builtin.blockinfile:
    path: /etc/harbour/block
    state: absent
- name: No line
  ansible.builtin.lineinfile:
    path: /etc/harbour/gone
    regexp: "^token:"
    state: absent
- name: Another line in its place
  ansible.builtin.lineinfile:
    path: /etc/harbour/line
    regexp: "^token:"
    line: "token-file: /etc/rancher/k3s/harbour"
- name: No option
  community.general.ini_file:
    path: /etc/harbour/option
    section: harbour
    option: key
    state: absent
- name: Nothing in its place
  ansible.builtin.replace:
    path: /etc/harbour/pattern
    regexp: "^token:.*$"
    replace: ""
- name: A closed one
  ansible.builtin.get_url:
    url: https://harbour.example/closed
    dest: /etc/harbour/closed
    mode: "0600"
- name: Put it in there
  ansible.builtin.lineinfile:
    path: /etc/harbour/closed
    line: "token: {{ harbour_key }}"
  no_log: true
${SETTINGS}${INSTALL}`,
      },
    },
    {
      title: 'fetched over a file that is closed, and closed after that',
      files: {
        'inventory.yml': INVENTORY,
        'site.yml': SITE,
        'roles/edge/tasks/main.yml': `${INSTALL}
- name: Close the place of the key
  ansible.builtin.file: { path: /srv/keys/harbour, state: touch, mode: "0600" }
  delegate_to: localhost
- name: Keep the key
  ansible.builtin.fetch: { src: /var/lib/rancher/k3s/server/node-token, dest: "{{ item }}", flat: true }
  become: true
  loop: [/srv/keys/harbour, keys/quay]
- name: Close the key
  ansible.builtin.file: { path: keys/quay, mode: "u=rw,g=,o=" }
  delegate_to: localhost
`,
      },
    },
    {
      title: 'modes for root alone, and settings without a token that everybody may read',
      files: {
        'inventory.yml': INVENTORY,
        'site.yml': SITE,
        'roles/edge/tasks/main.yml': `
- name: Write the settings
  ansible.builtin.copy:
    content: "node-label: [quay=north]"
    dest: /etc/rancher/k3s/config.yaml
    mode: "0644"
- name: Write the key
  ansible.builtin.copy:
    content: "token: {{ harbour_key }}"
    dest: /etc/rancher/k3s/config.yaml.d/harbour.yaml
    mode: u=rw,g=,o=
  no_log: true
${INSTALL}`,
      },
    },
  ],
  check: (analysis) => once(readableFiles(analysis)),
}

/** It has no mode to be given. */
const FETCHED =
  'read it with slurp and no_log: true in place of fetch; or let a task for localhost make the file with mode: "0600" before, whose mode fetch leaves as it is'

/** Nor have they. */
const COMMANDS: ReadonlySet<string> = new Set(['command', 'shell', 'raw', 'script'])
const OF_COMMAND =
  'write it with ansible.builtin.copy, content: and mode: "0600"; or put umask 077 in front of the command that makes the file'

type Write = EventOf<'file-written'>
type Directory = EventOf<'directory-made'>

/** K3s makes it for root alone, and leaves one that is there as it is: `os.MkdirAll` of pkg/server/server.go. */
const OF_SERVER = '/var/lib/rancher/k3s/server'

function* readableFiles(analysis: Analysis): Generator<RuleFinding> {
  for (const { events } of nodeRunsOf(analysis)) {
    const files = new Map<string, Write[]>()
    const directories = new Map<string, Directory>()
    for (const event of events)
      if (event.what === 'directory-made') directories.set(event.path, event)
      else if (event.what === 'file-written' && !event.path.startsWith('/root/'))
        files.set(event.path, [...(files.get(event.path) ?? []), event])
    for (const writes of files.values()) {
      const last = writes.at(-1)
      if (last === undefined || !isOpen(last) || isForRootAlone(writes, last)) continue
      if (last.path.startsWith(`${OF_SERVER}/`) && !isForAll(directories.get(OF_SERVER))) continue
      if (!isOfToken(analysis, last, mayBeIn)) continue
      const around = directoriesAbove(last.path).flatMap((path) => directories.get(path) ?? [])
      if (!around.some(isShut)) yield finding(analysis, writes, last, around.find(isNarrow))
    }
  }
}

/** Whether a token is in the text of a file: one that is followed there, or one that the task or its template has written out. */
function isOfToken(analysis: Analysis, { path, file }: Write, textIn: typeof heldIn): boolean {
  const text = textIn(file.content)
  return holdsToken(analysis, text) || hasLiteral(analysis, path, text)
}

/** `/etc/rancher/k3s/config.yaml` → `/etc/rancher/k3s`, `/etc/rancher`, `/etc` */
function directoriesAbove(path: string): readonly string[] {
  const above: string[] = []
  for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1))
    above.push(path.slice(0, end))
  return above
}

/** Whether nobody but root gets at what is in it, whatever mode that has. */
function isShut({ mode, owner = 'root' }: Directory): boolean {
  return typeof mode === 'number' && (mode & 0o011) === 0 && (owner === 'root' || owner === '0')
}

/** Whether a task has let every user in. */
const isForAll = (directory: Directory | undefined): boolean =>
  typeof directory?.mode === 'number' && (directory.mode & 0o001) !== 0

/** Whether only its owner and its group get at what is in it. */
function isNarrow({ mode }: Directory): boolean {
  return typeof mode === 'number' && (mode & 0o001) === 0
}

function isOpen({ file: { mode, content } }: Write): boolean {
  // Units and copies of them are another rule's: systemd shows what is in them, whatever the mode.
  if (/^(?:Exec\w+|Environment)=/m.test(mayBeIn(content))) return false
  return mode === undefined || (typeof mode === 'number' && (mode & 0o044) !== 0)
}

/** Whether only the group of root may read it besides. */
function isForRootAlone(writes: readonly Write[], { file: { mode } }: Write): boolean {
  const group = writes.findLast((write) => write.group !== undefined)?.group
  return typeof mode === 'number' && (mode & 0o004) === 0 && (group === 'root' || group === '0')
}

/** The mode that leaves it to root; what is a program has to stay one. */
function closedMode({ path, file: { mode, content } }: Write): string {
  const isProgram = SETTINGS_FILE.test(path)
    ? false
    : typeof mode === 'number'
      ? (mode & 0o111) !== 0
      : typeof content === 'string' && content.startsWith('#!')
  return isProgram ? '"0700"' : '"0600"'
}

const SETTINGS_FILE = /\.(?:ya?ml|json|env|conf|ini)$/

function finding(
  analysis: Analysis,
  writes: readonly Write[],
  last: Write,
  narrow: Directory | undefined,
): RuleFinding {
  const path = shownPath(last.path)
  const { mode } = last.file
  const hops = last.file.hops
  const closed = closedMode(last)
  const isCertain = isOfToken(analysis, last, heldIn)
  const holds = `${path} ${isCertain ? 'holds' : 'may hold'} the token`
  const readers = (all: string): string =>
    narrow === undefined ? all : `who may enter ${shownPath(narrow.path)}`
  const severity =
    narrow !== undefined ? { severity: 'notice' as const } : isCertain ? {} : { severity: 'warning' as const }
  if (typeof mode !== 'number') {
    const { at, task } = writes.find((write) => isOfToken(analysis, write, mayBeIn)) ?? last
    const fix = isFetch(task) ? undefined : modeAdded(analysis, at, closed)
    return {
      at,
      message: `${holds}, and no task gives it a mode: ${readers('every user')} may read it`,
      hops,
      ...(isFetch(task)
        ? { cure: FETCHED }
        : COMMANDS.has(task.module)
          ? { cure: OF_COMMAND }
          : cureAt(analysis, at, closed)),
      ...severity,
      ...(fix === undefined ? {} : { fix }),
    }
  }
  const modeAt = writes.findLast((write) => write.modeAt !== undefined)?.modeAt
  const isForEveryUser = (mode & 0o004) !== 0 && narrow === undefined
  const written =
    modeAt === undefined ? '' : (analysis.project.get(modeAt.path)?.slice(modeAt.start, modeAt.end) ?? '')
  const [, variable] = /^["']\{\{\s*(\w+)\b[^}]*\}\}["']$/.exec(written) ?? []
  const isLiteral = /^(["']?)[\w=,+-]+\1$/.test(written)
  return {
    at: modeAt ?? last.at,
    message: `${holds}, and with mode 0${mode.toString(8)} ${readers((mode & 0o004) !== 0 ? 'every user' : 'its group')} may read it`,
    hops,
    ...(variable === undefined
      ? cureAt(analysis, modeAt ?? last.at, closed)
      : { cure: `set ${variable}: ${closed}` }),
    // The group is often that of root alone, and may be meant.
    ...(isForEveryUser ? severity : { severity: 'notice' as const }),
    ...(isForEveryUser && modeAt !== undefined && isLiteral
      ? { fix: { edits: [{ at: modeAt, text: closed }] } }
      : {}),
  }
}

const modeWritten = (closed: string): string => `write mode: ${closed} at the task`

const INSTALLED: ReadonlySet<string> = new Set(['ansible_collections'])

/** Who uses the collection does not change its tasks; who holds it, or a fork of it, may. */
function cureAt({ content }: Analysis, { path }: Write['at'], closed: string): Pick<RuleFinding, 'cure'> {
  const isItsOwn = content.roles.some(
    ({ collection, directory }) =>
      collection?.name === orchestration.name && path.startsWith(`${directory}/`),
  )
  if (!isItsOwn) return { cure: modeWritten(closed) }
  const newer = `take ${orchestration.name} from #561 on, and set k3s_server_config_mode: "0600"`
  const isInstalled = isBelow(path, INSTALLED)
  return { cure: isInstalled ? newer : `${modeWritten(closed)}, or ${newer}` }
}

function modeAdded(analysis: Analysis, at: Write['at'], closed: string): Fix | undefined {
  const task = taskAt(analysis, at)?.task
  if (task === undefined || task.action.arguments.has('mode')) return undefined
  const after = ['dest', 'path', 'destfile'].find((name) => task.action.arguments.has(name))
  return after === undefined ? undefined : argumentAdded(analysis, task, after, `mode: ${closed}`)
}
