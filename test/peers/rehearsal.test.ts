import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { arrivals, joins } from '../tools/paper.ts'
import { ansibleEnvironment, ansibles, run } from '../tools/peers.ts'

let scratch: string
beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), 'k3seal-rehearsal-'))
})
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

/** What happens before the questions. */
const files = {
  'group_vars/all.yml': 'phrase: larch\nsail: none\n',
  'group_vars/afloat.yml': 'sail: red\n',
  'group_vars/aground.yml': 'phrase: elm\n',
  'more/slips.yml': 'elm: 7\n',
  'templates/words.j2': '{{ phrase }} and {{ slips.elm }}',
  'site.yml': `
- hosts: localhost
  gather_facts: false
  tasks:
    - set_fact: { of_play: '{{ phrase }}', hosts_seen: "{{ ansible_play_hosts | join(' ') }}" }
- hosts: quays
  gather_facts: false
  tasks:
    - set_fact: { given: 1 }
      delegate_to: localhost
      delegate_facts: true
    - set_fact: { kept: 1 }
      delegate_to: localhost
    - set_fact: { handed: '{{ mate }}' }
      delegate_to: '{{ mate }}'
      delegate_facts: true
      loop: "{{ groups['berths'] }}"
      loop_control: { loop_var: mate }
    - add_host: { name: holder, slip: birch }
    - add_host: { name: berth, groups: 'rafts, basin' }
    - group_by: { key: 'moored_{{ inventory_hostname }}', parents: [basin] }
    - { group_by: { key: unmoored }, when: false }
- hosts: berths
  gather_facts: false
  tasks:
    - group_by: { key: afloat }
    - add_host: { name: '{{ mate }}', groups: [counted] }
      loop: "{{ groups['rafts'] + groups['moored_quay'] }}"
      loop_control: { loop_var: mate }
    - set_fact: { phrase: '{{ phrase }}-{{ phrase }}' }
    - { set_fact: { never: 1 }, when: false }
    - { command: 'true', when: false, register: skipped_one }
    - { command: 'true', register: done }
    - { slurp: { src: /var/lib/rancher/k3s/server/node-token }, ignore_errors: true, register: missing }
    - { slurp: { src: /var/lib/rancher/k3s/server/node-token }, failed_when: false, register: pardoned }
    - { command: 'true', loop: [red, green], loop_control: { loop_var: lamp }, register: lamps }
    - include_vars: { file: "{{ lookup('first_found', { 'files': ['none.yml', 'slips.yml'], 'paths': ['nowhere', playbook_dir ~ '/more'] }) }}", name: slips }
    - set_fact: { words: "{{ lookup('template', 'words.j2') }}" }
`,
} as const

/** Each is true there. */
const conditions: readonly string[] = [
  "hostvars.localhost.of_play == 'larch'",
  "hostvars['localhost'].phrase == 'larch'",
  "hostvars.localhost.hosts_seen == 'localhost'",
  'hostvars.localhost.given is defined',
  'hostvars.localhost.kept is not defined',
  "hostvars[groups['quays'][0]].kept is defined",
  "hostvars[groups['quays'][0]].given is not defined",
  "handed == 'berth'",
  "hostvars.holder.slip == 'birch'",
  "'localhost' not in groups['all']",
  "phrase == 'larch-larch'",
  'never is not defined',
  'skipped_one is defined',
  'skipped_one is skipped',
  'skipped_one is not failed',
  'skipped_one is not changed',
  'skipped_one.rc is not defined',
  'done is changed',
  'done is succeeded',
  'done is not skipped',
  'done.rc == 0',
  "hostvars['berth'].done is defined",
  'missing is failed',
  'missing.failed',
  'pardoned is not failed',
  'pardoned.content is not defined',
  "lamps.results | map(attribute='lamp') | join(' ') == 'red green'",
  'lamps.results[0].item is not defined',
  'lamps is changed',
  'slips.elm == 7',
  'elm is not defined',
  "words == 'larch-larch and 7'",
  "groups['moored_quay'] == ['quay']",
  "groups['basin'] | sort == ['berth', 'quay']",
  "'unmoored' not in groups",
  "groups['unmoored'] is not defined",
  "'basin' in group_names and 'rafts' in group_names and 'moored_quay' not in group_names",
  "group_names == ['afloat', 'basin', 'berths', 'counted', 'rafts']",
  "groups['counted'] | length == 2",
  "hostvars['quay'].group_names == ['basin', 'counted', 'moored_quay', 'quays']",
  "'rafts' in groups and groups.afloat | length == 1",
  "sail == 'red'",
  "hostvars.quay.sail == 'none'",
]

test.each(ansibles)('what %s finds after these tasks, the rehearsal finds', (_, bin) => {
  const python = join(bin, 'python')
  const hosts = ['quay', 'berth'].map((name) => `[${name}s]\n${name} ansible_connection=local\n`).join('')
  const asking = `
- hosts: berths
  gather_facts: false
  tasks:
    - debug: { msg: "answer {{ item }} is {{ lookup('vars', 'answers')[item] }}" }
      loop: [${[...conditions.keys()].join(', ')}]
      vars:
        answers:
${conditions.map((condition) => `          - "{{ ${condition.replaceAll('"', '\\"')} }}"\n`).join('')}`
  const directory = mkdtempSync(join(scratch, 'p-'))
  const all = {
    ...files,
    'site.yml': files['site.yml'] + asking,
    'hosts.ini': `${hosts}[all:vars]\nansible_python_interpreter=${python}\n`,
  }
  for (const [path, text] of Object.entries(all)) {
    mkdirSync(dirname(join(directory, path)), { recursive: true })
    writeFileSync(join(directory, path), text)
  }
  const played = run(join(bin, 'ansible-playbook'), ['-i', 'hosts.ini', 'site.yml'], {
    cwd: directory,
    env: ansibleEnvironment(scratch),
  })
  const answers = conditions.map((condition, index) => [
    condition,
    new RegExp(`answer ${index} is (\\w+)`).exec(played.stdout)?.[1],
  ])
  expect(answers, played.stdout + played.stderr).toEqual(conditions.map((condition) => [condition, 'True']))

  const onPaper = conditions.map((condition) => {
    const agent = joins('berths', `{{ '0ddpassword' if ${condition} else '' }}`)
    const [arrival] = arrivals({ ...files, 'site.yml': files['site.yml'] + agent, 'hosts.ini': hosts })
    return [condition, arrival]
  })
  expect(onPaper).toEqual(conditions.map((condition) => [condition, 'berth agent present env-file url']))
})
