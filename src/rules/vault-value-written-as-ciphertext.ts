import type { Atom } from '../flow/atoms.ts'
import type { Analysis } from '../lint/analysis.ts'
import type { Fix, RuleFinding } from '../lint/finding.ts'
import type { Rule } from '../lint/rule.ts'
import type { YamlEntry, YamlNode } from '../syntax/yaml.ts'
import { lineBreakOf } from '../syntax/yamlEdit.ts'
import { isToken, shownPath } from './common/leaks.ts'
import { nodeRunsOf } from './common/nodes.ts'
import { once } from './common/once.ts'

const SITE = `
- hosts: harbour
  become: true
  roles:
    - edge
`
const TASKS = `
- name: Write the settings
  ansible.builtin.copy:
    content: "{{ {'token': harbour_key} | to_nice_yaml }}"
    dest: /etc/rancher/k3s/config.yaml
    mode: "0600"
  no_log: true
- name: Install
  ansible.builtin.command: /usr/local/bin/k3s-install.sh server
`
const INVENTORY = `
harbour:
  hosts:
    quay:
      ansible_host: 192.0.2.11
`

export const vaultValueWrittenAsCiphertext: Rule = {
  id: 'vault-value-written-as-ciphertext',
  severity: 'error',
  summary: 'Vaulted token is written to the node as ciphertext',
  why: 'to_yaml, to_nice_yaml and to_json of older ansible-core write a variable that is vaulted with !vault as its envelope, $ANSIBLE_VAULT and all, when it goes into a mapping as it stands. K3s takes that text for the token. Through a template of another variable it is decrypted first.',
  fix: 'vault the value under another name, and set the variable to a template of it: NAME: "{{ vault_NAME }}"',
  see: [
    'k3s-io/k3s-ansible#527',
    'https://docs.ansible.com/ansible/latest/vault_guide/vault_encrypting_content.html',
  ],
  bad: [
    {
      title: 'a vaulted variable in a mapping',
      files: {
        'inventory.yml': INVENTORY,
        'group_vars/harbour.yml': `
# The key of the harbour
harbour_key: !vault |
^^^^^^^^^^^ harbour_key goes into /etc/rancher/k3s/config.yaml as ciphertext, not as the token
  $ANSIBLE_VAULT;1.1;AES256
  35613461396664386431373939653664623832343536396537386432376262333132353039393762
  6133646635376562333339653939643334376331393239630a333464316633303065636133323863
  31613236616365633533626662383235393661396236376134613364626562656166366665363133
  3862666132636638300a313439316364343033323839376534646164376363346561353863376264
  6133
`,
        'site.yml': SITE,
        'roles/edge/tasks/main.yml': TASKS,
      },
    },
  ],
  good: [
    {
      title: 'behind another name',
      files: {
        'inventory.yml': INVENTORY,
        'group_vars/harbour.yml': `
harbour_key: "{{ vault_harbour_key }}"
vault_harbour_key: !vault |
  $ANSIBLE_VAULT;1.1;AES256
  35613461396664386431373939653664623832343536396537386432376262333132353039393762
  6133646635376562333339653939643334376331393239630a333464316633303065636133323863
  31613236616365633533626662383235393661396236376134613364626562656166366665363133
  3862666132636638300a313439316364343033323839376534646164376363346561353863376264
  6133
`,
        'site.yml': SITE,
        'roles/edge/tasks/main.yml': TASKS,
      },
    },
  ],
  check: (analysis) => once(writtenAsCiphertext(analysis)),
}

function* writtenAsCiphertext(analysis: Analysis): Generator<RuleFinding> {
  const { atoms } = analysis.rehearsal
  for (const { events } of nodeRunsOf(analysis))
    for (const event of events) {
      if (event.what !== 'file-written' || typeof event.file.content !== 'string') continue
      for (const atom of atoms.in(event.file.content)) {
        if (atom.isCiphertext !== true || !isToken(analysis, atom)) continue
        const { root } = atom
        const at = placeOf(analysis, root) ?? event.at
        const fix = behindAnotherName(analysis, root)
        yield {
          at,
          message: `${root.what} goes into ${shownPath(event.path)} as ciphertext, not as the token`,
          hops: [...atoms.hops(atom), { at: event.at, what: `writes ${shownPath(event.path)}` }],
          ...(fix === undefined ? {} : { fix }),
        }
      }
    }
}

/** The name of the variable: its envelope is long, and says nothing. */
function placeOf({ content }: Analysis, { hop, what }: Atom): RuleFinding['at'] | undefined {
  if (hop === undefined) return undefined
  return entryWith(content.yaml(hop.at.path)?.root, what, hop.at.start)?.key.at ?? hop.at
}

/** `vault_NAME` holds the value, and `NAME` is a template of it: only where the variable is one plain entry of one file. */
function behindAnotherName({ content, project }: Analysis, { hop, what: name }: Atom): Fix | undefined {
  if (hop === undefined || !/^[A-Za-z_]\w*$/.test(name)) return undefined
  const { path, start } = hop.at
  const text = project.get(path)
  const entry = entryWith(content.yaml(path)?.root, name, start)
  if (text === undefined || entry === undefined) return undefined
  if ([...project.values()].some((other) => other.includes(`vault_${name}`))) return undefined
  const { key } = entry
  const before = text.slice(text.lastIndexOf('\n', key.at.start - 1) + 1, key.at.start)
  if (before.trim() !== '' || text.slice(key.at.start, key.at.end) !== name) return undefined
  return {
    edits: [{ at: key.at, text: `${name}: "{{ vault_${name} }}"${lineBreakOf(text)}${before}vault_${name}` }],
  }
}

/** The entry of a block mapping whose value stands at an offset. */
function entryWith(node: YamlNode | undefined, name: string, start: number): YamlEntry | undefined {
  if (node?.kind !== 'map' || node.alias !== undefined) return undefined
  for (const entry of node.written) {
    if (entry.name === name && entry.value.at.start === start && !node.flow) return entry
    const found = entryWith(entry.value, name, start)
    if (found !== undefined) return found
  }
  return undefined
}
