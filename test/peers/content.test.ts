import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, posix } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { splitArguments } from '../../src/ansible/content/freeForm.ts'
import {
  type Content,
  collectionsIn,
  type Placed,
  type Play,
  type Role,
  type RoleUse,
  readContent,
  type Statement,
} from '../../src/ansible/content/index.ts'
import {
  blockKeywords,
  importKeywords,
  playKeywords,
  roleKeywords,
  taskKeywords,
} from '../../src/ansible/content/keywords.ts'
import { type AnsibleValue, Float, VaultedText } from '../../src/ansible/value.ts'
import { ansibleEnvironment, ansibles, type Run, run } from '../tools/peers.ts'

let scratch: string
beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), 'k3seal-content-'))
})
afterAll(() => {
  rmSync(scratch, { recursive: true, force: true })
})

let made = 0
function directoryWith(files: Readonly<Record<string, string>>): string {
  const directory = join(scratch, `case${made++}`)
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, path)), { recursive: true })
    writeFileSync(join(directory, path), text)
  }
  return directory
}

/** What a Python program with ansible-core at hand answers to JSON. */
function ask(bin: string, program: string, question: unknown): unknown {
  const answer = run(join(bin, 'python'), ['-W', 'ignore', '-c', program], {
    env: ansibleEnvironment(scratch),
    input: JSON.stringify(question),
  })
  expect(answer.status, answer.stderr).toBe(0)
  return JSON.parse(answer.stdout)
}

const PARSE = `
import json, sys
from ansible.parsing.dataloader import DataLoader
from ansible.parsing.mod_args import ModuleArgsParser
from ansible.errors import AnsibleError

def plain(value):
    if isinstance(value, dict): return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, list): return [plain(v) for v in value]
    return str(value) if isinstance(value, str) else value

answers = []
for text in json.load(sys.stdin):
    try:
        task = DataLoader().load(text)[0]
        action, args, delegate = ModuleArgsParser(task).parse(skip_action_validation=True)
        answers.append([str(action), plain(args), delegate if isinstance(delegate, str) else None])
    except Exception as error:
        answers.append('refused')
print(json.dumps(answers))
`

const SPLIT = `
import json, sys
from ansible.parsing.splitter import split_args
answers = []
for text in json.load(sys.stdin):
    try: answers.append(split_args(text))
    except Exception: answers.append(None)
print(json.dumps(answers))
`

const KEYWORDS = `
import json
from ansible.playbook.play import Play
from ansible.playbook.block import Block
from ansible.playbook.handler import Handler
from ansible.playbook.role.include import RoleInclude
from ansible.playbook.playbook_include import PlaybookInclude
print(json.dumps([sorted(each.fattributes) for each in (Play, Block, Handler, RoleInclude, PlaybookInclude)]))
`

/** Ways to write a task that both ansible-cores read alike. */
const spellings: readonly string[] = [
  'copy: src=a dest=b',
  'copy: {src: a, dest: b}',
  'copy:\n    src: a\n    dest: "{{ b }}"',
  'ansible.builtin.copy: src=a dest=b mode=0600',
  'ansible.legacy.copy:\n    src: a',
  'community.general.ini_file: path=/x section=y',
  'copy: src="a b" dest=\'c d\'',
  'copy: content="a=b=c" dest=/x',
  'copy: content="say \\"hi\\"" dest=/x',
  "copy: content='it''s' dest=/x",
  'copy: dest=/x content={{ harbour_key }}',
  'copy: dest=/x content="{{ a | default(\'b c\') }}"',
  'copy: dest=/x content={{ a | default("b c") }}',
  'copy: >\n    src=a\n    dest=b\n    mode=0644',
  'copy: |\n    src=a\n    dest=b',
  'copy: src=a\\ b dest=c',
  'copy: src = a',
  'copy: =a b=c',
  'copy: ""',
  'copy: "{{ everything }}"',
  'copy:\n    src: a\n  args:\n    src: z\n    mode: "0600"',
  'copy: src=a\n  args:\n    mode: "0600"',
  'copy: {src: a}\n  args: "{{ more }}"',
  'copy: {src: a, src: b}',
  'copy:',
  'copy: [a, b]',
  'copy: 5',
  'command: echo hi',
  'command: echo a=b c=d',
  'command: echo hi chdir=/opt creates=/x',
  'command: chdir=/opt echo hi',
  'command: "echo \'chdir=/opt\'"',
  'command: K3S_TOKEN=x ./install.sh --token=y',
  'command: echo a   b',
  'command: "echo a\\tb"',
  "command: 'echo a\\tb=c'",
  'command: echo "open',
  'command: echo {{ open',
  'command: echo {{ a }} {% if b %}c{% endif %} {# d #}',
  'command:\n    cmd: echo\n    chdir: /opt',
  'command:\n    argv: [a, b]',
  'command: echo\n  args:\n    chdir: /opt\n    creates: /x',
  'ansible.builtin.command: echo chdir=/x',
  'shell: echo one && echo two',
  'shell: |\n    echo one\n    echo two=2\n    echo three',
  'shell: |\n    echo one \\\n      two\n    echo "a\n    b"',
  'shell: >-\n    curl -sfL https://get.example |\n    INSTALL_EXEC="agent --server x" sh -',
  'shell: "echo {{ a }} > /x executable=/bin/bash"',
  'shell: cat <<EOF\n  args: {executable: /bin/bash}',
  'shell: "a  \\n  b"',
  'raw: apt-get install x=1',
  'script: /x/y.sh --flag=1 creates=/z',
  'win_command: whoami chdir=C:\\',
  'ansible.windows.win_shell: a=b chdir=x',
  'action: copy src=a dest=b',
  'action: shell echo hi chdir=/x',
  'action: ping',
  'action: ansible.builtin.command echo a=b',
  'action: {module: copy, src: a, dest: b}',
  'action: {module: copy src=a, dest: b}',
  'action: {module: copy, args: {src: a}, dest: b}',
  'action: {module: copy, args: src=a}',
  'action: {src: a}',
  'action: "{{ module }} src=a"',
  'local_action: command whoami',
  'local_action: {module: copy, src: a}',
  'local_action: copy src=a\n  delegate_to: elsewhere',
  'action: ping\n  local_action: ping',
  'delegate_to: elsewhere\n  ping:',
  'include_tasks: server.yml',
  'include_tasks: {file: server.yml, apply: {tags: [a]}}',
  'include_tasks: file=server.yml',
  'import_tasks: "{{ kind }}.yml"',
  'include_role: name=edge tasks_from=agent',
  'import_role: {name: edge}',
  'include_vars: debian.yml',
  'include_vars: {file: a.yml, name: b}',
  'meta: flush_handlers',
  'set_fact: a=b c="{{ d }}"',
  'set_fact: {a: 1, b: [1, 2]}',
  'debug: msg="a b" verbosity=1',
  'debug: var=x',
  'lineinfile: path=/x regexp=^a= line="a={{ b }}"',
  "lineinfile: dest=/etc/x line='K3S_TOKEN={{ harbour_key }}' state=present",
  'template: src=unit.j2 dest=/etc/systemd/system/k3s.service',
  'with_items: [1]\n  ping:',
  'static: yes\n  include_tasks: a.yml',
  'when: a\n  copy: {}\n  bekome: true',
  'name: nothing',
  'rescue: []\n  ping:',
]

/** What the newest refuses only when the task runs. */
const refusedLater: ReadonlySet<string> = new Set(['copy: src=a\\ b dest=c', 'copy: src = a', 'copy: =a b=c'])
/** The oldest calls this argument `_variable_params`, as the newest does once the task runs. */
const onlyNewest: ReadonlySet<string> = new Set(['copy: "{{ everything }}"'])

/** Keywords that one of the two does not have. */
const others = { oldest: ['validate_argspec'], newest: ['vars_val'] }

const json = (value: AnsibleValue): unknown => {
  if (value instanceof Float) return value.value
  if (value instanceof VaultedText) return value.envelope
  if (typeof value === 'bigint') return Number(value)
  if (Array.isArray(value)) return value.map(json)
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, json(inner)]))
}

const text = (placed: Placed | undefined) => (placed === undefined ? undefined : String(placed.value))

/** What ModuleArgsParser would answer; a fault is a refusal. */
function understood(spelling: string): unknown {
  const read = readContent(new Map([['tasks.yml', `- ${spelling}\n`]]))
  const [task] = read.taskFile('tasks.yml')?.statements ?? []
  const isRefused = read.faults.some(({ severity = 'error' }) => severity === 'error')
  if (isRefused || task?.kind !== 'task') return 'refused'
  const { written, arguments: named, freeForm } = task.action
  const all = Object.fromEntries([...named].map(([name, { value }]) => [name, json(value)]))
  if (freeForm !== undefined) all._raw_params = freeForm.value
  return [written, all, text(task.keywords.get('delegate_to')) ?? null]
}

const splits: readonly string[] = [
  ...spellings.map((spelling) => spelling.slice(spelling.indexOf(':') + 1).trim()),
  'a  b   c ',
  ' a',
  'a\n\nb\n',
  'a \\\n b',
  'a "b\nc" d',
  "a='b \"c' d",
  '{{ a }}{{ b }} c',
  '{{ {"a": "b c"} }} d',
  'a}} b',
  '{% raw %} {{ a %}',
  '"a\\" b" c',
  '\\',
  '\t a\tb',
]

describe.each(ansibles)('the %s', (label, bin) => {
  const isNewest = label.startsWith('newest')

  test('reads tasks as we do', () => {
    const wanted = spellings.filter((each) => (isNewest ? !refusedLater.has(each) : !onlyNewest.has(each)))
    const answers = ask(
      bin,
      PARSE,
      wanted.map((each) => `- ${each}\n`),
    ) as readonly unknown[]
    expect(wanted.map((each) => [each, understood(each)])).toEqual(
      wanted.map((each, index) => [each, answers[index]]),
    )
  })

  test('splits arguments as we do', () => {
    const answers = ask(bin, SPLIT, splits) as readonly unknown[]
    expect(splits.map((each) => [each, splitArguments(each) ?? null])).toEqual(
      splits.map((each, index) => [each, answers[index]]),
    )
  })

  test('knows the same keywords', () => {
    const ours = [playKeywords, blockKeywords, taskKeywords, roleKeywords, importKeywords]
    const without = isNewest ? others.newest : others.oldest
    const known = ours.map((keywords) => [...keywords].filter((each) => !without.includes(each)).sort())
    expect(known).toEqual(ask(bin, KEYWORDS, null))
  })

  test.each(Object.entries(projects))('lists the tasks of %s as we do', (_, { files, playbook }) => {
    const directory = directoryWith({ ...files, inventory: 'larch ansible_connection=local\n' })
    const args = ['-i', join(directory, 'inventory'), '--list-tasks', playbook]
    const listed = run(join(bin, 'ansible-playbook'), args, {
      cwd: directory,
      env: ansibleEnvironment(scratch),
    })
    expect(listed.status, listed.stderr).toBe(0)
    const names = [...listed.stdout.matchAll(/^ {6}(?:.* : )?(.*?)\tTAGS:/gm)].map(([, name]) => name)
    expect(taskNames(readContent(new Map(Object.entries(files))), playbook)).toEqual(names)
  })

  test('finds files as we do', () => {
    const inventory = `larch ansible_connection=local ansible_python_interpreter=${join(bin, 'python')}\n`
    const directory = directoryWith({ ...found.files, inventory })
    const args = ['-i', join(directory, 'inventory'), 'play/site.yml']
    const played: Run = run(join(bin, 'ansible-playbook'), args, {
      cwd: directory,
      env: { ...ansibleEnvironment(scratch), ANSIBLE_PIPELINING: '1' },
    })
    const content = readContent(new Map(Object.entries(found.files)))
    const role = content.findRole('edge', { playbookDirectory: 'play' })
    const answers = found.questions.map(({ kind, name, includedFrom }, index) => {
      const isOfRole = includedFrom.startsWith('play/roles/')
      const ours = content.findFile(kind, name, {
        playbookDirectory: 'play',
        includedFrom,
        role: isOfRole ? role : undefined,
        dynamic: true,
      })
      const theirs = new RegExp(`answer ${index} is ([\\w./]+)`).exec(played.stdout)?.[1]
      return [kind, name, includedFrom, ours, theirs] as const
    })
    expect(answers.map(([kind, name, from, ours]) => [kind, name, from, ours ?? 'nothing'])).toEqual(
      answers.map(([kind, name, from, , theirs]) => [kind, name, from, theirs]),
    )
  })
})

interface Context {
  readonly playbookDirectory: string
  readonly role?: Role | undefined
  readonly collections?: readonly string[] | undefined
  readonly includedFrom: string
}

/** Task names as `--list-tasks` shows them: static imports followed; handlers, rescue and always left out. */
function taskNames(content: Content, path: string): readonly string[] {
  const playbookDirectory = posix.dirname(path) === '.' ? '' : posix.dirname(path)
  const plays = content.playbook(path)?.plays ?? []
  return plays.flatMap((play) => {
    if (play.kind === 'import') {
      const imported = content.findPlaybook(String(play.path.value), playbookDirectory)
      return imported === undefined ? [] : taskNames(content, imported)
    }
    return ofPlay(content, play, {
      playbookDirectory,
      includedFrom: path,
      collections: collectionsIn(play.keywords),
    })
  })
}

function ofPlay(content: Content, play: Play, context: Context): readonly string[] {
  const { preTasks, roles, tasks, postTasks } = play
  return [
    ...ofStatements(content, preTasks, context),
    ...roles.flatMap((use) => ofRole(content, use, context)),
    ...ofStatements(content, tasks, context),
    ...ofStatements(content, postTasks, context),
  ]
}

function ofRole(
  content: Content,
  { name, keywords }: Pick<RoleUse, 'name' | 'keywords'>,
  context: Context & { readonly isDependency?: boolean },
  tasksFrom?: string,
): readonly string[] {
  const role = content.findRole(name, context)
  const file = role && content.roleTasks(role, tasksFrom)
  if (role === undefined) return [`no role ${name}`]
  const inner = { playbookDirectory: context.playbookDirectory, role, includedFrom: file?.path ?? '' }
  return [
    ...content
      .roleDependencies(role)
      .flatMap((use) =>
        ofRole(content, use, { ...inner, collections: collectionsIn(keywords), isDependency: true }),
      ),
    ...ofStatements(content, file?.statements ?? [], inner),
  ]
}

function ofStatements(content: Content, list: readonly Statement[], outer: Context): readonly string[] {
  return list.flatMap((statement) => {
    const collections = collectionsIn(statement.keywords) ?? outer.collections
    const context = { ...outer, collections }
    if (statement.kind === 'block') return ofStatements(content, statement.block, context)
    const { action, name } = statement
    if (action.module === 'import_role') {
      const tasksFrom = text(action.arguments.get('tasks_from'))
      const use = { name: text(action.arguments.get('name')) ?? '', keywords: new Map() }
      return ofRole(content, use, context, tasksFrom)
    }
    if (action.module === 'import_tasks') {
      const file = content.findFile(
        'tasks',
        text(action.freeForm ?? action.arguments.get('file')) ?? '',
        context,
      )
      const statements = file === undefined ? [] : (content.taskFile(file)?.statements ?? [])
      return file === undefined
        ? ['no file']
        : ofStatements(content, statements, { ...context, includedFrom: file })
    }
    return [name ?? action.written]
  })
}

const named = (name: string, more = '') => `- name: ${name}\n  debug: {msg: x}\n${more}`

/** Written by hand, in shapes that real projects have. */
const projects: Readonly<
  Record<string, { readonly files: Readonly<Record<string, string>>; readonly playbook: string }>
> = {
  'roles beside the playbook': {
    playbook: 'site.yml',
    files: {
      'site.yml': `- hosts: all
  gather_facts: false
  pre_tasks: [{name: before, ping: }]
  roles:
    - edge
    - {role: k3s/inner, size: 5}
  tasks:
    - block: [{ping: }, {command: echo hi}]
      rescue: [{name: rescued, ansible.builtin.debug: {msg: a}}]
      always: [{name: always, shell: echo}]
    - import_tasks: tasks/more.yml
    - import_role: {name: edge, tasks_from: agent}
    - action: shell echo hi
    - local_action: command whoami
  post_tasks: [{name: after, ping: }]
  handlers: [{name: handled, ping: }]
`,
      'tasks/more.yml': named('more', '- import_tasks: deeper/last.yml\n'),
      'tasks/deeper/last.yml': named('last'),
      'roles/edge/tasks/main.yml': named('edge main', '- import_tasks: server/main.yml\n'),
      'roles/edge/tasks/server/main.yml': named('server main', '- import_tasks: install.yml\n'),
      'roles/edge/tasks/server/install.yml': named('install beside'),
      'roles/edge/tasks/install.yml': named('install above'),
      'roles/edge/tasks/agent.yaml': named('agent'),
      'roles/edge/meta/main.yml': 'dependencies: [{role: base}]\n',
      'roles/base/tasks/main.yaml': named('base'),
      'roles/k3s/inner/tasks/main.yml': named('inner'),
      'roles/k3s/inner/meta/main.yml': 'dependencies: [other]\n',
      'roles/k3s/other/tasks/main': named('other'),
    },
  },
  'a roles path in ansible.cfg': {
    playbook: 'playbooks/site.yml',
    files: {
      'ansible.cfg': '[defaults]\nroles_path = ./shared:./roles\n',
      'playbooks/site.yml':
        '- import_playbook: ../other.yml\n- hosts: all\n  roles: [edge, base, thing.base]\n',
      'other.yml': `- hosts: all\n  tasks:\n    - name: other\n      ping:\n    - ansible.builtin.import_tasks: tasks/x.yml\n`,
      'tasks/x.yml': named('x'),
      'shared/base/tasks/main.yml': named('shared base'),
      'roles/base/tasks/main.yml': named('not this one'),
      'roles/edge/tasks/main.yml': named('edge'),
      'roles/thing.base/tasks/main.yml': named('thing'),
    },
  },
  'a collection in the project': {
    playbook: 'site.yml',
    files: {
      'ansible.cfg': '[defaults]\ncollections_path = ./collections\n',
      'site.yml':
        '- import_playbook: port.harbour.inner\n- hosts: all\n  roles: [port.harbour.edge, port.harbour.deep.one]\n',
      'collections/ansible_collections/port/harbour/galaxy.yml':
        'namespace: port\nname: harbour\nversion: 1.0.0\n',
      'collections/ansible_collections/port/harbour/playbooks/inner.yml': '- hosts: all\n  roles: [edge]\n',
      'collections/ansible_collections/port/harbour/roles/edge/tasks/main.yml': named('edge'),
      'collections/ansible_collections/port/harbour/roles/edge/meta/main.yml': 'dependencies: [base]\n',
      'collections/ansible_collections/port/harbour/roles/base/tasks/main.yml': named('base'),
      'collections/ansible_collections/port/harbour/roles/deep/one/tasks/main.yml': named('one'),
      'roles/edge/tasks/main.yml': named('not this one'),
    },
  },
  'collections that plays, blocks, tasks and roles list': {
    playbook: 'site.yml',
    files: {
      'ansible.cfg': '[defaults]\ncollections_path = ./collections\n',
      'site.yml': `- hosts: all
  collections: [port.missing, port.harbour, port.quay]
  roles: [edge, base, only, local]
  tasks:
    - import_role: {name: edge}
    - import_role: {name: edge}
      collections: [port.quay]
    - block:
        - import_role: {name: edge}
        - import_tasks: tasks/more.yml
      collections: port.quay
    - import_role: {name: port.harbour.edge}
      collections: [port.quay]
- hosts: all
  roles:
    - edge
    - {role: edge, collections: [port.quay]}
    - {role: lister, collections: [port.quay]}
- hosts: all
  collections: [port.harbour]
  roles: [other.asker]
  tasks:
    - import_role: {name: asker}
`,
      'tasks/more.yml': named('more', '- import_role: {name: edge}\n'),
      'collections/ansible_collections/port/harbour/roles/edge/tasks/main.yml': named('harbour edge'),
      'collections/ansible_collections/port/harbour/roles/asker/tasks/main.yml': named(
        'harbour asker',
        '- import_role: {name: edge}\n- import_role: {name: only}\n',
      ),
      'collections/ansible_collections/port/harbour/roles/asker/meta/main.yml':
        'collections: [port.quay]\ndependencies: [edge, base]\n',
      'collections/ansible_collections/port/quay/roles/edge/tasks/main.yml': named('quay edge'),
      'collections/ansible_collections/port/quay/roles/only/tasks/main.yml': named('quay only'),
      'collections/ansible_collections/port/quay/roles/base/tasks/main.yml': named('quay base'),
      'roles/edge/tasks/main.yml': named('own edge'),
      'roles/base/tasks/main.yml': named('own base'),
      'roles/local/tasks/main.yml': named('local', '- import_role: {name: edge}\n'),
      'roles/lister/tasks/main.yml': named(
        'lister',
        '- import_role: {name: edge}\n- import_role: {name: edge}\n  collections: [port.quay]\n',
      ),
      'roles/lister/meta/main.yml': 'collections: [port.harbour]\ndependencies: [edge, base]\n',
      'roles/other.asker/tasks/main.yml': named('other asker', '- import_role: {name: edge}\n'),
      'roles/other.asker/meta/main.yml': 'dependencies: [edge, {role: port.harbour.asker, when: true}]\n',
    },
  },
  'a checkout that is a collection': {
    playbook: 'playbooks/site.yml',
    files: {
      'galaxy.yml': 'namespace: port\nname: harbour\nversion: 1.0.0\n',
      'ansible.cfg': '[defaults]\nroles_path = ./roles\n',
      'playbooks/site.yml': '- hosts: all\n  roles: [{role: edge}]\n',
      'roles/edge/tasks/main.yml': named('edge', '- import_role: {name: base}\n'),
      'roles/base/tasks/main.yml': named('base'),
    },
  },
  'tests of a role': {
    playbook: 'tests/test.yml',
    files: {
      'tests/test.yml': '- hosts: all\n  roles: [../..]\n',
      'tests/roles/keep/tasks/main.yml': '',
      'tasks/main.yml': '- include_tasks: other.yml\n',
    },
  },
}

type Kind = 'tasks' | 'templates' | 'files' | 'vars'

interface Question {
  readonly kind: Kind
  readonly name: string
  readonly includedFrom: string
}

const EDGE = 'play/roles/edge'

/** One playbook in which every file says its own path, and tasks that ask for files from several places. */
const found = ((): {
  readonly files: Readonly<Record<string, string>>
  readonly questions: readonly Question[]
} => {
  const places = [`${EDGE}/tasks/main.yml`, `${EDGE}/tasks/server/main.yml`, 'play/site.yml'] as const
  const names: readonly (readonly [Kind, string])[] = [
    ['templates', 'unit.j2'],
    ['templates', 'templates/unit.j2'],
    ['templates', '../templates/unit.j2'],
    ['templates', 'local.j2'],
    ['templates', 'root.j2'],
    ['templates', 'site.j2'],
    ['templates', 'play.j2'],
    ['templates', 'server.j2'],
    ['templates', 'missing.j2'],
    ['files', 'key'],
    ['files', 'sub/key'],
    ['files', 'site.key'],
    ['vars', 'edge.yml'],
    ['vars', 'site.yml'],
    ['vars', 'beside.yml'],
    ['tasks', 'install.yml'],
    ['tasks', '../install.yml'],
    ['tasks', 'server/install.yml'],
    ['tasks', 'common.yml'],
    ['tasks', 'tasks/common.yml'],
    ['tasks', 'beside_tasks.yml'],
    ['tasks', 'only.yml'],
  ]
  const questions = places.flatMap((includedFrom) =>
    names.map(([kind, name]) => ({ kind, name, includedFrom })),
  )
  const texts = [
    ...[
      'templates/unit.j2',
      'tasks/local.j2',
      'root.j2',
      'tasks/server/server.j2',
      'tasks/server/templates/local.j2',
    ],
    ...['files/key', 'files/sub/key'],
  ]
  const vars = [`${EDGE}/vars/edge.yml`, 'play/vars/site.yml', `${EDGE}/tasks/beside.yml`, 'play/beside.yml']
  const tasks = [
    ...['install.yml', 'server/install.yml', 'server/only.yml'].map((name) => `${EDGE}/tasks/${name}`),
    ...['play/tasks/common.yml', 'play/tasks/install.yml', 'play/beside_tasks.yml'],
  ]
  const ask = (place: string): string =>
    questions
      .map((question, index) => (question.includedFrom === place ? asking(question, index) : ''))
      .join('')
  const own = (path: string): readonly [string, string] => [path, path]
  return {
    questions,
    files: Object.fromEntries([
      ...texts.map((name) => own(`${EDGE}/${name}`)),
      ...['play/templates/site.j2', 'play/templates/unit.j2', 'play/play.j2', 'play/files/site.key'].map(own),
      ...vars.map((path) => [path, `answer: ${path}\n`] as const),
      ...tasks.map((path) => [path, `- debug: msg="answer {{ question }} is ${path}"\n`] as const),
      [`${EDGE}/tasks/main.yml`, `${ask(places[0])}- include_tasks: server/main.yml\n`],
      [`${EDGE}/tasks/server/main.yml`, ask(places[1])],
      [
        'play/site.yml',
        `- hosts: all\n  gather_facts: false\n  roles: [edge]\n  tasks:\n${ask(places[2]).replace(/^/gm, '    ')}\n`,
      ],
    ]),
  }
})()

function asking({ kind, name }: Question, index: number): string {
  const nothing = `  rescue:\n    - debug: msg="answer ${index} is nothing"\n`
  const say = (value: string): string => `    - debug: msg="answer ${index} is {{ ${value} }}"\n`
  // The lookups of the same names search otherwise in the newest ansible-core.
  const module = { templates: 'template', files: 'copy', vars: undefined, tasks: undefined }[kind]
  if (module !== undefined) {
    const copy = `playbook_dir ~ '/../answer${index}'`
    return `- block:\n    - ${module}: {src: ${name}, dest: "{{ ${copy} }}"}\n${say(`lookup('file', ${copy})`)}${nothing}`
  }
  if (kind === 'vars') return `- block:\n    - include_vars: ${name}\n${say('answer')}${nothing}`
  return `- block:\n    - include_tasks: ${name}\n      vars: {question: ${index}}\n${nothing}`
}
