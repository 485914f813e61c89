import { describe, expect, test } from 'vitest'
import { Dict, Float, List, Omitted, Undefined, Unknown } from '../src/ansible/template/values.ts'
import { type AnsibleValue, VaultedText } from '../src/ansible/value.ts'
import { Atoms } from '../src/flow/atoms.ts'
import { type EvaluationScope, evaluator, type FlowValue } from '../src/flow/evaluate/index.ts'

const at = { path: 'roles/edge/tasks/main.yml', start: 40, end: 50 }
const vaulted = new VaultedText('$ANSIBLE_VAULT;1.1;AES256\n00', {
  path: 'group_vars/all.yml',
  start: 7,
  end: 9,
})

const variables: Readonly<Record<string, AnsibleValue>> = {
  harbour_key: 'larch-elm-7',
  empty_key: '',
  sealed_key: vaulted,
  taken_key: '{{ sealed_key }}',
  twice_taken: '{{ taken_key }}',
  sops_key: 'ENC[AES256_GCM,data:abc,type:str]',
  line: 'key={{ harbour_key }}',
  sealed_line: 'key={{ taken_key }}',
  quay_config: { 'write-mode': '0644', berth: vaulted, mole: '{{ harbour_key }}' },
  quay_extra: { berth: '{{ taken_key }}' },
  trees: ['alder', 'birch', '{{ harbour_key }}'],
  berth: 7,
  none_value: null,
  yes_flag: true,
  no_flag: false,
  yes_word: 'yes',
  no_word: 'no',
  version_pin: 'v1.31.4+k3s1',
  dangling: '{{ nowhere }}',
  circle: '{{ circle }}',
  os_family: '{{ ansible_facts.os_family }}',
  greeting: 'at {{ ansible_facts.hostname }}',
  chosen_key: "{{ harbour_key if ansible_facts.os_family == 'Debian' else '' }}",
  chosen_name: "{{ 'apt' if ansible_facts.os_family == 'Debian' else 'dnf' }}",
  same_name: "{{ 'apt' if ansible_facts.os_family == 'Debian' else 'apt' }}",
  group_name: 'quay_server',
  inner: { outer: { key: '{{ harbour_key }}' } },
}

function scopeWith(decided: Readonly<Record<string, boolean>> = {}): EvaluationScope {
  const atoms = new Atoms()
  const names = Object.keys(variables)
  const token = atoms.mark(atoms.root('file', { kind: 'runtime', what: 'the token file' }))
  const values: Readonly<Record<string, FlowValue>> = {
    ansible_facts: new Unknown('ansible_facts', 'facts come from the node'),
    ansible_check_mode: false,
    inventory_hostname: 'pier-2',
    group_names: new List(['quay_agent']),
    groups: new Dict([
      ['quay_server', new List(['pier-1', 'pier-2'])],
      ['quay_agent', new List(['pier-3'])],
      ['dry', new List()],
    ]),
    slurped: new Dict([
      [
        'content',
        atoms.mark(atoms.root('slurp', { kind: 'runtime', what: 'a slurped file', decoded: token })),
      ],
      ['failed', false],
    ]),
    probe: new Dict([
      ['rc', new Unknown('probe.rc', 'a command runs')],
      [
        'stdout',
        atoms.mark(atoms.root('probe', { kind: 'runtime', what: 'the output of hostname', isFilled: false })),
      ],
      ['failed', new Unknown('probe.failed', 'a command runs')],
      ['changed', true],
    ]),
    skipped_probe: new Dict([
      ['changed', false],
      ['skipped', true],
    ]),
    stat_result: new Dict([
      ['stat', new Dict([['exists', new Unknown('stat_result.stat.exists', 'the disk of the node')]])],
    ]),
  }
  const scope: EvaluationScope = {
    atoms,
    decisions: new Map(Object.entries(decided)),
    hostNames: ['pier-1', 'pier-2'],
    hostScope: (host) => (/^pier-[123]$/.test(host) ? scope : undefined),
    lookup: (plugin) =>
      plugin === 'env'
        ? atoms.mark(atoms.root('env', { kind: 'lookup', what: 'an environment variable', isFilled: false }))
        : new Unknown(`lookup('${plugin}')`, 'a lookup'),
    variable(name) {
      const value = values[name]
      if (value !== undefined) return { value }
      const raw = variables[name]
      return raw === undefined
        ? undefined
        : { raw, at: { path: 'group_vars/all.yml', start: 100 + names.indexOf(name), end: 200 } }
    },
    file: (name) =>
      name === 'part.j2' ? { path: 'templates/part.j2', text: 'part {{ harbour_key }}\n' } : undefined,
  }
  return scope
}

/** `{…}` text of the project, `<…>` text that is not known, `?` what is not known, `?? ` what a world must decide first. */
function shown(value: FlowValue | undefined, { atoms }: EvaluationScope): string {
  if (value === undefined || value instanceof Undefined) return 'undefined'
  if (value instanceof Omitted) return 'omitted'
  if (value instanceof Unknown) return value.leaf === value ? `? ${value.what}` : `?? ${value.leaf.what}`
  if (value instanceof VaultedText) return 'vaulted'
  if (value instanceof List)
    return `[${[...value].map((item) => shown(item, { atoms } as EvaluationScope)).join(', ')}]`
  if (value instanceof Dict)
    return `{${[...value.entries()].map(([key, item]) => `${String(key)}: ${shown(item, { atoms } as EvaluationScope)}`).join(', ')}}`
  if (value instanceof Float) return `${value.value} (float)`
  if (typeof value !== 'string') return String(value)
  return [...value]
    .map((character) => {
      const [atom] = atoms.in(character)
      if (atom === undefined) return character
      return atom.text === undefined
        ? `<${atom.root.what}${atom.isCiphertext === true ? ' as ciphertext' : ''}>`
        : `{${atom.text}}`
    })
    .join('')
}

const evaluated = (expression: string, decided?: Readonly<Record<string, boolean>>): string => {
  const scope = scopeWith(decided)
  return shown(evaluator(scope).value(`{{ ${expression} }}`, at), scope)
}

const judged = (condition: AnsibleValue, decided?: Readonly<Record<string, boolean>>): string => {
  const scope = scopeWith(decided)
  return shown(evaluator(scope).condition(condition, at), scope)
}

describe('conditions', () => {
  test.each<[AnsibleValue, string]>([
    // what is there and what is not
    ['harbour_key is defined', 'true'],
    ['nowhere is defined', 'false'],
    ['nowhere is not defined', 'true'],
    ['nowhere is undefined', 'true'],
    ['empty_key is defined', 'true'],
    ['sealed_key is defined', 'true'],
    ['taken_key is defined and taken_key != ""', 'true'],
    ['dangling is defined', 'false'],
    ['dangling is not defined', 'true'],
    ['nowhere.inner is defined', 'false'],
    ['nowhere.inner.deeper is defined', 'false'],
    ["nowhere['inner'].deeper is not defined", 'true'],
    ['inner.outer.key is defined', 'true'],
    ['inner.nothing.key is defined', 'false'],
    ['skipped_probe.stdout is defined', 'false'],
    ['skipped_probe.stdout', 'undefined'],
    ['nowhere', 'undefined'],
    ['not nowhere', 'undefined'],
    ['nowhere.inner', 'undefined'],
    ['nowhere is defined and nowhere', 'false'],
    ['nowhere is not defined or not nowhere', 'true'],
    ['nowhere and yes_flag', 'undefined'],
    ['yes_flag or nowhere', 'true'],
    ['no_flag and nowhere', 'false'],
    ["nowhere | default('') != ''", 'false'],
    ["nowhere | default('') | length > 0", 'false'],
    ['nowhere | default(false) | bool', 'false'],
    ['not nowhere | default(true) | bool', 'false'],
    ["hostvars['pier-1'].harbour_key is defined", 'true'],
    ["hostvars['pier-1']['nowhere'] is defined", 'false'],
    ["hostvars['pier-9'].harbour_key is defined", 'false'],
    ['nowhere is not defined and hostvars[groups[group_name][0]].harbour_key is defined', 'true'],
    ["vars['harbour_key'] is defined", 'true'],
    // texts
    ["harbour_key == 'larch-elm-7'", 'true'],
    ["harbour_key != 'larch-elm-7'", 'false'],
    ['harbour_key == harbour_key', 'true'],
    ['taken_key == sealed_key', 'true'],
    ['twice_taken == taken_key', 'true'],
    ['taken_key == harbour_key', '? taken_key == harbour_key'],
    ["sealed_line == 'key'", 'false'],
    ["sealed_line != 'door=x'", 'true'],
    ["empty_key == ''", 'true'],
    ['not empty_key', 'true'],
    ['harbour_key', 'true'],
    ['taken_key', 'true'],
    ['taken_key | length > 0', 'true'],
    ['taken_key | length >= 1', 'true'],
    ['taken_key | length == 0', 'false'],
    ['taken_key | length > 16', '? (taken_key | length) > 16'],
    ['sealed_line | length > 4', 'true'],
    ['taken_key is string', 'true'],
    ['sealed_key is string', 'true'],
    ['sealed_key is vault_encrypted', 'true'],
    ["harbour_key is match('larch')", 'true'],
    ["harbour_key is search('elm')", 'true'],
    ["harbour_key is regex('^[a-z]+$')", 'false'],
    ["harbour_key.startswith('larch')", 'true'],
    ["line.startswith('key=')", 'true'],
    ["sealed_line.startswith('key=')", 'true'],
    ["sealed_line.startswith('door')", 'false'],
    ["taken_key.startswith('K10')", "? taken_key.startswith('K10')"],
    ["taken_key is match('K10')", "? taken_key is match('K10')"],
    ["'elm' in harbour_key", 'true'],
    ["'key=' in sealed_line", 'true'],
    ["'elm' in taken_key", "? 'elm' in taken_key"],
    ['harbour_key | length == 11', 'true'],
    ["harbour_key | regex_search('elm')", 'true'],
    ["version_pin is version('v1.30.0', '>=')", 'true'],
    ["version_pin is version(version_pin, '<')", 'false'],
    ["version_pin | regex_replace('^v', '') is version('1.31', '>')", 'true'],
    ["harbour_key in ['larch', 'larch-elm-7']", 'true'],
    ["taken_key in ['larch', '']", '? taken_key in …'.replace('…', "['larch', '']")],
    ["taken_key in ['']", 'false'],
    // booleans and words
    ['yes_flag', 'true'],
    ['not no_flag', 'true'],
    ['yes_word | bool', 'true'],
    ['no_word | bool', 'false'],
    ['no_word', 'true'],
    ['none_value is none', 'true'],
    ['none_value', 'false'],
    ['berth > 5 and berth < 10', 'true'],
    ['5 < berth < 7', 'false'],
    ['berth | int == 7', 'true'],
    ['not ansible_check_mode', 'true'],
    [true, 'true'],
    [false, 'false'],
    ['', 'true'],
    // groups and hosts
    ['group_name in group_names', 'false'],
    ["inventory_hostname in groups['quay_server']", 'true'],
    ['inventory_hostname == groups[group_name][0]', 'false'],
    ['inventory_hostname != groups[group_name][0]', 'true'],
    ['groups[group_name] | length > 1', 'true'],
    [
      '(groups[group_name] | length) > 1 and inventory_hostname != groups[group_name][0] and not no_flag',
      'true',
    ],
    ["groups['dry'] | length == 0", 'true'],
    ["groups['nowhere'] | default([]) | length == 0", 'true'],
    ["'quay_agent' in group_names and 'pier-3' in groups.quay_agent", 'true'],
    // what only the node knows
    ["ansible_facts.os_family == 'RedHat'", "? ansible_facts.os_family == 'RedHat'"],
    ['ansible_facts[\'os_family\'] == "RedHat"', "? ansible_facts.os_family == 'RedHat'"],
    ["'RedHat' == ansible_facts.os_family", "? ansible_facts.os_family == 'RedHat'"],
    ["os_family == 'RedHat'", "? ansible_facts.os_family == 'RedHat'"],
    ["ansible_facts.os_family != 'RedHat'", "?? ansible_facts.os_family == 'RedHat'"],
    ["not ansible_facts.os_family == 'RedHat'", "?? ansible_facts.os_family == 'RedHat'"],
    ["ansible_facts.os_family in ['RedHat', 'Suse']", "? ansible_facts.os_family in ['RedHat', 'Suse']"],
    ["ansible_facts.os_family == 'RedHat' and no_flag", 'false'],
    ["ansible_facts.os_family == 'RedHat' or yes_flag", 'true'],
    ["ansible_facts.os_family == 'RedHat' and yes_flag", "? ansible_facts.os_family == 'RedHat'"],
    [
      "(ansible_facts.os_family == 'RedHat' or ansible_facts.distribution == 'Arch') and yes_flag",
      "?? ansible_facts.os_family == 'RedHat'",
    ],
    ['ansible_facts.memory | int > 500', '? (ansible_facts.memory | int) > 500'],
    ['ansible_facts.services is defined', '? ansible_facts.services is defined'],
    ['ansible_facts.services is undefined', '?? ansible_facts.services is defined'],
    ['probe.rc != 0', '?? probe.rc == 0'],
    ['probe.rc == 0', '? probe.rc == 0'],
    ['not ansible_check_mode and probe.rc == 0', '? probe.rc == 0'],
    ['probe is failed', '? probe.failed'],
    ['probe is succeeded', '?? probe.failed'],
    ['probe is not failed', '?? probe.failed'],
    ['probe is changed', 'true'],
    ['probe.changed', 'true'],
    ['skipped_probe is skipped', 'true'],
    ['skipped_probe is not skipped', 'false'],
    ['skipped_probe is success', 'true'],
    ['stat_result.stat.exists', '? stat_result.stat.exists'],
    ['not stat_result.stat.exists', '?? stat_result.stat.exists'],
    ['stat_result.stat.exists | default(false)', '? stat_result.stat.exists'],
    ['yes_flag and stat_result.stat.exists and nowhere is defined', 'false'],
    ['probe.stdout', '? the output of hostname is not empty'],
    ["probe.stdout == 'pier-2'", "? probe.stdout == 'pier-2'"],
    ["'k3s' in probe.stdout", "? 'k3s' in probe.stdout"],
    ["probe.stdout | regex_search('k3s')", "? probe.stdout | regex_search('k3s')"],
    ['probe.stdout is defined', 'true'],
    ["lookup('file', 'x') == 'y'", "? lookup('file') == 'y'"],
    ['harbour_key is community.general.a_module', '? harbour_key is community.general.a_module'],
    ['hook | exists', 'undefined'],
    ['group_name | exists', '? group_name | exists'],
    ['ansible_facts.os_family == ansible_facts.os_family', 'true'],
    ["same_name == 'apt'", 'true'],
    ["chosen_name == 'apt'", "?? ansible_facts.os_family == 'Debian'"],
    // lists, templates, and what can't be read
    [['harbour_key is defined', 'berth == 7'], 'true'],
    [['nowhere is defined', 'nowhere.inner'], 'false'],
    [['nowhere.inner', 'no_flag'], 'undefined'],
    [['probe.rc == 0', 'no_flag'], 'false'],
    [['probe.rc == 0', 'nowhere'], '? probe.rc == 0'],
    [['probe.rc == 0', 'stat_result.stat.exists'], '?? probe.rc == 0'],
    [[], 'true'],
    ['{{ yes_flag }}', 'true'],
    ["{{ harbour_key == 'x' }}", 'false'],
    ["{{ 'no_flag' }}", 'false'],
    ['{{ nowhere }}', 'undefined'],
    ['((', '? the condition at roles/edge/tasks/main.yml:40'],
    ['berth < harbour_key', '? 7 < harbour_key'],
    ['circle', '? circle'],
  ])('%j is %s', (condition, expected) => {
    expect(judged(condition)).toBe(expected)
  })
})

describe('values', () => {
  test.each<[string, string]>([
    ['harbour_key', '{larch-elm-7}'],
    ['line', 'key={larch-elm-7}'],
    ['sealed_key', '<sealed_key>'],
    ['taken_key', '<sealed_key>'],
    ['sops_key', '<sops_key>'],
    ["'token: ' ~ taken_key", 'token: <sealed_key>'],
    ["'a' + harbour_key", 'a{larch-elm-7}'],
    ['empty_key', '{}'],
    ['berth', '7'],
    ['berth + 1', '8'],
    ['none_value', 'null'],
    ['yes_flag', 'true'],
    ['nowhere', 'undefined'],
    ['[harbour_key, nowhere]', 'undefined'],
    ['nowhere | default(omit)', 'omitted'],
    ["{'a': nowhere | default(omit), 'b': 1}", '{b: 1}'],
    ['[1, omit]', '[1]'],
    // default and its company
    ["nowhere | default('x')", 'x'],
    ["nowhere.inner | default('x')", 'x'],
    ['nowhere | default(harbour_key)', '{larch-elm-7}'],
    ["empty_key | default('x')", '{}'],
    ["empty_key | default('x', true)", 'x'],
    ["taken_key | default('x', true)", '<sealed_key>'],
    ["(nowhere | b64decode) | default('')", 'undefined'],
    ["nowhere | default('') | b64decode", ''],
    ['nowhere | mandatory', 'undefined'],
    ['nowhere | length', 'undefined'],
    ["ansible_facts.hostname | default('x')", '? ansible_facts.hostname'],
    ['ansible_facts.hostname | default(harbour_key)', '?? ansible_facts.hostname is defined'],
    // and, or, if
    ["harbour_key and 'a' or 'b'", 'a'],
    ["nowhere is defined and nowhere or 'b'", 'b'],
    ["no_flag and 'a' or 'b'", 'b'],
    ["taken_key or 'b'", '<sealed_key>'],
    ["harbour_key if yes_flag else ''", '{larch-elm-7}'],
    ['harbour_key if nowhere is defined else taken_key', '<sealed_key>'],
    ['harbour_key if ansible_facts.x else taken_key', '?? ansible_facts.x'],
    ["'a' if ansible_facts.x else 'a'", 'a'],
    ["'a' if ansible_facts.x else 'b'", '?? ansible_facts.x'],
    ["yes_flag | ternary(harbour_key, '')", '{larch-elm-7}'],
    ["(ansible_facts.x == 'y') | ternary(1, 2)", "?? ansible_facts.x == 'y'"],
    // filters that move text
    ['taken_key | trim', '<sealed_key>'],
    ['taken_key | string', '<sealed_key>'],
    ['taken_key | quote', '<sealed_key>'],
    ['taken_key | regex_escape', '<sealed_key>'],
    ['harbour_key | regex_escape', '{larch\\-elm\\-7}'],
    ["'a b ' ~ harbour_key | quote", 'a b {larch-elm-7}'],
    ["('a b ' ~ harbour_key) | quote", "'a b {larch-elm-7}'"],
    ["trees | join(',')", '{alder},{birch},{larch-elm-7}'],
    ['trees | first', '{alder}'],
    ['trees | last', '{larch-elm-7}'],
    ['trees[1:]', '[{birch}, {larch-elm-7}]'],
    ['trees | length', '3'],
    ['trees | reverse | list', '[{larch-elm-7}, {birch}, {alder}]'],
    ['trees | sort | last', '{larch-elm-7}'],
    ["trees + ['oak'] | list", '[{alder}, {birch}, {larch-elm-7}, oak]'],
    ["trees | difference(['alder'])", '[{birch}, {larch-elm-7}]'],
    ["trees | select('match', 'b') | list", '[{birch}]'],
    ["trees | map('upper') | list", '[{ALDER}, {BIRCH}, {LARCH-ELM-7}]'],
    ["trees | map('length') | list", '[5, 5, 11]'],
    ["[quay_config, quay_extra] | map(attribute='berth') | list", '[vaulted, <sealed_key>]'],
    ["groups[group_name] | map('extract', hostvars, 'harbour_key') | list", '[{larch-elm-7}, {larch-elm-7}]'],
    ["groups[group_name] | map('extract', hostvars) | selectattr('nowhere', 'defined') | list", '[]'],
    ['quay_extra | dict2items | first', '{key: berth, value: <sealed_key>}'],
    ['quay_extra | dict2items | items2dict', '{berth: <sealed_key>}'],
    ["quay_config.get('mole')", '{larch-elm-7}'],
    ["quay_config.get('nowhere', 'x')", 'x'],
    ["inner['outer'].key", '{larch-elm-7}'],
    ["{'k': taken_key}.k", '<sealed_key>'],
    ["{'k': harbour_key} | to_json", '{"k": "{larch-elm-7}"}'],
    ["{'k': taken_key} | to_nice_yaml", 'k: <sealed_key>\n'],
    ["{'k': sealed_key} | to_nice_yaml", 'k: <sealed_key as ciphertext>\n'],
    ["{'k': sealed_key | string} | to_nice_yaml", 'k: <sealed_key>\n'],
    ["{'k': sealed_key} | combine({'x': 1}) | to_yaml", '{k: <sealed_key as ciphertext>, x: 1}\n'],
    ["{'k': sealed_key} | to_json", '{"k": "<sealed_key as ciphertext>"}'],
    [
      'quay_config | combine(quay_extra) | to_nice_yaml',
      "berth: <sealed_key>\nmole: {larch-elm-7}\nwrite-mode: '{0644}'\n",
    ],
    ["('k: ' ~ taken_key) | from_yaml", '{k: <sealed_key>}'],
    ['(\'{"k": "\' ~ harbour_key ~ \'"}\') | from_json', '{k: {larch-elm-7}}'],
    ["('a\n' ~ taken_key) | indent(2)", 'a\n  <sealed_key>'],
    ["'%s:%s' | format('u', taken_key)", 'u:<sealed_key>'],
    ["harbour_key | replace('elm', 'oak')", '{larch-oak-7}'],
    ["('a-' ~ taken_key) | replace('a-', 'b-')", 'b-<sealed_key>'],
    ["' '.join([harbour_key, taken_key])", '{larch-elm-7} <sealed_key>'],
    ['taken_key.strip()', '<sealed_key>'],
    // filters that make another text
    ["harbour_key | regex_replace('-.*', '')", '{larch}'],
    ["taken_key | regex_replace('\n', '')", '<sealed_key>'],
    ['harbour_key | upper', '{LARCH-ELM-7}'],
    ["harbour_key.split('-')", '[{larch}, {elm}, {7}]'],
    ["taken_key.split(':')", "? taken_key.split(':')"],
    ["taken_key.split(':')[-1] ~ ''", '<sealed_key>'],
    ["(taken_key | split(':') | last) ~ ''", '<sealed_key>'],
    ['taken_key[:6] ~ ""', '<sealed_key>'],
    ['harbour_key[0]', '{l}'],
    ['harbour_key | b64encode', '{bGFyY2gtZWxtLTc=}'],
    ['harbour_key | b64encode | b64decode', '{larch-elm-7}'],
    ['taken_key | b64encode | b64decode', '<sealed_key>'],
    ['slurped.content | b64decode | trim', '<the token file>'],
    ["slurped['content'] | b64decode | regex_replace('\n', '')", '<the token file>'],
    ["slurped.content | default('') | b64decode", '<the token file>'],
    ['harbour_key | community.general.twist', '<harbour_key>'],
    ['ansible_facts.ip | ansible.utils.ipwrap', '? ansible_facts.ip | ansible.utils.ipwrap'],
    ["'2001:DB8::1' | ansible.utils.ipwrap", '[2001:db8::1]'],
    ["'10.0.0.0/8' | ansible.utils.ipaddr('net')", "? '10.0.0.0/8' | ansible.utils.ipaddr('net')"],
    ['harbour_key | ansible.builtin.string', '{larch-elm-7}'],
    ["harbour_key | password_hash('sha512')", '<harbour_key>'],
    // elsewhere
    ["hostvars['pier-1'].harbour_key", '{larch-elm-7}'],
    ["hostvars[groups[group_name] | first]['taken_key']", '<sealed_key>'],
    ['hostvars[ansible_facts.x].harbour_key', '? hostvars[ansible_facts.x].harbour_key'],
    ["lookup('vars', 'harbour_key')", '{larch-elm-7}'],
    ["lookup('vars', 'nowhere', default='x')", 'x'],
    ["lookup('vars', 'nowhere')", 'undefined'],
    ["lookup('ansible.builtin.env', 'KEY')", '<an environment variable>'],
    ["query('file', 'x')", "? lookup('file')"],
    ['range(3) | list', '[0, 1, 2]'],
    ['dict(a=harbour_key)', '{a: {larch-elm-7}}'],
    ['ansible_facts.hostname', '? ansible_facts.hostname'],
    ["'at ' ~ ansible_facts.hostname", 'at <ansible_facts.hostname>'],
    ['greeting', 'at <ansible_facts.hostname>'],
    ["'at ' + ansible_facts.hostname", 'at <ansible_facts.hostname>'],
    ["[ansible_facts.hostname, 'x'] | join('.')", '<ansible_facts.hostname>.x'],
    ['chosen_key | trim', "?? ansible_facts.os_family == 'Debian'"],
    ["'k=' ~ chosen_key", "?? ansible_facts.os_family == 'Debian'"],
    ["'k=' ~ chosen_name", "k=<'apt' if (ansible_facts.os_family == 'Debian') else 'dnf'>"],
    ['now()', '? now()'],
  ])('%s is %j', (expression, expected) => {
    expect(evaluated(expression)).toBe(expected)
  })
})
