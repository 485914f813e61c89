import { describe, expect, test } from 'vitest'
import { readFreeForm, splitArguments } from '../src/ansible/content/freeForm.ts'
import { isFixture, type Play, readContent, type Statement, type Task } from '../src/ansible/content/index.ts'

const content = (files: Readonly<Record<string, string>>) => readContent(new Map(Object.entries(files)))

/** The tasks of one file, by their YAML. */
function tasks(text: string) {
  const read = content({ 'roles/edge/tasks/main.yml': text })
  const statements = read.taskFile('roles/edge/tasks/main.yml')?.statements ?? []
  return { statements, faults: read.faults, text }
}

function task(text: string): Task {
  const [first] = tasks(text).statements
  if (first?.kind !== 'task') throw new Error('no task')
  return first
}

const plain = (arguments_: Task['action']['arguments']) =>
  Object.fromEntries([...arguments_].map(([name, { value }]) => [name, value]))

const slice = (text: string, at: { readonly start: number; readonly end: number } | undefined) =>
  at && text.slice(at.start, at.end)

describe('free-form text', () => {
  test.each([
    ['a=b c="foo bar"', ['a=b', 'c="foo bar"']],
    ['a  b', ['a ', 'b']],
    ['a={{ x | d("y z") }} b', ['a={{ x | d("y z") }}', 'b']],
    ['{% if a %} b {% endif %}', ['{% if a %}', 'b', '{% endif %}']],
    ['a \\\nb', ['a', 'b']],
    ['a\nb', ['a\n', 'b']],
    ['  a', [' ', 'a']],
    ['', []],
    ['"open', undefined],
    ['{{ open', undefined],
  ])('%j is cut into %j', (text, words) => {
    expect(splitArguments(text)).toEqual(words)
  })

  test('keeps assignments of a command line, and takes its own arguments out', () => {
    expect(readFreeForm('K3S_TOKEN=x sh install.sh chdir=/opt', true)).toEqual({
      pairs: [{ name: 'chdir', value: '/opt', word: 'chdir=/opt' }],
      rest: 'K3S_TOKEN=x sh install.sh',
    })
  })

  test('takes escapes and quotes out of values', () => {
    expect(readFreeForm(String.raw`msg="a\tb" line=x\=y \=c`, false)).toEqual({
      pairs: [
        { name: 'msg', value: 'a\tb', word: String.raw`msg="a\tb"` },
        { name: 'line', value: String.raw`x\=y`, word: String.raw`line=x\=y` },
      ],
      rest: '=c',
    })
  })
})

describe('actions', () => {
  test.each([
    ['copy: {src: a, dest: b}', 'copy', { src: 'a', dest: 'b' }, undefined],
    ['ansible.builtin.copy: src=a dest="b c"', 'copy', { src: 'a', dest: 'b c' }, undefined],
    ['ansible.legacy.copy: src=a', 'copy', { src: 'a' }, undefined],
    ['community.general.ini_file: {path: /x}', 'community.general.ini_file', { path: '/x' }, undefined],
    ['command: echo a=b creates=/x', 'command', { creates: '/x' }, 'echo a=b'],
    ['shell: echo hi\n  args: {chdir: /opt}', 'shell', { chdir: '/opt' }, 'echo hi'],
    ['command: {cmd: echo, chdir: /x}', 'command', { cmd: 'echo', chdir: '/x' }, undefined],
    ['action: copy src=a dest=b', 'copy', { src: 'a', dest: 'b' }, undefined],
    ['action: {module: copy, src: a}', 'copy', { src: 'a' }, undefined],
    ['action: shell echo hi', 'shell', {}, 'echo hi'],
    ['include_tasks: server.yml', 'include_tasks', {}, 'server.yml'],
    ['meta: flush_handlers', 'meta', {}, 'flush_handlers'],
    ['ping:', 'ping', {}, undefined],
    ['copy: {src: a}\n  args: {src: z, mode: "0600"}', 'copy', { src: 'a', mode: '0600' }, undefined],
    ['copy: {src: a}\n  args: "{{ more }}"', 'copy', { _variable_params: '{{ more }}', src: 'a' }, undefined],
    ['copy: "{{ all_of_it }}"', 'copy', {}, '{{ all_of_it }}'],
  ])('%j', (text, module, named, freeForm) => {
    const { action } = task(`- ${text}\n`)
    expect(action.module).toBe(module)
    expect(plain(action.arguments)).toEqual(named)
    expect(action.freeForm?.value).toBe(freeForm)
  })

  test('local_action delegates to localhost', () => {
    const { action, keywords } = task('- local_action: command whoami\n  delegate_to: elsewhere\n')
    expect([action.module, action.freeForm?.value]).toEqual(['command', 'whoami'])
    expect(keywords.get('delegate_to')?.value).toBe('localhost')
  })

  test('tells keywords from the module', () => {
    const { name, action, keywords } = task(
      '- name: seal\n  when: a\n  with_items: [1]\n  no_log: true\n  listen: x\n  copy: {}\n',
    )
    expect([name, action.written]).toEqual(['seal', 'copy'])
    expect([...keywords.keys()]).toEqual(['when', 'with_items', 'no_log', 'listen'])
  })

  test('places what stands in a free-form text', () => {
    const text = '- lineinfile: path=/etc/k line="harbour_key={{ key }}"\n'
    const { action, at } = task(text)
    expect(slice(text, action.at)).toBe('lineinfile')
    expect(slice(text, action.arguments.get('line')?.at)).toBe('harbour_key={{ key }}')
    expect(slice(text, at)?.trimEnd()).toBe(text.slice(2, -1))
    const command = '- shell: |\n    echo one\n    echo two chdir=/opt\n'
    const read = task(command).action
    expect(read.freeForm?.value).toBe('echo one\necho two')
    expect(slice(command, read.arguments.get('chdir')?.at)).toBe('/opt')
  })

  test('gives the node where the text is the whole value', () => {
    const { freeForm } = task('- shell: "echo {{ x }}"\n').action
    expect(freeForm?.node).toMatchObject({ kind: 'scalar', style: 'double' })
  })

  test.each([
    ['- name: nothing\n', 'this task names no module', 0],
    [
      '- copy: {}\n  bekome: true\n',
      'bekome is no keyword of a task, and as a module it conflicts with copy',
      1,
    ],
    [
      '- hosts: harbour\n  gather_facts: false\n  tasks:\n    - copy: {}\n',
      'a play stands here, and the file is read as tasks: hosts conflicts with gather_facts',
      0,
    ],
    [
      '- copy: src="a\n',
      'Ansible can not split the arguments of copy: a quote or a Jinja block is left open',
      1,
    ],
    ['- copy: [a]\n', 'the arguments of copy must be a mapping or a text', 1],
    ['- just text\n', 'a task must be a mapping', 0],
    ['tasks: []\n', 'a file of tasks must be a list, not a mapping', 0],
    ['- rescue: []\n', 'rescue and always need a block beside them', 1],
    ['- block: {}\n', 'the tasks of block must be a list, not a mapping', 1],
    ['- block: []\n  register: x\n', 'Ansible knows no keyword register of a block', 1],
    ['- "{{ x }}": 1\n  "": 2\n', undefined, 1],
    ['- {{ x }}: 1\n', 'this task names no module', 0],
    ['- action: {src: a}\n', 'action names no module', 0],
    ['- copy: {}\n  args: text\n', 'args must be a mapping, or a template that gives one', 1],
  ])('%j: %s', (text, message, count) => {
    const { statements, faults } = tasks(text)
    if (message !== undefined) expect(faults.map((fault) => fault.message)).toContain(message)
    expect(statements).toHaveLength(count)
  })

  const colon = 'two entries on one line, or an unquoted value that holds a colon and a space'
  test.each([
    ['- name: Moor (rope: 2)\n  command: moor\n- ping:\n', [colon]],
    ['- when: a: b\n  command: moor\n- name: nothing\n', [colon, 'this task names no module']],
    ['- name: nothing\n- name: Moor (rope: 2)\n  command: moor\n', ['this task names no module', colon]],
    // Of two Ansible tells the first one.
    ['- name: Moor (rope: 2)\n  command: moor\n- name: Cast (off: 1)\n  command: cast\n', [colon]],
  ])('what is read otherwise for a fault of YAML is none of its own: %j', (text, messages) => {
    const { faults } = tasks(text)
    expect(faults.map((fault) => fault.message)).toEqual(messages)
  })

  test('an empty item is skipped', () => {
    const { statements, faults } = tasks('- ping:\n# moorings\n-\n- ~\n- ping:\n')
    expect([statements.length, faults]).toEqual([2, []])
  })

  test.each(['block', 'rescue', 'always'])('but not in %s', (list) => {
    const { faults } = tasks(`- ${list === 'block' ? '' : 'block: []\n  '}${list}:\n    - ping:\n    -\n`)
    expect(faults.map(({ message }) => message)).toEqual(['a task must be a mapping'])
  })

  test('a play among tasks is one fault', () => {
    expect(tasks('- hosts: harbour\n  serial: 1\n  roles: [edge]\n- ping:\n').faults).toHaveLength(1)
  })

  test('so are several', () => {
    const play = '- hosts: harbour\n  tasks: []\n'
    const { statements, faults } = tasks(`${play}${play}- ping:\n`)
    expect(faults.map(({ at }) => at.start)).toEqual([2])
    expect(statements).toHaveLength(1)
  })

  test('the rest of a faulty file still counts', () => {
    const { statements, faults } = tasks('- copy: {}\n- 5\n- ping:\n')
    expect(statements).toHaveLength(2)
    expect(faults).toHaveLength(1)
  })
})

test('blocks', () => {
  const [block] = tasks(
    '- name: b\n  when: x\n  block:\n    - ping:\n  rescue:\n    - debug: msg=a\n  always:\n    - block: [{ping: }]\n',
  ).statements
  if (block?.kind !== 'block') throw new Error('no block')
  const kinds = (list: readonly Statement[]) => list.map(({ kind }) => kind)
  expect([block.name, [...block.keywords.keys()]]).toEqual(['b', ['when']])
  expect([kinds(block.block), kinds(block.rescue), kinds(block.always)]).toEqual([
    ['task'],
    ['task'],
    ['block'],
  ])
})

describe('playbooks', () => {
  const files = {
    'site.yml': `---
- import_playbook: other.yml
  when: deep
- hosts: agents
  vars: {harbour_key: x}
  pre_tasks: [{ping: }]
  roles:
    - edge
    - {role: k3s/inner, when: a, port_number: 5}
    - name: edge
  tasks: [{debug: {msg: a}}]
  handlers: [{name: h, listen: l, service: name=k3s state=restarted}]
`,
    'other.yml': '- hosts: all\n  user: root\n',
    'inventory.yml': 'all:\n  hosts:\n    a:\n',
    'tasks/x.yml': '- hosts: all\n',
    'values.yml': '- name: a\n  port: 1\n',
    'molecule/default/converge.yml': '# c\n- name: Converge\n  hosts: all\n',
    'list.json.j2': '- hosts: all',
  }

  test('are lists of plays, found by path and text', () => {
    const read = content(files)
    expect(read.playbooks.map(({ path }) => path)).toEqual([
      'molecule/default/converge.yml',
      'other.yml',
      'site.yml',
    ])
    expect(read.faults).toEqual([])
  })

  test('in brackets, too, on one line as JSON has it', () => {
    const read = content({
      'one.yml': '[{"name": "Berth", "hosts": "all", "tasks": []}]\n',
      'other.yml': '- {hosts: all, tasks: []}\n',
      'imports.yml': '[{"ansible.builtin.import_playbook": "one.yml"}]\n',
      'values.yml': '[{"name": "a", "port": 1}]\n',
    })
    expect(read.playbooks.map(({ path }) => path)).toEqual(['imports.yml', 'one.yml', 'other.yml'])
    expect(read.faults).toEqual([])
  })

  test('plays', () => {
    const [imported, play] = content(files).playbook('site.yml')?.plays ?? []
    expect(imported).toMatchObject({ kind: 'import', path: { value: 'other.yml' } })
    expect([...(imported?.keywords.keys() ?? [])]).toEqual(['when'])
    const { hosts, keywords, roles, handlers, tasks: own, preTasks } = play as Play
    expect(hosts?.value).toBe('agents')
    expect([...keywords.keys()]).toEqual(['vars'])
    expect(
      roles.map(({ name, keywords: k, parameters }) => [name, [...k.keys()], [...parameters.keys()]]),
    ).toEqual([
      ['edge', [], []],
      ['k3s/inner', ['when'], ['port_number']],
      ['edge', [], []],
    ])
    expect([own.length, preTasks.length, handlers.length]).toEqual([1, 1, 1])
  })

  test('faults of plays', () => {
    const read = content({
      'a.yml': '- hosts: all\n  tasks: {}\n  taks: []\n- tasks: []\n- 5\n- hosts: b\n  roles: [{tags: x}]\n',
    })
    expect(read.playbooks).toHaveLength(1)
    expect(read.faults.map(({ message }) => message)).toEqual([
      'tasks must be a list, not a mapping',
      'Ansible knows no keyword taks of a play',
      'this play does not say for which hosts it is',
      'a play must be a mapping',
      'this item names no role',
    ])
  })

  test('findPlaybook', () => {
    const read = content({
      'galaxy.yml': 'namespace: port\nname: harbour\n',
      'playbooks/site.yml': '- hosts: all\n',
      'deploy/all.yml': '- import_playbook: ../playbooks/site.yml\n',
    })
    expect(read.findPlaybook('../playbooks/site.yml', 'deploy')).toBe('playbooks/site.yml')
    expect(read.findPlaybook('port.harbour.site', 'deploy')).toBe('playbooks/site.yml')
    expect(read.findPlaybook('../../elsewhere.yml', 'deploy')).toBeUndefined()
  })
})

test.each([
  ['molecule/default/converge.yml', true],
  ['roles/edge/tests/test.yml', true],
  ['.github/workflows/a.yml', true],
  ['test/site.yml', true],
  ['testing.yml', false],
  ['roles/tester/tasks/main.yml', false],
])('%s is a fixture: %s', (path, expected) => {
  expect(isFixture(path)).toBe(expected)
})

describe('roles', () => {
  const role = (directory: string, kind = 'tasks') => ({ [`${directory}/${kind}/main.yml`]: '' })
  const directories = (files: Readonly<Record<string, string>>) =>
    content(files).roles.map(({ directory, fullName }) => [directory, fullName])

  test('are found by their paths', () => {
    expect(
      directories({
        ...role('roles/edge'),
        ...role('roles/k3s/inner', 'templates'),
        ...role('roles/edge/molecule/default'),
        ...role('roles/edge/molecule/default/roles/extra'),
        'roles/README.md': '',
        'roles/edge/files/tasks/x': '',
        'ansible.cfg': '[defaults]\nroles_path = shared:../outside:/usr/share\n',
        ...role('shared/base'),
        ...role('lone/one'),
        ...role('lone/one', 'defaults'),
        ...role('playbooks'),
        ...role('lone/two'),
        'lone/two/templates/quay.j2': '',
        ...role('site'),
        'site/site.yml': '',
        'site/templates/quay.j2': '',
      }),
    ).toEqual([
      ['lone/one', 'one'],
      ['lone/two', 'two'],
      ['roles/edge', 'edge'],
      ['roles/edge/molecule/default/roles/extra', 'extra'],
      ['roles/k3s/inner', 'k3s/inner'],
      ['shared/base', 'base'],
    ])
  })

  test('of collections have a full name', () => {
    const read = content({
      'galaxy.yml': 'namespace: port\nname: harbour\n',
      ...role('roles/edge'),
      ...role('roles/deep/inner'),
      ...role('collections/ansible_collections/other/tools/roles/base'),
    })
    expect(read.collections).toEqual([
      { name: 'port.harbour', directory: '' },
      { name: 'other.tools', directory: 'collections/ansible_collections/other/tools' },
    ])
    expect(read.roles.map(({ fullName }) => fullName)).toEqual([
      'other.tools.base',
      'port.harbour.deep.inner',
      'port.harbour.edge',
    ])
    const find = (name: string) => read.findRole(name, { playbookDirectory: 'playbooks' })?.directory
    expect(find('edge')).toBe('roles/edge')
    expect(find('port.harbour.deep.inner')).toBe('roles/deep/inner')
    expect(find('other.tools.base')).toBe('collections/ansible_collections/other/tools/roles/base')
    expect(find('base')).toBeUndefined()
    const base = read.findRole('other.tools.base', { playbookDirectory: '' })
    expect(read.findRole('base', { playbookDirectory: 'playbooks', role: base })?.directory).toBe(
      base?.directory,
    )
  })

  test('a collection in a directory of its own', () => {
    const read = content({
      'ansible/galaxy.yml': 'namespace: port\nname: harbour\n',
      ...role('ansible/roles/edge'),
    })
    expect(read.findRole('edge', { playbookDirectory: 'ansible/playbooks' })?.fullName).toBe(
      'port.harbour.edge',
    )
  })

  test.each([
    ['edge', 'site', undefined, 'site/roles/edge'],
    ['edge', '', undefined, 'roles/edge'],
    ['edge', 'other', undefined, 'roles/edge'],
    ['base', 'site', undefined, 'shared/base'],
    ['beside', 'site', undefined, 'site/beside'],
    ['../roles/edge', 'site', undefined, 'site/roles/edge'],
    ['k3s/inner', 'site', undefined, 'roles/k3s/inner'],
    ['inner', 'site', 'roles/k3s/other', 'roles/k3s/inner'],
    ['author.thing', 'site', undefined, 'roles/author.thing'],
    ['missing', 'site', undefined, undefined],
    ['../../roles/edge', 'site', undefined, 'roles/edge'],
    ['/roles/edge', 'site', undefined, undefined],
    ['', 'site', undefined, undefined],
    ['{{ role }}', 'site', undefined, undefined],
  ])('%j from %j in role %s is %s', (name, playbookDirectory, from, expected) => {
    const read = content({
      ...role('site/roles/edge'),
      ...role('roles/edge'),
      ...role('roles/k3s/inner'),
      ...role('roles/k3s/other'),
      ...role('roles/author.thing'),
      ...role('shared/base'),
      ...role('site/beside'),
      'ansible.cfg': '[defaults]\nroles_path = ./shared\n',
    })
    const asking = read.roles.find(({ directory }) => directory === from)
    expect(read.findRole(name, { playbookDirectory, role: asking })?.directory).toBe(expected)
  })

  test('a project that is one role', () => {
    const read = content({
      'tasks/main.yml': '- ping:\n',
      'meta/main.yml': 'galaxy_info: {role_name: edge, namespace: port}\n',
      'molecule/default/converge.yml': '- hosts: all\n  roles: [port.edge]\n',
      'molecule/default/tasks/x.yml': '',
    })
    expect(read.roles).toMatchObject([{ name: 'edge', directory: '' }])
    const from = { playbookDirectory: 'molecule/default' }
    for (const name of [
      'edge',
      'port.edge',
      'ansible-role-edge',
      'ansible_role_edge',
      "{{ lookup('env', 'MOLECULE_PROJECT_DIRECTORY') | basename }}",
      '../../..',
    ])
      expect(read.findRole(name, from)?.directory, name).toBe('')
    expect(read.findRole('other', from)).toBeUndefined()
    expect(directories({ 'tasks/install.yml': '', 'templates/k3s.service.j2': '' })).toEqual([['', '']])
  })

  test('a project that is one role is called as its directory, where roles_path is what is above that', () => {
    const found = (config: string, name: string): boolean => {
      const files = { 'tasks/main.yml': '- ping:\n', 'site.yml': '', 'try/ansible.cfg': config }
      const read = readContent(new Map(Object.entries(files)), 'ansible-role-edge')
      return read.findRole(name, { playbookDirectory: '' })?.directory === ''
    }
    const above = '[defaults]\nroles_path = roles:../../\n'
    expect(found(above, 'ansible-role-edge')).toBe(true)
    // Ansible takes no other name, and finds nothing there otherwise.
    expect(found(above, 'edge')).toBe(false)
    expect(found('[defaults]\nroles_path = ../\n', 'ansible-role-edge')).toBe(false)
    expect(found('', 'ansible-role-edge')).toBe(false)
  })

  test('a project that is one role and does not say its name', () => {
    const named = (defaults: string) => {
      const read = content({
        'tasks/main.yml': '- ping:\n',
        'defaults/main.yml': defaults,
        'try/site.yml': '',
      })
      const from = { playbookDirectory: 'try' }
      return ['port.edge', 'port.quay', 'edge'].filter((name) => read.findRole(name, from)?.directory === '')
    }
    expect(named('edge_token:\nedge_url: x\n')).toEqual(['port.edge'])
    expect(named('edge_token:\nquay_url: x\n')).toEqual([])
    expect(named('')).toEqual([])
  })

  test.each(['{}', '""', "''", 'false', '0', '', '[]'])('dependencies that are none: %s', (none) => {
    const read = content({
      'roles/edge/tasks/main.yml': '- ping:\n',
      'roles/edge/meta/main.yml': `dependencies: ${none}\n`,
    })
    const edge = read.findRole('edge', { playbookDirectory: '' })
    if (edge === undefined) throw new Error('no role')
    expect(read.roleDependencies(edge)).toEqual([])
    expect(read.faults).toEqual([])
  })

  test.each(['{base: 1}', 'base', '1'])('dependencies that are no list: %s', (none) => {
    const read = content({
      'roles/edge/tasks/main.yml': '- ping:\n',
      'roles/edge/meta/main.yml': `dependencies: ${none}\n`,
    })
    const edge = read.findRole('edge', { playbookDirectory: '' })
    if (edge === undefined) throw new Error('no role')
    expect(read.roleDependencies(edge)).toEqual([])
    expect(read.faults).toHaveLength(1)
  })

  test('tasks, handlers, defaults, vars and dependencies', () => {
    const read = content({
      'roles/edge/tasks/main.yaml': '- ping:\n',
      'roles/edge/tasks/agent.yml': '- debug:\n',
      'roles/edge/handlers/main': '- ping:\n',
      'roles/edge/defaults/main/a.yml': 'one: 1\ntwo: 1\n',
      'roles/edge/defaults/main/b.yaml': 'two: 2\n',
      'roles/edge/defaults/main/.hidden.yml': 'three: 3\n',
      'roles/edge/vars/main.yml': 'four: 4\n',
      'roles/edge/vars/main/more.yml': 'five: 5\n',
      'roles/edge/vars/other.yml': 'six: 6\n',
      'roles/edge/meta/main.yml':
        'dependencies:\n  - base\n  - {role: k3s/inner, when: a, size: 5}\n  - {src: "https://example.org/x/thing.git"}\n',
    })
    const edge = read.findRole('edge', { playbookDirectory: '' })
    if (edge === undefined) throw new Error('no role')
    expect(read.roleTasks(edge)?.path).toBe('roles/edge/tasks/main.yaml')
    expect(read.roleTasks(edge, 'agent')?.path).toBe('roles/edge/tasks/agent.yml')
    expect(read.roleTasks(edge, 'agent.yml')?.path).toBe('roles/edge/tasks/agent.yml')
    expect(read.roleTasks(edge, '../handlers/main')).toBeUndefined()
    expect(read.roleHandlers(edge)?.statements).toHaveLength(1)
    expect([...read.roleDefaults(edge).values()].map(({ name, value }) => [name, value])).toEqual([
      ['one', 1],
      ['two', 2],
    ])
    expect([...read.roleVars(edge).keys()]).toEqual(['four'])
    expect([...read.roleVars(edge, 'other.yml').keys()]).toEqual(['six'])
    expect(read.roleDependencies(edge).map(({ name, parameters }) => [name, [...parameters.keys()]])).toEqual(
      [
        ['base', []],
        ['k3s/inner', ['size']],
        ['thing', ['src']],
      ],
    )
    expect(read.roleTasks(edge)).toBe(read.roleTasks(edge))
    expect(read.faults).toEqual([])
  })
})

describe('files', () => {
  const files = [
    'site.yml',
    'roles/edge/tasks/main.yml',
    'roles/edge/tasks/install.yml',
    'roles/edge/tasks/server/main.yml',
    'roles/edge/tasks/server/install.yml',
    'roles/edge/tasks/server/only.yml',
    'roles/edge/templates/unit.j2',
    'roles/edge/tasks/local.j2',
    'roles/edge/root.j2',
    'roles/edge/vars/debian.yml',
    'roles/edge/files/sub/x',
    'templates/unit.j2',
    'templates/site.j2',
    'vars/site.yml',
    'tasks/common.yml',
    'other/y.yml',
  ]
  const read = content(Object.fromEntries(files.map((path) => [path, ''])))
  const edge = read.findRole('edge', { playbookDirectory: '' })

  test.each([
    ['templates', 'unit.j2', 'main.yml', 'roles/edge/templates/unit.j2'],
    ['templates', 'templates/unit.j2', 'main.yml', 'roles/edge/templates/unit.j2'],
    ['templates', '../templates/unit.j2', 'main.yml', 'roles/edge/templates/unit.j2'],
    ['templates', 'local.j2', 'main.yml', 'roles/edge/tasks/local.j2'],
    ['templates', 'local.j2', 'server/main.yml', undefined],
    ['templates', 'root.j2', 'main.yml', 'roles/edge/root.j2'],
    ['templates', 'site.j2', 'main.yml', 'templates/site.j2'],
    ['templates', 'missing.j2', 'main.yml', undefined],
    ['templates', '/etc/unit.j2', 'main.yml', undefined],
    ['templates', '../../../../etc/passwd', 'main.yml', undefined],
    ['files', 'sub/x', 'main.yml', 'roles/edge/files/sub/x'],
    ['files', 'sub', 'main.yml', undefined],
    ['vars', 'debian.yml', 'main.yml', 'roles/edge/vars/debian.yml'],
    ['tasks', 'install.yml', 'main.yml', 'roles/edge/tasks/install.yml'],
    ['tasks', 'install.yml', 'server/main.yml', 'roles/edge/tasks/server/install.yml'],
    // Ansible puts `tasks/` before `../` first, and so finds the file beside.
    ['tasks', '../install.yml', 'server/main.yml', 'roles/edge/tasks/server/install.yml'],
    ['tasks', '../local.j2', 'server/main.yml', 'roles/edge/tasks/local.j2'],
    ['tasks', 'server/only.yml', 'main.yml', 'roles/edge/tasks/server/only.yml'],
    ['tasks', 'server/only.yml', 'server/main.yml', 'roles/edge/tasks/server/only.yml'],
    ['tasks', 'common.yml', 'main.yml', 'tasks/common.yml'],
  ] as const)('%s %s from %s of a role: %s', (kind, name, included, expected) => {
    const from = { playbookDirectory: '', role: edge, includedFrom: `roles/edge/tasks/${included}` }
    expect(read.findFile(kind, name, from)).toBe(expected)
  })

  test('include_tasks looks in the role first', () => {
    const from = { playbookDirectory: '', role: edge, includedFrom: 'roles/edge/tasks/server/main.yml' }
    expect(read.findFile('tasks', 'install.yml', { ...from, dynamic: true })).toBe(
      'roles/edge/tasks/install.yml',
    )
    expect(read.findFile('tasks', 'only.yml', { ...from, dynamic: true })).toBe(
      'roles/edge/tasks/server/only.yml',
    )
  })

  test.each([
    ['templates', 'unit.j2', 'templates/unit.j2'],
    ['vars', 'site.yml', 'vars/site.yml'],
    ['tasks', 'tasks/common.yml', 'tasks/common.yml'],
    ['tasks', 'common.yml', undefined],
    ['vars', 'other/y.yml', 'other/y.yml'],
  ] as const)('%s %s of a play: %s', (kind, name, expected) => {
    expect(read.findFile(kind, name, { playbookDirectory: '', includedFrom: 'site.yml' })).toBe(expected)
  })
})

test('files of variables', () => {
  const read = content({
    'vars/a.yml': 'harbour_key: x\n',
    'vars/list.yml': '- a\n',
    'vars/sealed.yml': '$ANSIBLE_VAULT;1.1;AES256\n6162\n',
    'vars/empty.yml': '---\n',
  })
  expect(read.varsFile('vars/a.yml')?.get('harbour_key')).toMatchObject({
    value: 'x',
    at: { start: 13, end: 14 },
  })
  expect(read.varsFile('vars/list.yml')?.size).toBe(0)
  expect(read.varsFile('vars/sealed.yml')?.size).toBe(0)
  expect(read.varsFile('vars/empty.yml')?.size).toBe(0)
  expect(read.varsFile('vars/none.yml')).toBeUndefined()
  read.varsFile('vars/list.yml')
  expect(read.faults.map(({ at, severity }) => [at.path, severity])).toEqual([
    ['vars/list.yml', undefined],
    ['vars/sealed.yml', 'notice'],
  ])
})

test('a long script and a long comment take no time of their own', () => {
  const files = {
    'a.yml': `- hosts: all\n  tasks:\n    - shell: |\n${'        echo one {{ two }}\n'.repeat(20_000)}`,
    'b.yml': `${'# c\n\n'.repeat(500_000)}a: b\n`,
  }
  const [playbook, ...others] = content(files).playbooks
  expect([playbook?.plays.length, others.length]).toEqual([1, 0])
})

test('neither an inventory nor values of a chart are parsed to learn that they are no playbook', () => {
  // What is no YAML in them would be told.
  const read = content({
    'inventory.yml': 'all:\n  hosts:\n    - hosts: x\n  }',
    'charts/c/values.yaml': '# hosts:\na: 1\n}',
  })
  expect([read.playbooks.length, read.roles.length, read.faults]).toEqual([0, 0, []])
  const broken = content({ 'site.yml': '- hosts: x\n}' })
  expect([broken.playbooks.length, broken.faults.length]).toEqual([1, 1])
})
