import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { arrivals, type Files, findings, installs, unknowns } from './tools/paper.ts'

const inventory = { 'hosts.ini': '[quays]\nquay\n[berths]\nberth\n[all:vars]\nharbour_key=0ddpassword\n' }
const server = installs('quays', { INSTALL_K3S_EXEC: 'server', K3S_TOKEN: '{{ harbour_key }}' })
/** By host. */
const nodes = (files: Files) => [...arrivals(files)].sort()
const served = 'quay first-server present env-file no url'

describe("a script of the project's own", () => {
  /** One that the project puts on a node from a template and runs with these words. */
  const moored = (script: string, run: string, more: Files = {}): Files => ({
    ...inventory,
    'site.yml': `${server}
- hosts: berths
  tasks:
    - ansible.builtin.template: { src: mooring.sh.j2, dest: /opt/k3s-install.sh, mode: "0700" }
    - ansible.builtin.template: { src: mooring.sh.j2, dest: /opt/moor, mode: "0700" }
    - ${run}
`,
    'templates/mooring.sh.j2': `#!/bin/bash -e\necho mooring\n${script}\n`,
    ...more,
  })
  const download = 'curl -sfL https://get.k3s.io'
  const hauls = `${download} | INSTALL_K3S_EXEC=agent K3S_URL=https://quay:6443 K3S_TOKEN={{ harbour_key }} sh -`

  test.each([
    ['command: /opt/k3s-install.sh', hauls],
    ['command: /opt/moor', hauls],
    ['shell: cd /opt && bash -e ./moor', hauls],
    ['command: ./moor chdir=/opt', hauls],
    ['shell: cat /opt/moor | sh -s -', hauls],
    ['command: /opt/moor', `export INSTALL_K3S_EXEC=agent\n${hauls.replace('INSTALL_K3S_EXEC=agent ', '')}`],
    [
      'command: /opt/moor agent https://quay:6443 {{ harbour_key }}',
      `role=$1\nshift\n${download} | K3S_URL="$1" K3S_TOKEN="$2" sh -s - "$role"`,
    ],
    [
      'command: /opt/moor 0ddpassword',
      `rope=$1\njoin() {\n  ${download} | K3S_TOKEN="$rope" sh -s - agent --server "$1"\n}\njoin https://quay:6443`,
    ],
    [
      'command: /opt/moor',
      `${download} -o /tmp/k3s-install.sh\nK3S_TOKEN={{ harbour_key }} K3S_URL=https://quay:6443 sh /tmp/k3s-install.sh agent`,
    ],
    ['command: /opt/moor', `if ! command -v k3s; then\n  ${hauls}\nfi`],
  ])('%s does what its lines say', (run, script) => {
    expect(nodes(moored(script, run))).toEqual(['berth agent present env-file url', served])
    expect(unknowns(moored(script, run))).toEqual([])
  })

  test('gets the environment of the task', () => {
    const run = `command: /opt/moor
      environment: { K3S_TOKEN: "{{ harbour_key }}", K3S_URL: "https://quay:6443" }`
    expect(nodes(moored(`${download} | sh -s - agent`, run))).toEqual([
      'berth agent present env-file url',
      served,
    ])
  })

  test('is blamed where no token comes through it', () => {
    const files = moored(`${download} | sh -s - agent --server https://quay:6443`, 'command: /opt/moor')
    expect(nodes(files)).toEqual(['berth agent absent none url', served])
    expect(findings(files)).toContain('agent-token-missing error site.yml:13')
  })

  test.each([
    ['command: /opt/moor', `case $1 in\nagent) ${hauls} ;;\n*) ${download} | sh -s - server ;;\nesac`],
    [
      'command: /opt/moor',
      `if [ "$(hostname)" = quay ]; then\n${hauls}\nelse\n/usr/local/bin/k3s-agent-uninstall.sh\nfi`,
    ],
    ['command: /opt/moor', `k3sup join --ip berth --server-ip quay`],
  ])('that may go several ways is not followed', (run, script) => {
    expect(nodes(moored(script, run))).toEqual([served])
    expect(unknowns(moored(script, run))).toEqual(['K3s is brought by /opt/moor, which is not followed'])
  })

  test.each(['/usr/local/bin/install-k3s-agent.sh', 'sh /opt/k3s-join-node.sh'])(
    '%s that the project does not hold is not followed',
    (run) => {
      const files = moored('', `command: ${run}`)
      expect(nodes(files)).toEqual([served])
      expect(unknowns(files)).toEqual([
        `K3s is brought by ${run.replace('sh /', '/')}, which is not followed`,
      ])
    },
  )

  test('that has nothing to do with K3s says nothing', () => {
    expect(unknowns(moored('apt-get install -y curl', 'command: /opt/moor'))).toEqual([])
  })
})

test("a copy of K3s's script is one, under any name, and with what is said in its comments", () => {
  const script = readFileSync(join(import.meta.dirname, 'e2e/stand-in/k3s-install.sh'), 'utf8')
  const usage = '#   curl -sfL https://get.k3s.io | INSTALL_K3S_EXEC="agent" sh -\n'
  const files = {
    ...inventory,
    'site.yml': `${server}
- hosts: berths
  tasks:
    - ansible.builtin.copy: { src: rope.sh, dest: /opt/rope.sh, mode: "0700" }
    - ansible.builtin.command: /opt/rope.sh agent --server https://quay:6443
      environment: { K3S_TOKEN: "{{ harbour_key }}" }
`,
    'files/rope.sh': `#!/bin/sh\n${usage}${script}`,
  }
  expect(nodes(files)).toEqual(['berth agent present env-file url', served])
})
