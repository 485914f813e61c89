import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { blockKeywords, playKeywords, taskKeywords } from '../src/ansible/content/keywords.ts'
import { LintWorker } from './tools/lintWorker.ts'
import { mutantOf } from './tools/mutations.ts'

// The rest, and the bombs, are in test/peers/mutation.test.ts.
const worker = new LintWorker()

beforeAll(() => worker.prepare(), 60_000)
afterAll(() => worker.end())

describe('a project that was damaged is linted to an end', () => {
  test.each([0, 50, 100, 150])('mutants from %i on', { timeout: 120_000 }, async (first) => {
    const faults: string[] = []
    for (let number = first; number < first + 50; number += 1) {
      const { name, tree } = mutantOf(number)
      const fault = await worker.faultOf(tree)
      if (fault !== undefined) faults.push(`${name}: ${fault}`)
    }
    expect(faults).toEqual([])
  })
})

describe('a keyword with a value of another shape than it wants is linted to an end', () => {
  const shapes = ['{ slip: [quay] }', '[{ slip: quay }, 1.5, null]', '1.5', '2024-02-30', '!vault quay', '']
  const install = `curl -sfL https://get.k3s.io | K3S_URL=https://quay:6443 K3S_TOKEN={{ item }} sh -s - agent`
  const keywords = (fixed: readonly string[], keyword: string, shape: string, indent: string): string =>
    [...fixed.filter((line) => !line.startsWith(`${keyword}:`)), `${keyword}: ${shape}`].join(`\n${indent}`)
  const site = (where: string, keyword: string, shape: string): string => {
    const at = (place: string, fixed: readonly string[], indent: string): string =>
      where === place ? keywords(fixed, keyword, shape, indent) : fixed.join(`\n${indent}`)
    return `
- ${at('play', ['hosts: quays', 'serial: 2', 'vars: { slip: 0ddpassword }'], '  ')}
  tasks:
    - ${at('block', ['when: slip is defined'], '      ')}
      block:
        - ${at('task', [`shell: ${install}`, 'loop: ["{{ slip }}"]', 'register: found', 'notify: ebb'], '          ')}
        - ${at('include', ['include_role: { name: berth, tasks_from: main }'], '          ')}
        - systemd: { name: k3s-agent, state: restarted }
          when: found is changed
  handlers: [{ name: ebb, command: systemctl restart k3s-agent }]
`
  }
  const places: readonly (readonly [string, ReadonlySet<string>])[] = [
    ['play', playKeywords],
    ['block', blockKeywords],
    ['task', taskKeywords],
    ['include', new Set([...taskKeywords, 'include_role'])],
  ]

  test.each(places)('at a %s', { timeout: 120_000 }, async (where, all) => {
    const faults: string[] = []
    for (const keyword of all)
      for (const shape of shapes) {
        const tree = new Map([
          ['hosts.ini', '[quays]\nquay\nmole\njetty ansible_host=192.0.2.1 ansible_port=22\n'],
          ['roles/berth/tasks/main.yml', '- debug: { msg: "{{ found }}" }\n'],
          ['site.yml', site(where, keyword, shape)],
        ])
        const fault = await worker.faultOf(tree)
        if (fault !== undefined) faults.push(`${keyword}: ${shape}: ${fault}`)
      }
    expect(faults).toEqual([])
  })

  test('at a host', async () => {
    const faults: string[] = []
    for (const name of ['ansible_host', 'ansible_port', 'ansible_user', 'ansible_connection', 'slip'])
      for (const shape of shapes) {
        const hosts = `quays:\n  hosts:\n    quay: { ansible_host: 192.0.2.1 }\n    mole:\n      ansible_host: 192.0.2.1\n      ${name}: ${shape}\n`
        const tree = new Map([
          ['hosts.yml', hosts],
          ['site.yml', site('', '', '')],
        ])
        const fault = await worker.faultOf(tree)
        if (fault !== undefined) faults.push(`${name}: ${shape}: ${fault}`)
      }
    expect(faults).toEqual([])
  })
})
