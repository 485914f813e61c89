import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { factsOf } from '../../src/airgap/plan/nodeFacts.ts'
import { readFacts } from '../../src/commands/airgap/facts.ts'
import { ansibleEnvironment, ansibles, run } from '../tools/peers.ts'

let scratch: string
beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), 'k3seal-facts-'))
})
afterAll(() => {
  rmSync(scratch, { recursive: true, force: true })
})

describe.each(ansibles)('the facts of %s', (name, bin) => {
  test.each(['tree', 'cache'])('as %s writes them', (form) => {
    const directory = join(scratch, `${name} ${form}`.replaceAll(' ', '-'))
    const cache = { ANSIBLE_CACHE_PLUGIN: 'jsonfile', ANSIBLE_CACHE_PLUGIN_CONNECTION: directory }
    run(
      join(bin, 'ansible'),
      [
        'all',
        '-i',
        'quay,',
        '-c',
        'local',
        '-e',
        'ansible_python_interpreter={{ ansible_playbook_python }}',
        '-m',
        'ansible.builtin.setup',
        '-a',
        'gather_subset=min',
        ...(form === 'tree' ? ['--tree', directory] : []),
      ],
      { env: { ...ansibleEnvironment(scratch), ...(form === 'cache' ? cache : {}) } },
    )
    const { facts, factless } = readFacts(scratch, directory, ['quay'])
    expect(factless).toEqual([])
    const machine = run('uname', ['-m'], {}).stdout.trim()
    expect(facts.get('quay')).toMatchObject({
      architecture: machine,
      osFamily: expect.any(String),
      distribution: expect.any(String),
    })
    const [file = ''] = readdirSync(directory)
    expect(factsOf(file, readFileSync(join(directory, file), 'utf8'))).toEqual(facts.get('quay'))
  })
})
