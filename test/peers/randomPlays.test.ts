import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { arrivals, type Files } from '../tools/paper.ts'
import { ansibleEnvironment, ansibles, run } from '../tools/peers.ts'
import { HOSTS, randomProject, VARIABLES } from '../tools/randomPlays.ts'

const FIRST = Number(process.env.K3SEAL_RANDOM_PLAYS_FROM ?? 1)
const SEEDS = Array.from({ length: 30 }, (_, index) => FIRST + index)

const newest = ansibles.find(([name]) => name.startsWith('newest'))?.[1]
if (newest === undefined) throw new Error('no newest ansible-core is set up: run test/tools/setup-peers.sh')

let scratch: string
beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), 'k3seal-random-'))
})
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

const STATE = `[${VARIABLES.map((name) => `${name} | string`).join(', ')}] | join(' ')`

const withPlay = (files: Files, play: object): Files => ({
  ...files,
  'site.yml': JSON.stringify([...JSON.parse(files['site.yml'] ?? '[]'), play], null, 1),
})

/** What each host that gets to the end has in its variables there. */
function played(files: Files, bin: string): ReadonlyMap<string, string> {
  const directory = mkdtempSync(join(scratch, 'p-'))
  const tells = { debug: { msg: `{{ inventory_hostname }} HAS {{ ${STATE} }} END` } }
  const all = {
    ...withPlay(files, { hosts: 'all', gather_facts: false, tasks: [tells] }),
    'local.ini': `[harbour:vars]\nansible_connection=local\nansible_python_interpreter=${join(bin, 'python')}\n`,
  }
  for (const [path, text] of Object.entries(all)) {
    mkdirSync(dirname(join(directory, path)), { recursive: true })
    writeFileSync(join(directory, path), text)
  }
  const { stdout, stderr } = run(
    join(bin, 'ansible-playbook'),
    ['-i', 'hosts.ini', '-i', 'local.ini', 'site.yml'],
    // One host after the other: what one of them makes, the next one may read.
    { cwd: directory, env: { ...ansibleEnvironment(scratch), ANSIBLE_FORKS: '1' } },
  )
  expect(stdout, stderr).toContain('PLAY RECAP')
  return new Map(
    [...stdout.matchAll(/(\w+) HAS (.*?) END/g)].map(([, host = '', state = '']) => [host, state]),
  )
}

describe.each(ansibles)('random plays, with %s', (_, bin) => {
  test.each(SEEDS)('%i: each host has in the end what the rehearsal says', (seed) => {
    const files = randomProject(seed)
    const states = played(files, bin)
    // Where releases differ the rehearsal goes by the newest, which is compared with the same seed.
    if (bin !== newest && !isDeepStrictEqual(states, played(files, newest))) return
    const expected = Object.fromEntries(HOSTS.map((host) => [host, states.get(host) ?? 'nothing']))
    const joining = {
      hosts: 'all',
      gather_facts: false,
      vars: { expected },
      tasks: [
        {
          command: 'sh /opt/k3s-install.sh agent',
          // A host whose play has ended does not come here.
          when: `expected[inventory_hostname] in ['nothing', ${STATE}]`,
          environment: { K3S_URL: 'https://quay:6443', K3S_TOKEN: '0ddpassword' },
        },
      ],
    }
    const found = arrivals(withPlay(files, joining)).map((line) => line.split(' ')[0])
    expect(found.toSorted(), files['site.yml']).toEqual([...states.keys()].toSorted())
  })
})
