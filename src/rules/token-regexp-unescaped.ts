import { partsOf } from '../flow/sites/expressions.ts'
import type { RuleFinding } from '../lint/finding.ts'
import type { Rule } from '../lint/rule.ts'
import { type Expression, parseTemplate, yamlTemplate } from '../syntax/jinja/index.ts'
import { parseYaml, type YamlNode, type YamlScalar } from '../syntax/yaml.ts'
import { tokenSitesOf } from './common/literals.ts'

const MODULES = /^(?:ansible\.(?:builtin|legacy)\.|community\.general\.)?(?:lineinfile|replace)$/
const PATTERNS = new Set(['regexp', 'regex', 'before', 'after', 'insertbefore', 'insertafter'])

export const tokenRegexpUnescaped: Rule = {
  id: 'token-regexp-unescaped',
  severity: 'warning',
  summary: 'Join token in a regular expression',
  why: 'lineinfile and replace take regexp for a pattern. A token with a plus sign, a dot or a bracket in it is a pattern that fits another text, or none: the old line stays, a second one is added, or the task fails.',
  fix: 'write {{ NAME | regex_escape }} in patterns',
  see: [
    'https://docs.ansible.com/ansible/latest/collections/ansible/builtin/regex_escape_filter.html',
    'k3s-io/k3s-ansible#391',
  ],
  bad: [
    {
      title: 'a bare variable, which can be mended, and one behind another filter',
      files: {
        'roles/edge/tasks/main.yml': `
- name: Take the old token out
  ansible.builtin.lineinfile:
    path: /etc/systemd/system/k3s.service.env
    state: absent
    regexp: "^K3S_TOKEN=(?!{{ harbour_key }}$)"
                              ^^^^^^^^^^^ harbour_key stands in a regular expression without regex_escape
  no_log: true
- name: Take the other one out
  ansible.builtin.replace:
    path: /etc/systemd/system/k3s.service.env
    regexp: ^K3S_TOKEN={{ harbour_key | trim }}$
                          ^^^^^^^^^^^^^^^^^^ harbour_key stands in a regular expression without regex_escape
  no_log: true
- name: Put the new one in
  ansible.builtin.lineinfile:
    path: /etc/systemd/system/k3s.service.env
    line: "K3S_TOKEN={{ harbour_key }}"
  no_log: true
`,
      },
    },
  ],
  good: [
    {
      title: 'escaped, and a pattern without the token',
      files: {
        'roles/edge/tasks/main.yml': `
- name: Take the old token out
  ansible.builtin.lineinfile:
    path: /etc/systemd/system/k3s.service.env
    state: absent
    regexp: "^K3S_TOKEN=(?!{{ harbour_key | default('') | regex_escape }}$)"
  no_log: true
- name: Put the new one in
  ansible.builtin.lineinfile:
    path: "{{ edge_env_file }}"
    regexp: "^{{ edge_setting }}="
    line: "K3S_TOKEN={{ harbour_key }}"
  no_log: true
`,
      },
    },
  ],
  *check(analysis) {
    const { variables } = tokenSitesOf(analysis)
    for (const [path, text] of analysis.project) {
      if (!/\.ya?ml$/.test(path) || !/\b(?:regexp|regex|insert(?:before|after)):/.test(text)) continue
      if (![...variables.keys()].some((name) => text.includes(name.split('.')[0] ?? name))) continue
      const { root } = parseYaml(path, text)
      for (const pattern of patternsIn(root))
        for (const finding of unescaped(pattern, text, variables)) yield finding
    }
  },
}

function* patternsIn(node: YamlNode | undefined, module?: string): Generator<YamlScalar> {
  if (node === undefined || node.kind === 'scalar' || node.alias !== undefined) return
  if (node.kind === 'sequence') for (const item of node.items) yield* patternsIn(item)
  else
    for (const { name, value } of node.written)
      if (value.kind !== 'scalar') yield* patternsIn(value, name)
      else if (module !== undefined && MODULES.test(module) && PATTERNS.has(name)) yield value
}

function* unescaped(
  { at }: YamlScalar,
  text: string,
  variables: ReadonlyMap<string, unknown>,
): Generator<RuleFinding> {
  for (const tag of parseTemplate(text.slice(at.start, at.end), yamlTemplate).body) {
    if (tag.kind !== 'output') continue
    const { expression } = tag
    for (const part of partsOf(expression)) {
      if (part.kind !== 'name' || part.filters.includes('regex_escape')) continue
      const name = part.path.join('.')
      if (!variables.has(name)) continue
      const place = { ...at, start: at.start + expression.start, end: at.start + expression.end }
      yield {
        at: place,
        message: `${name} stands in a regular expression without regex_escape`,
        ...(isBare(expression)
          ? { fix: { edits: [{ at: { ...place, start: place.end }, text: ' | regex_escape' }] } }
          : {}),
      }
    }
  }
}

function isBare({ kind }: Expression): boolean {
  return kind === 'name' || kind === 'attribute'
}
