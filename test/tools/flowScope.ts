import { Dict, Float, List, Omitted, Undefined, Unknown } from '../../src/ansible/template/values.ts'
import { type AnsibleValue, VaultedText } from '../../src/ansible/value.ts'
import { Atoms } from '../../src/flow/atoms.ts'
import { type EvaluationScope, evaluator, type FlowValue } from '../../src/flow/evaluate/index.ts'

export const at = { path: 'roles/edge/tasks/main.yml', start: 40, end: 50 }
const vaulted = new VaultedText('$ANSIBLE_VAULT;1.1;AES256\n00', {
  path: 'group_vars/all.yml',
  start: 7,
  end: 9,
})

export const variables: Readonly<Record<string, AnsibleValue>> = {
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

/** What the template under test may include, import or extend. */
const templates: Readonly<Record<string, string>> = {
  'part.j2': 'part {{ harbour_key }}\n',
  'names.j2': "{{ berth | default('no berth') }} {{ moored | default('adrift') }} {{ loop is defined }}",
  'macros.j2': `{% set crew = harbour_key | default('nobody') %}
{% macro line(name) %}{{ name }}={{ caller() }}{% endmacro %}
{% macro seen() %}{{ harbour_key | default('unseen') }} {{ moored | default('adrift') }}{% endmacro %}
{% macro looked() %}{{ lookup('vars', 'harbour_key') }}{% endmacro %}
`,
  'unit.j2': `[Service]
{% block service %}
Environment=A={{ sail | default('none') }}
{% endblock %}
{% block tail %}end{% endblock %}`,
  'agent.j2': '{% extends "unit.j2" %}{% block tail %}agent {{ super() }}{% endblock %}',
  'brackets.j2': '[[ harbour_key ]] {{ harbour_key }}',
  'beside.j2': 'beside',
}

export function scopeWith(decided: Readonly<Record<string, boolean>> = {}): EvaluationScope {
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
    file: (name, outer) => {
      const text = Object.hasOwn(templates, name) ? templates[name] : undefined
      const isSeen = !name.startsWith('beside') || outer === 'templates/edge.j2'
      return text === undefined || !isSeen ? undefined : { path: `templates/${name}`, text }
    },
  }
  return scope
}

/** `{…}` text of the project, `<…>` text that is not known, `?` what is not known, `?? ` what a world must decide first. */
export function shown(value: FlowValue | undefined, { atoms }: EvaluationScope): string {
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

export const evaluated = (expression: string, decided?: Readonly<Record<string, boolean>>): string => {
  const scope = scopeWith(decided)
  return shown(evaluator(scope).value(`{{ ${expression} }}`, at), scope)
}

export const judged = (condition: AnsibleValue, decided?: Readonly<Record<string, boolean>>): string => {
  const scope = scopeWith(decided)
  return shown(evaluator(scope).condition(condition, at), scope)
}
