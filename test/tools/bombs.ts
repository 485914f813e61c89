type Files = Readonly<Record<string, string>>

const hosts = `k3s_cluster:
  children:
    server: {hosts: {ash: , birch: }}
    agent: {hosts: {cedar: , dogwood: }}
`

/** A playbook that writes the token of K3s, with something before it. */
const played = (tasks: string, more: Files = {}): Files => ({
  'inventory.yml': hosts,
  'site.yml': `- hosts: k3s_cluster
  vars:
    harbour_key: Qx7-quince.Rk29vTz
  tasks:
${tasks.replaceAll(/^(?=.)/gm, '    ')}
    - copy: {dest: /etc/systemd/system/k3s.service.env, content: "K3S_TOKEN={{ harbour_key }}"}
    - systemd: {name: k3s, state: started}
`,
  ...more,
})

const looped = (loop: string): Files =>
  played(`- set_fact: {harbour_key: "{{ harbour_key }}{{ item }}"}\n  ${loop}\n`)

const valued = (value: string): Files => played(`- set_fact:\n    harbour_key: ${JSON.stringify(value)}\n`)

const templated = (text: string, more: Files = {}): Files =>
  played('- template: {src: k3s.j2, dest: /etc/rancher/k3s/config.yaml}\n', {
    'templates/k3s.j2': text,
    ...more,
  })

const range = (count: number, line: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => line(index)).join('')

/** Small projects that a careless reader would never be done with. */
export const bombs: Readonly<Record<string, Files>> = {
  'a playbook that imports itself': { 'site.yml': '- import_playbook: site.yml\n# k3s\n' },
  'playbooks that import each other': {
    'a.yml': '- import_playbook: b.yml\n- import_playbook: b.yml\n# k3s token\n',
    'b.yml': '- import_playbook: a.yml\n- import_playbook: a.yml\n',
  },
  'tasks that import themselves': played('- import_tasks: more.yml\n', {
    'more.yml': '- import_tasks: more.yml\n- import_tasks: more.yml\n',
  }),
  'tasks that include themselves': played('- include_tasks: more.yml\n', {
    'more.yml': '- include_tasks: more.yml\n- include_tasks: "{{ x }}.yml"\n  vars: {x: more}\n',
  }),
  'tasks that include themselves in a loop': played('- include_tasks: more.yml\n', {
    'more.yml': '- include_tasks: more.yml\n  loop: [1, 2, 3]\n',
  }),
  'tasks that include themselves when nobody knows': played('- include_tasks: more.yml\n', {
    'more.yml': '- include_tasks: more.yml\n  when: nobody_knows == "x"\n',
  }),
  'roles that depend on each other': played('- include_role: {name: a}\n', {
    'roles/a/meta/main.yml': 'dependencies: [b, b]\n',
    'roles/b/meta/main.yml': 'dependencies: [a, a]\n',
    'roles/a/tasks/main.yml': '- debug: {msg: k3s}\n',
  }),
  'a role that depends on itself': played('- import_role: {name: a}\n', {
    'roles/a/meta/main.yml': 'dependencies: [a]\n',
    'roles/a/tasks/main.yml': '- import_role: {name: a}\n',
  }),
  'a role that includes itself': played('- include_role: {name: a}\n', {
    'roles/a/tasks/main.yml': '- include_role: {name: a}\n- include_role: {name: a}\n',
  }),
  'handlers that notify each other': played('- command: k3s\n  notify: [one]\n', {
    'handlers/main.yml':
      '- name: one\n  command: k3s\n  notify: two\n- name: two\n  command: k3s\n  notify: one\n',
  }),
  'role dependencies that fan out': played('- include_role: {name: r0}\n', {
    ...Object.fromEntries(
      Array.from({ length: 30 }, (_, index) => [
        `roles/r${index}/meta/main.yml`,
        `allow_duplicates: true\ndependencies: [{role: r${index + 1}}, {role: r${index + 1}, x: 1}, {role: r${index + 1}, x: 2}]\n`,
      ]),
    ),
  }),
  'a range without end': looped('loop: "{{ range(1000000000) | list }}"'),
  'a lazy range without end': looped('loop: "{{ range(1000000000) }}"'),
  'a product of lists': looped(
    'loop: "{{ range(2000) | product(range(2000)) | product(range(2000)) | list }}"',
  ),
  'a sequence without end': looped('with_sequence: start=1 end=1000000000'),
  'nested lists': looped(
    'with_nested: ["{{ range(3000) | list }}", "{{ range(3000) | list }}", "{{ range(3000) | list }}"]',
  ),
  'a loop that waits': played(
    '- command: k3s\n  register: x\n  until: x.rc == 0\n  retries: 1000000000\n  delay: 100000\n',
  ),
  'a loop of many includes': played('- include_tasks: more.yml\n  loop: "{{ range(100000) | list }}"\n', {
    'more.yml': '- set_fact: {harbour_key: "{{ harbour_key }}x"}\n',
  }),
  'a long loop of long work': looped(`loop: [${range(20_000, (index) => `${index}, `)}]`),
  'a text a billion times': valued("{{ 'ab' * 1000000000 }}"),
  'a list a billion times': valued('{{ [1] * 1000000000 }}'),
  'a padded text': valued(
    "{{ '%1000000000s' | format('a') }}{{ 'a'.ljust(1000000000) }}{{ 'a' | center(1000000000) }}",
  ),
  'an indented text': valued("{{ ('a\\n' * 1000) | indent(1000000) }}"),
  'a power': valued('{{ 10 ** 10 ** 10 ** 10 }}'),
  'a huge number': valued(`{{ ${'9'.repeat(100_000)} ** 99999 * ${'9'.repeat(100_000)} }}`),
  'a long shift': valued('{{ 2 ** 1000000000 // 3 }}'),
  'lists that double': played(
    range(60, () => '- set_fact: {many: "{{ (many | default([1])) + (many | default([1])) }}"}\n'),
  ),
  'variables that double': played('- debug: {msg: "{{ v60 }} k3s"}\n', {
    'group_vars/all.yml': `v0: x\n${range(60, (index) => `v${index + 1}: "{{ v${index} }}{{ v${index} }}"\n`)}`,
  }),
  'variables of choices': played('- debug: {msg: "{{ v60 }}"}\n', {
    'group_vars/all.yml': `v0: x\n${range(60, (index) => `v${index + 1}: "{{ v${index} if u${index} else v${index} ~ 1 }}"\n`)}`,
  }),
  'a variable of itself': played('- debug: {msg: "{{ a }}"}\n', {
    'group_vars/all.yml': 'a: "{{ a }}"\nharbour_key: "{{ harbour_key }}"\n',
  }),
  'variables of each other': played('- debug: {msg: "{{ a }}{{ c.d }}"}\n', {
    'group_vars/all.yml':
      'a: "{{ b }}"\nb: "{{ a ~ b }}"\nc: {d: "{{ c }}", e: "{{ c.d }}{{ vars }}"}\nk3s_token: "{{ hostvars }}"\n',
  }),
  'hosts that ask each other': played('- debug: {msg: "{{ x }}"}\n', {
    'group_vars/all.yml': "x: \"{{ groups.all | map('extract', hostvars, 'x') | join }}\"\n",
  }),
  'a pattern that backtracks': played(
    `- lineinfile: {path: /etc/systemd/system/k3s.service.env, line: "${'a'.repeat(60)}!"}
- lineinfile: {path: /etc/systemd/system/k3s.service.env, regexp: "(a+)+$", line: "K3S_TOKEN={{ harbour_key }}"}
- replace: {path: /etc/systemd/system/k3s.service.env, regexp: "(a|a)*b", replace: x}
`,
  ),
  'a filter that backtracks': valued(
    `{{ '${'a'.repeat(60)}!' | regex_replace('(a+)+$', 'x') }}{{ '${'a'.repeat(60)}!' | regex_search('(a|aa)+$') }}`,
  ),
  'a test that backtracks': played(
    `- command: k3s\n  when: "'${'a'.repeat(60)}!' is match('(a+)+$') or '${'a'.repeat(60)}!' is search('(.*a){30}$')"\n`,
  ),
  'nested loops of a template': templated(
    `${range(8, (index) => `{% for i${index} in range(1000) %}`)}token: {{ harbour_key }}${'{% endfor %}'.repeat(8)}`,
  ),
  'a loop of a template': templated('{% for i in range(1000000000) %}{{ i }}{% endfor %}\ntoken: x\n'),
  'a template that grows': templated(
    '{% set ns = namespace(x="a") %}{% for i in range(100) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}token: {{ ns.x }}\n',
  ),
  'a template that includes itself': templated('{% include "k3s.j2" %}{% include "k3s.j2" %}token: x\n'),
  'templates that extend each other': templated('{% extends "other.j2" %}token: x\n', {
    'templates/other.j2': '{% extends "k3s.j2" %}{% import "k3s.j2" as k %}',
  }),
  'a macro that calls itself': templated(
    '{% macro m(n) %}{{ m(n) }}{{ m(n) }}{% endmacro %}token: {{ m(1) }}\n',
  ),
  'a recursive loop': templated('{% for i in [1, 2] recursive %}{{ loop([1, 2]) }}{% endfor %}token: x\n'),
  'a lookup of its own template': templated("token: {{ lookup('template', 'k3s.j2') }}\n"),
  'a block that shows itself': templated('{% block a %}{{ self.a() }}{{ self.a() }}{% endblock %}token: x\n'),
  'many conditions': played(
    range(
      200,
      (index) => `- set_fact: {harbour_key: "{{ harbour_key }}${index}"}\n  when: unknown_${index} == 1\n`,
    ),
  ),
  'a long condition': played(`- command: k3s\n  when: ${range(2000, (index) => `u${index} == 1 or `)} u\n`),
  'conditions on each other': played(
    range(
      60,
      (index) => `- set_fact: {f${index + 1}: "{{ f${index} | default(u${index}) if u${index} else 2 }}"}\n`,
    ),
  ),
  'many registers': played(
    range(
      300,
      (index) => `- command: k3s ${index}\n  register: r${index}\n  when: r${index - 1} is changed\n`,
    ),
  ),
  'many files': played(
    range(
      8000,
      (index) =>
        `- copy: {dest: /etc/systemd/system/k3s${index}.service, content: "token ${index}", mode: "0600"}\n`,
    ),
  ),
  'many files of others beside many of K3s': played(
    range(
      8000,
      (index) =>
        `- copy: {dest: /srv/quay/${index}, content: dock}\n- copy: {dest: /etc/systemd/system/k3s${index}.service, content: "token ${index}"}\n`,
    ),
  ),
  'a hundred plays': {
    'inventory.yml': hosts,
    'site.yml': range(
      300,
      (index) =>
        `- hosts: k3s_cluster\n  vars: {token: "{{ u${index} }}"}\n  tasks:\n    - systemd: {name: k3s, state: restarted}\n      when: u${index} is defined\n`,
    ),
  },
  'a range of hosts without end': {
    hosts: '[server]\nnode[1:1000000000]\n[agent]\nn[1:1000]x[1:1000]y[1:1000]\n[server:vars]\nk3s_token=x\n',
    'inventory.yml': 'server: {hosts: {"node[1:1000000000]": , "n[a:z][a:z][a:z][a:z][a:z][a:z]": }}\n',
  },
  'groups of each other': {
    'inventory.yml': 'server: {children: {agent: }, hosts: {a: {token: x}}}\nagent: {children: {server: }}\n',
    hosts: '[server:children]\nagent\n[agent:children]\nserver\nagent\n[k3s:vars]\ntoken=x\n',
  },
  'groups that fan out': {
    'inventory.yml': `${range(40, (index) => `g${index}: {children: {g${index + 1}: , h${index + 1}: }}\nh${index}: {children: {g${index + 1}: , h${index + 1}: }}\n`)}server: {children: {g0: }, vars: {k3s_token: x}}\ng40: {hosts: {ash: }}\n`,
    'site.yml': '- hosts: server\n  tasks: [{systemd: {name: k3s, state: started}}]\n',
  },
  'aliases that explode': {
    'inventory.yml': `all:\n  vars:\n    a: &a [x, x, x, x, x, x, x, x, x]\n${range(30, (index) => `    ${'b'.repeat(index + 1)}: &${'b'.repeat(index + 1)} [${Array.from({ length: 9 }, () => `*${index === 0 ? 'a' : 'b'.repeat(index)}`).join(', ')}]\n`)}    k3s_token: *${'b'.repeat(30)}\n  hosts: {ash: }\n`,
  },
  'aliases that merge': {
    'group_vars/all.yml': `a: &a {x: 1}\n${range(30, (index) => `${'b'.repeat(index + 1)}: &${'b'.repeat(index + 1)} {<<: [${Array.from({ length: 9 }, () => `*${index === 0 ? 'a' : 'b'.repeat(index)}`).join(', ')}]}\n`)}k3s_token: *${'b'.repeat(30)}\n`,
    'inventory.yml': hosts,
  },
  'an anchor that holds itself': {
    'group_vars/all.yml': 'a: &a [*a, {b: *a}]\nk3s_token: &t {<<: *t}\n',
    'inventory.yml': hosts,
  },
  'names of a prototype': played(
    '- set_fact: {__proto__: {polluted: 1}, constructor: x, toString: "{{ constructor }}"}\n- debug: {msg: "{{ __proto__.polluted }}{{ x.constructor }}{{ \'\'.__class__ }}{{ hostvars.__proto__ }}"}\n',
    { 'host_vars/__proto__.yml': 'token: x\n', 'group_vars/constructor.yml': '__proto__: {token: k3s}\n' },
  ),
  'scripts within scripts': played(
    `- shell: |\n    ${'$('.repeat(3000)}k3s server --token x${')'.repeat(3000)}\n- shell: "${'`'.repeat(999)} k3s ${'\\\\'.repeat(3001)}"\n`,
    {
      'files/k3s.sh': `#!/bin/sh\n${'if true; then\n'.repeat(3000)}k3s server --token x\n${'cat <<A <<B\n'.repeat(500)}`,
      'files/loop.sh': 'while :; do k3s agent --token "$T"; T="$T$T"; done\nf() { f; f; }; f\n. ./loop.sh\n',
      'files/k3s.openrc': '. /etc/init.d/k3s\ncommand_args="$command_args $command_args"\n'.repeat(200),
    },
  ),
  'units without end': {
    'k3s.service': `[Service]\nExecStart=/usr/local/bin/k3s server ${'\\\n'.repeat(50_000)} --token x\n${'EnvironmentFile=%N%N%N%N%N%n%n%n.env\n'.repeat(500)}`,
    'k3s.service.env': `K3S_TOKEN="${'\\'.repeat(100_001)}\n${'A="\n'.repeat(5000)}`,
    'k3s-agent.service': `[Service\n${'['.repeat(10_000)}\nExecStart=k3s agent ${'"'.repeat(10_001)}\nEnvironmentFile=k3s-agent.service\n`,
  },
  'quotes without end': {
    'inventory.ini': `[server]\nash k3s_token='${'"'.repeat(20_000)} ${"'".repeat(20_001)}\n[server:vars]\na=${'['.repeat(20_000)}\nb=${'{'.repeat(20_000)}\nc=${'('.repeat(20_000)}\nd=${'-'.repeat(20_000)}1\n`,
  },
  'arguments without end': played(
    `- command: k3s server ${range(5000, (index) => `a${index}=${index} `)}"\n- copy: ${'src="'.repeat(5000)}\n- action: ${'action '.repeat(5000)}\n`,
  ),
  'many spaces': {
    'k3s.yml': `token:${' '.repeat(200_000)}x\n${' '.repeat(200_000)}\nk3s_token = ${' '.repeat(200_000)}\n#${' '.repeat(200_000)}k3seal-disable-line\n`,
    'k3s.sh': `K3S_TOKEN=${' '.repeat(200_000)} k3s${' '.repeat(200_000)}server\n${'\t'.repeat(200_000)}--token\n`,
    'hosts.ini': `[server]\n${' '.repeat(200_000)}x\nash ${' '.repeat(200_000)} k3s_token=x${' '.repeat(200_000)}y\n`,
  },
  'many words of interest': {
    'k3s.yml': `a: "${'token '.repeat(40_000)}"\nb: ${'k3s --token '.repeat(20_000)}\n`,
    'k3s.sh': `${'K3S_TOKEN='.repeat(30_000)}\n${'--token '.repeat(30_000)}\n${'k3s server '.repeat(30_000)}\n`,
    'k3s.j2': `${'{{ token '.repeat(20_000)}\n${'token: {{'.repeat(20_000)}\n`,
    'k3s.env': 'K3S_TOKEN=x\n'.repeat(20_000),
  },
  'many dashes and colons': {
    'tasks/main.yml': `# k3s token\n${'- '.repeat(150)}x\n${'- a: rancher/config.yaml\n'.repeat(5000)}`,
    'k3s.yml': `${'a: '.repeat(20_000)}\n`,
    'rancher.yml': `- copy:\n    dest: ${'rancher/'.repeat(20_000)}\n`,
  },
}
