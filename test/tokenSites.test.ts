import { describe, expect, test } from 'vitest'
import { tokenSites } from '../src/flow/tokenSites.ts'
import { positionAt } from '../src/span.ts'

type Files = Readonly<Record<string, string>>

/** `path:line:column carrier use name style → text`, or why there is none. */
function found(files: Files): readonly string[] {
  const project = new Map(Object.entries(files))
  return tokenSites(project).sites.map(({ at, text, hidden, carrier, use, name, style }) => {
    const source = project.get(at.path) ?? ''
    const { line, column } = positionAt(source, at.start)
    const shown = text === undefined ? hidden : JSON.stringify(source.slice(at.start, at.end))
    return `${at.path}:${line}:${column} ${carrier} ${use} ${name} ${style} → ${shown}`
  })
}

const cases: readonly (readonly [title: string, files: Files, sites: readonly string[]])[] = [
  [
    'a token file that a variable is called after',
    {
      'roles/edge/tasks/main.yml':
        '- copy:\n    content: "{{ edge_secret }}"\n    dest: "{{ edge_token_file_path }}"\n',
      'roles/edge/defaults/main.yml': 'edge_secret: abc\nedge_k3s: yes\n',
    },
    ['roles/edge/defaults/main.yml:1:14 variable unknown edge_secret plain → "abc"'],
  ],
  [
    'the known variable of a cluster in each place of an inventory',
    {
      'inventory.yml': `all:
  vars: {k3s_version: v1, token: quoted-no}
  children:
    server:
      hosts:
        quay: {token: 'of the host'}
      vars:
        token: "of the group"
`,
    },
    [
      'inventory.yml:2:34 variable both token plain → "quoted-no"',
      'inventory.yml:6:24 variable both token single → "of the host"',
      'inventory.yml:8:17 variable both token double → "of the group"',
    ],
  ],
  [
    'the file that a lookup reads, where no other can be meant and all of it is the token',
    {
      'site.yml': `- hosts: quay
  vars: { tide: "{{ lookup('file', playbook_dir ~ '/../slips/phrase.txt') | trim }}" }
  tasks:
    - command: k3s agent
      environment: { K3S_TOKEN: "{{ tide }}" }
    - command: k3s agent
      environment: { K3S_TOKEN: "{{ lookup('ansible.builtin.unvault', 'sealed') }}" }
    - command: k3s agent
      environment: { K3S_TOKEN: "{{ lookup('file', 'encoded') | b64decode }}" }
    - command: k3s agent
      environment: { K3S_TOKEN: "{{ lookup('file', 'twice') }}" }
    - command: k3s agent
      environment: { K3S_TOKEN: "{{ (lookup('file', 'words') | from_yaml).phrase }}" }
`,
      'slips/phrase.txt': 'abc\n',
      'files/sealed': '$ANSIBLE_VAULT;1.1;AES256\n6162\n',
      'files/encoded': 'ZGVm\n',
      'roles/edge/files/twice': 'def\n',
      'roles/pier/files/twice': 'ghi\n',
      'files/words': 'jkl\n',
    },
    ['slips/phrase.txt:1:1 token-file unknown tide plain → "abc"'],
  ],
  [
    'variables of a role in a file of any name, and texts beside it',
    {
      'roles/edge/tasks/main.yml':
        '- include_vars: tide.txt\n- copy: { content: "K3S_TOKEN={{ tide }}", dest: /etc/k3s.env }\n',
      'roles/edge/vars/tide.txt': 'tide: abc\n',
      'roles/edge/vars/tide.dist': 'tide: "def"\n',
      'roles/edge/vars/notes.txt': 'Some notes.\ntide: ghi\nK3S_TOKEN=jkl\n',
      'roles/edge/tide.txt': 'tide: mno\n',
    },
    [
      'roles/edge/vars/tide.dist:1:8 variable unknown tide double → "def"',
      'roles/edge/vars/tide.txt:1:7 variable unknown tide plain → "abc"',
    ],
  ],
  [
    'INI: on the line of a host, in a section, quoted',
    {
      hosts: `[server]
quay token=one ansible_host=192.0.2.1
pier token="two three"
[server:vars]
k3s_version=v1
token = four five
`,
    },
    [
      'hosts:2:12 variable both token plain → "one"',
      'hosts:3:13 variable both token double → "two three"',
      'hosts:6:9 variable both token plain → "four five"',
    ],
  ],
  [
    'a variable that only the flow tells, through another one and a mapping',
    {
      'roles/edge/templates/k3s.env.j2': 'K3S_TOKEN={{ edge_secret | trim }}\n',
      'roles/edge/defaults/main.yml': 'edge_secret: "{{ harbour.keys.join }}"\n',
      'group_vars/all.yml': 'harbour:\n  keys:\n    join: abc\n    other: def\njoin: ghi\n',
    },
    ['group_vars/all.yml:3:11 variable unknown harbour.keys.join plain → "abc"'],
  ],
  [
    'an anchor, where the alias gets its text',
    { 'group_vars/all.yml': 'tide: &tide "abc"\nk3s_token: *tide\n' },
    ['group_vars/all.yml:1:14 variable both k3s_token double → "abc"'],
  ],
  [
    'vaulted, sealed, looked up, left to the environment',
    {
      'group_vars/all.yml': `k3s_token: !vault |
  $ANSIBLE_VAULT;1.1;AES256
  3132
k3s_control_token: ENC[AES256_GCM,data:eHh4]
rke2_token: "{{ lookup('env', 'HARBOUR_KEY') }}"
`,
      'join.sh':
        'K3S_TOKEN=$HARBOUR_KEY sh -\nK3S_TOKEN="$(cat /run/key)" sh -\nK3S_TOKEN=$' +
        '{KEY:-spare}\nK3S_TOKEN=<token> ./help.sh\n',
    },
    [
      'group_vars/all.yml:1:19 variable both k3s_token block → vaulted',
      'group_vars/all.yml:4:20 variable both k3s_control_token plain → sealed',
      'join.sh:1:11 shell unknown K3S_TOKEN none → reference',
      'join.sh:2:12 shell unknown K3S_TOKEN double → reference',
      'join.sh:3:18 shell unknown K3S_TOKEN none → "spare"',
      'join.sh:4:11 shell unknown K3S_TOKEN none → reference',
    ],
  ],
  [
    'no text for people, however many lines it has',
    {
      'site.yml':
        '- hosts: all\n  tasks:\n    - debug:\n        msg: >-\n          It would run with\n          K3S_TOKEN=(hidden), and k3s agent --token hidden\n',
    },
    [],
  ],
  [
    'what a shell fills in between two quotes of JSON',
    {
      'site.yml': '- hosts: all\n  roles: [{ role: berth, k3s_token: "{{ slip }}" }]\n',
      'join.sh': `ansible-playbook site.yml -e '{"slip": "'"$` + `{SLIP}"'"}'\n`,
    },
    ['join.sh:1:43 extra-vars unknown slip none → reference'],
  ],
  [
    'what a shell within the text of another one fills in',
    {
      'join.sh':
        'ssh quay "\n  K3S_TOKEN=\\$(cat /run/key)\n  K3S_TOKEN=\\$KEY sh -\n  K3S_TOKEN=\\"\\$' +
        '{KEY}\\" sh -"\n',
    },
    [
      'join.sh:2:13 shell unknown K3S_TOKEN none → reference',
      'join.sh:3:13 shell unknown K3S_TOKEN none → reference',
      'join.sh:4:15 shell unknown K3S_TOKEN double → reference',
    ],
  ],
  [
    'a blank behind the equals sign ends an assignment of a shell or a unit; make, and systemd in an env file, pass over it',
    {
      'join.sh': 'K3S_TOKEN= K3S_URL=https://quay:6443 sh -\n',
      'play.yml': '- hosts: all\n  tasks:\n    - shell: K3S_TOKEN= K3S_URL=https://quay:6443 sh -\n',
      'k3s.service': '[Service]\nEnvironment=K3S_TOKEN= K3S_URL=https://quay:6443\n',
      Makefile: 'K3S_TOKEN := aa\nK3S_AGENT_TOKEN= bb\n',
      'k3s.env': 'K3S_TOKEN= cc\n',
    },
    [
      'Makefile:1:14 shell unknown K3S_TOKEN none → "aa"',
      'Makefile:2:18 shell agent-token K3S_AGENT_TOKEN none → "bb"',
      'k3s.env:1:12 env-file unknown K3S_TOKEN none → "cc"',
    ],
  ],
  [
    'escapes in double quotes are read, and only there; the places stay true',
    {
      'quay.yml': String.raw`- copy:
    dest: /etc/rancher/k3s/one.env
    content: "K3S_TOKEN=berth11\nK3S_URL=https://quay:6443\n"

- copy:
    dest: /etc/rancher/k3s/two.env
    content: "K3S_URL=https://quay:6443\n\nK3S_TOKEN=berth22"

- copy:
    dest: /etc/rancher/k3s/three.env
    content: "# \u2693 \U0001F6A2\nK3S_TOKEN=b\x65rth\\33\n"

- copy:
    dest: /etc/rancher/k3s/four.env
    content: "K3S_TOKEN=\nK3S_URL=https://quay:6443"

- copy:
    dest: /etc/rancher/k3s/config.yaml
    content: "server: https://quay:6443\ntoken: berth55\n"

- shell: "k3s agent --token berth66\necho done"

- copy:
    dest: /etc/rancher/k3s/seven.env
    content: 'K3S_TOKEN=berth77\n'

- command:
    argv: ["/opt/tide", "k3s", "agent", "--token", "b\x65rth99"]

- copy:
    dest: /etc/rancher/k3s/eight.env
    content: |
      # "quoted
      K3S_TOKEN=berth88\n
`,
    },
    [
      'quay.yml:3:25 env-file unknown K3S_TOKEN none → "berth11"',
      'quay.yml:7:54 env-file unknown K3S_TOKEN none → "berth22"',
      String.raw`quay.yml:11:46 env-file unknown K3S_TOKEN none → "b\\x65rth\\\\33"`,
      'quay.yml:19:49 config both token none → "berth55"',
      'quay.yml:21:29 argument agent --token none → "berth66"',
      String.raw`quay.yml:25:25 env-file unknown K3S_TOKEN none → "berth77\\n"`,
      String.raw`quay.yml:28:53 argument agent --token double → "b\\x65rth99"`,
      String.raw`quay.yml:34:17 env-file unknown K3S_TOKEN none → "berth88\\n"`,
    ],
  ],
  [
    'texts inside of expressions',
    {
      'roles/edge_agent/tasks/main.yml': `- ansible.builtin.command: install.sh
  environment:
    K3S_TOKEN: "{{ given if given is defined else 'spare' }}"
`,
    },
    [`roles/edge_agent/tasks/main.yml:3:52 variable agent K3S_TOKEN single → "spare"`],
  ],
  [
    'vars of plays and tasks, role parameters, set_fact, add_host',
    {
      'site.yml': `- hosts: server
  vars:
    harbour_key: a1
  roles:
    - role: edge
      harbour_key: a2
    - {role: edge, vars: {harbour_key: a3}}
  tasks:
    - ansible.builtin.set_fact:
        harbour_key: a4
    - block:
        - ansible.builtin.add_host:
            name: holder
            harbour_key: a5
    - ansible.builtin.uri:
        url: https://quay
        headers:
          harbour_key: no
    - ansible.builtin.lineinfile:
        path: /etc/systemd/system/k3s.service.env
        line: K3S_TOKEN={{ harbour_key }}
`,
    },
    [
      'site.yml:3:18 variable unknown harbour_key plain → "a1"',
      'site.yml:6:20 variable unknown harbour_key plain → "a2"',
      'site.yml:7:40 variable unknown harbour_key plain → "a3"',
      'site.yml:10:22 variable unknown harbour_key plain → "a4"',
      'site.yml:14:26 variable unknown harbour_key plain → "a5"',
    ],
  ],
  [
    'vars as a list of mappings, which older releases of Ansible take',
    {
      'site.yml': `- hosts: server
  vars: [{harbour_key: a1}, {k3s_version: v1}]
  roles:
    - role: edge
      vars:
        - harbour_key: a2
  tasks:
    - ansible.builtin.command: /usr/local/bin/k3s-install.sh
      environment: {K3S_TOKEN: "{{ harbour_key }}"}
`,
    },
    [
      'site.yml:2:24 variable unknown harbour_key plain → "a1"',
      'site.yml:6:24 variable unknown harbour_key plain → "a2"',
    ],
  ],
  [
    'units, env files, options with = and blanks, a folded list',
    {
      'k3s.service':
        '[Service]\nEnvironment="K3S_TOKEN=aa bb"\nExecStart=/usr/bin/k3s server \\\n  --token=cc \\\n  --agent-token dd\n',
      'k3s-agent.service': '[Service]\nExecStart=/usr/bin/k3s agent --cluster-secret gg\n',
      'k3s.env': '# K3S_TOKEN=no\nK3S_AGENT_TOKEN="ee"\n',
      'roles/edge/tasks/main.yml': `- ansible.builtin.command:
    argv:
      - k3s
      - agent
      - --token
      - ff
`,
    },
    [
      'k3s-agent.service:2:47 argument agent --cluster-secret none → "gg"',
      'k3s.env:2:18 env-file agent-token K3S_AGENT_TOKEN double → "ee"',
      'k3s.service:2:24 unit server K3S_TOKEN double → "aa"',
      'k3s.service:4:11 argument server --token none → "cc"',
      'k3s.service:5:17 argument agent-token --agent-token none → "dd"',
      'roles/edge/tasks/main.yml:6:9 argument agent --token none → "ff"',
    ],
  ],
  [
    'options whose value is on the next line, and in quotes, as the install script writes them',
    {
      'k3s.service':
        "[Service]\nExecStart=/usr/local/bin/k3s \\\n    server \\\n\t'--token' \\\n\t'aa' \\\n\t'--agent-token' 'bb'\n",
      'quay.service': '[Service]\nExecStart=k3s agent \\\n  --token \\\n  cc \\\n  --debug\n',
      'berth.service.j2':
        "[Service]\nExecStart=k3s agent \\\n  '--token' \\\n  '{{ phrase }}'\nExecStart=k3s agent \\\n  --token \\\n  {{ phrase }}\n",
      'join.sh': 'k3s server "--token" \\\n  "dd"\nk3s agent "--token" "--debug"\n',
      'group_vars/all.yml': 'phrase: ee\n',
    },
    [
      'group_vars/all.yml:1:9 variable agent phrase plain → "ee"',
      'join.sh:2:4 argument server --token double → "dd"',
      'k3s.service:5:3 argument server --token single → "aa"',
      'k3s.service:6:19 argument agent-token --agent-token single → "bb"',
      'quay.service:4:3 argument agent --token none → "cc"',
    ],
  ],
  [
    'options behind whichever shell reads the install script',
    {
      'quay.yml': `- hosts: quay
  tasks:
    - shell: curl -sfL https://get.k3s.io | sh -s - agent --token aa
    - shell: curl -sfL https://get.k3s.io | bash -s - agent --token bb
    - shell: curl -sfL https://get.k3s.io | sudo zsh -s -- server -t cc
    - shell: >
        curl -sfL https://get.k3s.io | dash -s - server
        -t dd
    - shell: |
        k3s server --disable traefik
        hash -t ee
`,
    },
    [
      'quay.yml:3:67 argument agent --token none → "aa"',
      'quay.yml:4:69 argument agent --token none → "bb"',
      'quay.yml:5:70 argument server -t none → "cc"',
      'quay.yml:8:12 argument server -t none → "dd"',
    ],
  ],
  [
    'the short option on lines of its own, of K3s and of no other program',
    {
      'k3s.service':
        '[Service]\nExecStart=/usr/local/bin/k3s \\\n  server \\\n  -t aa\nExecStop=/usr/bin/rope -t no\n',
      'k3s.service.j2':
        "[Service]\nExecStart=k3s agent \\\n  --server {{ url | default('x') }} \\\n{% if a %}\n  --debug \\\n{% endif -%}\n  -t ff\n",
      'join.sh': `/opt/k3s-install.sh agent \\
  -t bb
INSTALL_K3S_EXEC="server -t cc" sh install.sh
docker run --name k3s -t no
k3s ctr images ls -t no
k3s server & tar -t no
`,
      'group_vars/all.yml': 'extra_server_args: --disable traefik -t dd\n',
      'play.yml': '- command:\n    argv: ["k3s", "agent", "-t", "ee"]\n',
    },
    [
      'group_vars/all.yml:1:41 argument unknown -t none → "dd"',
      'join.sh:2:6 argument agent -t none → "bb"',
      'join.sh:3:29 argument server -t none → "cc"',
      'k3s.service:4:6 argument server -t none → "aa"',
      'k3s.service.j2:7:6 argument agent -t none → "ff"',
      'play.yml:2:35 argument agent -t double → "ee"',
    ],
  ],
  [
    'what a Vagrantfile gives to Ansible on its command line, and what stands in the inventory that it writes',
    {
      Vagrantfile: `Vagrant.configure("2") do |config| # k3s
  config.vm.provision "ansible" do |ansible|
    ansible.groups = { "quay:vars" => { "k3s_token" => "aa" } }
    ansible.host_vars = {
      "q1" => {
        "k3s_token" => "bb"
      }
    }
    ansible.extra_vars = {
      berth: { tide: "low" },
      k3s_token: "cc",
    }
    ansible.host_vars["q2"] = { "k3s_token" => "dd" }
  end
end
`,
      'quay.yml': '- hosts: quay\n  tasks:\n    - shell: k3s agent --token {{ k3s_token }}\n',
    },
    [
      'Vagrantfile:3:57 variable unknown k3s_token double → "aa"',
      'Vagrantfile:6:25 variable unknown k3s_token double → "bb"',
      'Vagrantfile:11:19 extra-vars unknown k3s_token double → "cc"',
      'Vagrantfile:13:49 variable unknown k3s_token double → "dd"',
    ],
  ],
  [
    'groups of a pattern, which a module puts in the place of their names',
    {
      'quay.yml': String.raw`- ansible.builtin.lineinfile:
    path: /etc/rancher/k3s/config.yaml
    regexp: "^agent-token: (.*)$"
    line: 'token: \1'
    backrefs: true
- ansible.builtin.replace:
    path: /etc/rancher/k3s/config.yaml
    regexp: "^agent-token: (.*)$"
    replace: "token: \\g<1>"
- ansible.builtin.lineinfile:
    path: /etc/systemd/system/k3s.service.env
    regexp: "^BERTH=(?P<berth>.*)$"
    line: "K3S_TOKEN=\\g<berth>"
    backrefs: true
`,
    },
    [
      'quay.yml:4:19 config both token none → reference',
      'quay.yml:13:22 env-file unknown K3S_TOKEN none → reference',
    ],
  ],
  [
    'config files and templates of them, and variables that hold one',
    {
      'files/k3s/config.yaml': 'token: aa\nagent-token: "bb"\n# token: no\n',
      'roles/edge/templates/config.yaml.j2': 'server: {{ url }}\ntls-san: x\ntoken: {{ harbour_key }}\n',
      'group_vars/all.yml': 'harbour_key: cc\nserver_config_yaml:\n  token: dd\n',
      'roles/pier/templates/settings.j2': 'token: "{{ pier_key }}"\n',
      'roles/pier/tasks/main.yml': `- ansible.builtin.template:
    src: settings.j2
    dest: /etc/rancher/k3s/config.yaml
- ansible.builtin.copy:
    dest: "{{ k3s_dir }}/config.yaml"
    content: |
      cluster-init: true
      token: {{ mole_key }}
- ansible.builtin.lineinfile:
    path: /etc/rancher/rke2/config.yaml
    line: "agent-token: '{{ bay_key }}'"
- ansible.builtin.copy:
    dest: /etc/rancher/k3s/cluster-token
    content: "{{ dock_key }}"
`,
      'roles/pier/defaults/main.yml': 'pier_key: ee\nmole_key: ff\nbay_key: gg\ndock_key: hh\n',
      'app/config.yaml': 'token: no\nserver: x\n',
    },
    [
      'files/k3s/config.yaml:1:8 config both token plain → "aa"',
      'files/k3s/config.yaml:2:15 config agent-token agent-token double → "bb"',
      'group_vars/all.yml:1:14 variable both harbour_key plain → "cc"',
      'group_vars/all.yml:3:10 config both token plain → "dd"',
      'roles/pier/defaults/main.yml:1:11 variable both pier_key plain → "ee"',
      'roles/pier/defaults/main.yml:2:11 variable both mole_key plain → "ff"',
      'roles/pier/defaults/main.yml:3:10 variable agent-token bay_key plain → "gg"',
      'roles/pier/defaults/main.yml:4:11 variable unknown dock_key plain → "hh"',
    ],
  ],
  [
    'templates of config files that tasks name in braces and in one line',
    {
      'templates/one.j2': 'token: {{ quay_key }}\n',
      'templates/two.j2': 'token: {{ mole_key }}\n',
      'templates/three.j2': 'token: {{ pier_key }}\n',
      'templates/four.j2': 'token: {{ boat_key }}\n',
      'templates/five.j2': 'token: {{ sail_key }}\n',
      'site.yml': `- hosts: quays
  tasks:
    - template: { src: one.j2, dest: /etc/rancher/k3s/config.yaml, mode: '0600' }
    - template: { dest: /etc/rancher/k3s/config.yaml, src: "more/two.j2" }
    - { template: { mode: '0600', dest: "{{ k3s_dir }}/config.yaml", src: three.j2 } }
    - ansible.builtin.template: src=four.j2 dest=/etc/rancher/k3s/config.yaml mode=0600
    - template: { src: five.j2, dest: /etc/boat/config.yaml }
    - copy: { dest: /etc/rancher/k3s/cluster-token, content: "{{ dock_key }}" }
    - copy: { dest: /etc/rancher/k3s/motd, content: "{{ lamp }}", owner: token }
    - copy: { dest: "/etc/{{ lamp_token }}/motd", content: "{{ lamp }}" }
`,
      'vars/keys.yml':
        'quay_key: aa\nmole_key: bb\npier_key: cc\nboat_key: dd\nsail_key: no\ndock_key: ee\nlamp: no\n',
    },
    [
      'vars/keys.yml:1:11 variable both quay_key plain → "aa"',
      'vars/keys.yml:2:11 variable both mole_key plain → "bb"',
      'vars/keys.yml:3:11 variable both pier_key plain → "cc"',
      'vars/keys.yml:4:11 variable both boat_key plain → "dd"',
      'vars/keys.yml:6:11 variable unknown dock_key plain → "ee"',
    ],
  ],
  [
    'what a play takes where nothing is typed',
    {
      'site.yml': `- hosts: quays
  vars_prompt:
    - name: quay_key
      prompt: Key
      default: abc
    - { name: mole_key, prompt: def }
    - { name: lamp, default: ghi }
  tasks:
    - command: k3s server --token {{ quay_key }} --agent-token {{ mole_key }}
`,
    },
    ['site.yml:5:16 variable server quay_key plain → "abc"'],
  ],
  [
    'launch configurations of MicroK8s, compose files, CI jobs',
    {
      'microk8s.yaml': '---\nversion: 0.1.0\npersistentClusterToken: aa\n',
      'compose.yml':
        'services:\n  a:\n    image: rancher/k3s\n    command: server --token dd\n    environment:\n      - K3S_TOKEN=bb\n  b:\n    environment: {K3S_TOKEN: "$' +
        '{KEY:?no key}"}\n',
      '.github/workflows/e2e.yml': 'jobs:\n  a:\n    env:\n      K3S_TOKEN: cc\n      GITHUB_TOKEN: no\n',
    },
    [
      '.github/workflows/e2e.yml:4:18 environment unknown K3S_TOKEN plain → "cc"',
      'compose.yml:4:29 argument server --token none → "dd"',
      'compose.yml:6:19 environment unknown K3S_TOKEN none → "bb"',
      'compose.yml:8:31 environment unknown K3S_TOKEN double → reference',
      'microk8s.yaml:3:25 launch-config both persistentClusterToken plain → "aa"',
    ],
  ],
  [
    'options in the members of mappings, and in what these are made of',
    {
      'roles/berth/tasks/main.yml': `- shell: curl -sfL https://get.k3s.io | INSTALL_K3S_EXEC="server {{ berth.words }}" sh -
- command: k3s-install.sh
  environment:
    INSTALL_K3S_EXEC: agent {{ quay['words'] | default('') }} {{ mole_words if mole is defined }}
`,
      'roles/berth/vars/main.yml': `berth:
  words: "--token aa"
  other: "--token no"
quay: {words: "{{ pier.words }}", other: --token no}
pier:
  words: --debug --agent-token bb
tunnel:
  words: --token no
`,
      hosts: '[berths]\nharbour mole_words="--token cc"\n',
    },
    [
      'hosts:2:29 argument unknown --token none → "cc"',
      'roles/berth/vars/main.yml:2:19 argument unknown --token none → "aa"',
      'roles/berth/vars/main.yml:6:32 argument agent-token --agent-token none → "bb"',
    ],
  ],
  [
    'options in texts of expressions, and what these put behind them',
    {
      'roles/berth/tasks/main.yml': `- command: k3s-install.sh
  environment:
    INSTALL_K3S_EXEC: "server {{ '--token ' ~ (berth_key | default('aa')) }}"
- command: k3s-install.sh
  environment:
    INSTALL_K3S_EXEC: "agent {{ berth_words }} {{ ('--debug --token=' + 'bb' + ' -v') if deep else '--token cc --debug' }}"
- command: k3s-install.sh
  environment:
    INSTALL_K3S_EXEC: "{{ exec | regex_replace('--token no', '--token no') }} {{ '--token ' ~ 'no' ~ tide }}"
    MOLE: "{{ '--token no' if '--token no' in exec else '--token ' + 'no' }}"
`,
      'group_vars/all.yml': `berth_words: "{{ '--token ' + (deep | ternary('dd', berth_key)) }}"
berth_key: left to the rehearsal
`,
    },
    [
      `group_vars/all.yml:1:48 argument unknown --token single → "dd"`,
      `roles/berth/tasks/main.yml:3:69 argument server --token single → "aa"`,
      `roles/berth/tasks/main.yml:6:74 argument agent --token single → "bb"`,
      `roles/berth/tasks/main.yml:6:109 argument agent --token none → "cc"`,
    ],
  ],
  [
    'the item of a list, at its place, and not the others',
    {
      'roles/berth/tasks/main.yml': `- copy: { content: "K3S_TOKEN={{ harbour_keys[1] }}", dest: /etc/k3s.env }
- copy: { content: "K3S_TOKEN={{ (harbour['quays'][0]).key | trim }}", dest: /etc/k3s.env }
- copy: { content: "K3S_TOKEN={{ probe.stdout_lines[0] }}", dest: /etc/k3s.env }
- copy: { content: "K3S_TOKEN={{ tides[0] }}", dest: /etc/k3s.env }
`,
      'group_vars/all.yml': `harbour_keys:
  - of no node
  - "of nodes"
harbour: { quays: [{ key: abc }, { key: def }] }
tides: "{{ ebb.split(' ') }}"
ebb: ghi jkl
`,
    },
    [
      'group_vars/all.yml:3:6 variable unknown harbour_keys.1 double → "of nodes"',
      'group_vars/all.yml:4:27 variable unknown harbour.quays.0.key plain → "abc"',
      'group_vars/all.yml:6:6 variable unknown ebb plain → "ghi jkl"',
    ],
  ],
  [
    'nothing in words that only look alike',
    {
      'README.md': 'K3S_TOKEN=abc\n',
      'manifest.yml': 'apiVersion: v1\nkind: Secret\nstringData:\n  token: abc\n',
      'values.yml': 'bearerTokenFile: abc\napiTokenSecretRef: def\nk3s_version: v1\n',
      'roles/tunnel/defaults/main.yml': 'token: abc\n',
      'roles/tunnel/templates/tunnel.service.j2': 'ExecStart=cloudflared run --token {{ token }}\n',
      'sealed.yml':
        'apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nspec:\n  encryptedData:\n    token: AgBy\n',
      'upgrade.yml': `- ansible.builtin.set_fact:
    left: "{{ env | regex_search('K3S_TOKEN=(.+)') }}"
    log: "{{ k3s_log | regex_replace('--token [^ ]+', '--token ***') }}"
  when: "'K3S_TOKEN=' in env"
`,
      'help.sh': `sed -i "s/^K3S_TOKEN=.*/K3S_TOKEN=$KEY/" k3s.env
grep -q '^K3S_TOKEN=abc' k3s.env
`,
      'roles/edge/tasks/main.yml':
        '- name: Write K3S_TOKEN=value\n  ansible.builtin.debug:\n    msg: set K3S_TOKEN=x\n',
      'kube.sh': 'k3s kubectl --token abc get nodes\nkubeadm join --token abc\nexport MY_K3S_TOKEN_FILE=x\n',
      'group_vars/all.yml':
        'k3s_token: ""\n# k3s_token: abc\nk3s_token_location: /etc/rancher/k3s/cluster-token\n',
    },
    [],
  ],
]

describe('where tokens stand', () => {
  test.each(cases)('%s', (_, files, sites) => {
    expect(found(files)).toEqual(sites)
  })
})

test('a variable knows where its text goes, and through which filters', () => {
  const { variables } = tokenSites(
    new Map(
      Object.entries({
        'roles/edge/templates/k3s.service.j2':
          "[Service]\nExecStart=/usr/bin/k3s agent --token {{ edge_key | replace('%', '%%') }}\n",
        'roles/edge/templates/k3s.service.env.j2': 'K3S_TOKEN={{ edge_key | quote }}\n',
        'roles/edge/defaults/main.yml': 'edge_key: "{{ harbour_key | default(omit) }}"\n',
        'host_vars/quay.yml': 'harbour_key: abc\n',
      }),
    ),
  )
  const sinks = variables.get('harbour_key')?.sinks.map(({ sink, filters }) => [sink, ...filters])
  expect(sinks).toEqual([
    ['environment-file', 'quote'],
    ['exec-start', 'replace'],
  ])
})

test('tests and examples are told apart', () => {
  const fixture = (path: string): boolean | undefined =>
    tokenSites(new Map([[path, 'k3s_token: abc\n']])).sites[0]?.isFixture
  expect(fixture('molecule/default/vars.yml')).toBe(true)
  expect(fixture('tests/vars.yml')).toBe(true)
  expect(fixture('contest/vars.yml')).toBe(false)
  expect(fixture('inventory/sample/group_vars/all.yml')).toBe(false)
})

// What ansible-core 2.14 and 2.21 make of them.
test.each([
  ['k3s_token=7349281734928173', undefined],
  ['k3s_token=12345678901234567890123', undefined],
  ['k3s_token=007', undefined],
  ['k3s_token=-5', undefined],
  ['k3s_token=12.5', undefined],
  ['k3s_token=1.0', undefined],
  ['k3s_token=True', undefined],
  ['k3s_token="7349281734928173"', undefined],
  ['k3s_token=1_000', 'integer'],
  ['k3s_token="1_000"', 'integer'],
  ['k3s_token=+5', 'integer'],
  ['k3s_token=0x1f', 'integer'],
  ['k3s_token=0o17', 'integer'],
  ['k3s_token=1.50', 'float'],
  ['k3s_token=1e5', 'float'],
  ['k3s_token=5.', 'float'],
  ['k3s_token=123456789.123456789', 'float'],
])('%s on the line of a host becomes another text where it is one to Python', (variable, retyped) => {
  const [site] = tokenSites(new Map([['hosts', `[server]\nquay ${variable}\n`]])).sites
  expect(site?.retyped).toBe(retyped)
})

test.each([
  ['K3S_TOKEN = "abc"', 'abc'],
  ['K3S_TOKEN={ description = "join token", required = true }', undefined],
  ['K3S_TOKEN = { description = "join token", required = true }', undefined],
  ['env = { K3S_TOKEN = { required = true } }', undefined],
  ['K3S_TOKEN = ["abc"]', undefined],
])('%s in TOML', (line, token) => {
  const { sites } = tokenSites(new Map([['secrets.toml', `[profiles.harbour]\n${line}\n`]]))
  expect(sites.map(({ text }) => text?.reveal())).toEqual(token === undefined ? [] : [token])
})

test('quotes keep a number of an INI section as it is', () => {
  const [site] = tokenSites(new Map([['hosts', '[all:vars]\nk3s_token="1_000"\n']])).sites
  expect(site?.retyped).toBeUndefined()
})

test('what an escape stands for is the text, not how it is written', () => {
  const text = String.raw`- copy: {dest: k3s.env, content: "K3S_TOKEN=b\x65rth\\33\n"}
`
  const [site] = tokenSites(new Map([['quay.yml', text]])).sites
  expect(site?.text?.reveal()).toBe(String.raw`berth\33`)
})
