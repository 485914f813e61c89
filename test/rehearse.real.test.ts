import { describe, expect, test } from 'vitest'
import { Analysis } from '../src/lint/analysis.ts'

/** What a project's nodes get on clean machines: `host kind token source url`, and what else the scenario fixes. */
function arrivals(files: Readonly<Record<string, string>>, scenario: object = {}): readonly string[] {
  const { verdicts } = new Analysis(new Map(Object.entries(files))).rehearsal
  const wanted = { k3s: 'absent', ...scenario }
  const found = verdicts
    .filter((verdict) =>
      Object.entries(wanted).every(
        ([name, value]) => verdict.scenario[name as keyof typeof verdict.scenario] === value,
      ),
    )
    .map(
      ({ host, kind, token, source, serverUrl }) =>
        `${host} ${kind} ${token} ${source} ${serverUrl === 'maybe' ? 'maybe a url' : serverUrl ? 'url' : 'no url'}`,
    )
  return [...new Set(found)]
}

/** A play that runs the install script on `hosts` with this environment. */
const installs = (hosts: string, environment: Readonly<Record<string, string>>): string => `
- hosts: ${hosts}
  tasks:
    - ansible.builtin.command: sh /opt/k3s-install.sh
      environment:
${Object.entries(environment)
  .map(([name, value]) => `        ${name}: ${JSON.stringify(value)}`)
  .join('\n')}
`

describe('variables', () => {
  test('a token goes from the first server to the agents through hostvars, without an inventory', () => {
    const site = `
- hosts: harbour_servers
  tasks:
    - ansible.builtin.slurp: { src: /var/lib/rancher/k3s/server/node-token }
      register: slip
    - ansible.builtin.set_fact:
        harbour_key: '{{ slip.content | b64decode | trim }}'
${installs('harbour_agents', {
  INSTALL_K3S_EXEC: 'agent',
  K3S_URL: 'https://quay:6443',
  K3S_TOKEN: "{{ hostvars[groups['harbour_servers'][0]].harbour_key }}",
})}`
    expect(arrivals({ 'site.yml': site }, { servers: 'one' })).toEqual(['agent-1 agent present env-file url'])
  })
})
