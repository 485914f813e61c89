import { describe, expect, test } from 'vitest'
import { scenarioFilter } from '../src/commands/trace/scenarios.ts'
import type { Scenario } from '../src/flow/rehearsal.ts'
import { Facets } from '../src/lint/facets.ts'
import { hostWords } from '../src/lint/hostWords.ts'
import { wordMask } from '../src/lint/wordMask.ts'

describe('scenarios in words', () => {
  const online: Scenario = { k3s: 'absent', airgapped: false }
  const airgapped: Scenario = { k3s: 'absent', airgapped: true }
  const onlineAgain: Scenario = { k3s: 'present', airgapped: false, again: true }
  const airgappedAgain: Scenario = { k3s: 'present', airgapped: true, again: true }
  const older: Scenario = { k3s: 'older', airgapped: false, again: true }
  const openrc: Scenario = { k3s: 'absent', airgapped: false, manager: 'openrc' }
  const all = [online, airgapped, onlineAgain, airgappedAgain, older, openrc]
  const facets = new Facets(all)

  test.each<[string, readonly Scenario[], readonly string[]]>([
    ['all of them need none', all, []],
    ['one question tells', [airgapped, airgappedAgain], ['airgapped']],
    ['what is not said is as usual', [openrc], ['OpenRC']],
    ['two questions tell', [airgappedAgain], ['airgapped, run again']],
    ['two phrases, where no single one does', [openrc, airgapped, airgappedAgain], ['airgapped', 'OpenRC']],
    ['the release that was there', [older], ['run again over an older K3s']],
  ])('%s', (_, some, phrases) => {
    expect(facets.phrases(some)).toEqual(phrases)
  })

  test('what varies is told once', () => {
    expect(facets.count).toBe(6)
    expect(facets.varied).toEqual([
      'online or airgapped',
      'first run, run again or run again over an older K3s',
      'systemd or OpenRC',
    ])
    expect(new Facets([airgappedAgain]).common).toEqual(['airgapped', 'run again'])
  })

  test('a scenario is called the same whatever it is told apart from', () => {
    const several: Scenario = { k3s: 'absent', servers: 'several' }
    const olderSeveral: Scenario = { k3s: 'older', again: true, servers: 'several' }
    const first: Scenario = { k3s: 'absent' }
    const olderAgain: Scenario = { k3s: 'older', again: true }
    const again: Scenario = { k3s: 'present', again: true }
    const sample = new Facets([several, first, olderSeveral, olderAgain, again])
    expect(sample.varied).toEqual([
      'first run, run again over an older K3s or run again',
      'one server or several servers',
    ])
    expect(sample.phrases([several, first, again])).toEqual(['first run', 'run again'])
    expect(sample.phrases([olderSeveral, olderAgain])).toEqual(['run again over an older K3s'])
    expect(sample.phrases([olderSeveral])).toEqual(['run again over an older K3s, several servers'])
    const upkeep = new Facets([{ k3s: 'present' }, { k3s: 'older' }])
    expect(upkeep.varied).toEqual(['over the same K3s or over an older K3s'])
    expect(upkeep.phrases([{ k3s: 'older' }])).toEqual(['over an older K3s'])
  })

  test.each<[string, readonly Scenario[]]>([
    ['airgapped', [airgapped, airgappedAgain]],
    ['airgapped,first-run', [airgapped]],
    ['airgapped,online,again', [onlineAgain, airgappedAgain, older]],
    ['openrc', [openrc]],
    ['older', [older]],
    ['token-not-given', []],
    ['token-given,systemd,first-run', [online, airgapped]],
  ])('--scenario %s', (words, chosen) => {
    expect(all.filter(scenarioFilter(words.split(',')))).toEqual(chosen)
  })
})

test.each([
  [['a1'], 'agent a1'],
  [['a1', 'a2'], 'agents a1 and a2'],
  [['a1', 'a2', 'a3', 'a4'], 'agents a1, a2, a3 and a4'],
  [Array.from({ length: 50 }, (_, index) => `a${index + 1}`), 'agents a1, a2 and 48 more'],
])('names hosts: %#', (hosts, words) => {
  expect(hostWords('agent', hosts)).toBe(words)
})

describe('words that quote the project', () => {
  const shown = wordMask(
    { texts: new Set(['sesame']), words: new Set(['server', 'k3s_token']) },
    new Set(['outer-berth-07', 'sesame']),
  )

  test.each([
    ["not (answer.stdout == 'sesame')", "not (answer.stdout == '••••')"],
    ["harbour_key | default('opal')", "harbour_key | default('••••')"],
    ["berths[quay | default('east')] | default('opal')", "berths[quay | default('east')] | default('••••')"],
    ["harbour_key == 'Qx7-quince.Rk29vTz'", "harbour_key == '••••'"],
    ["harbour_name == 'outer-berth-07'", "harbour_name == 'outer-berth-07'"],
    ["harbour_name == 'outer-berth-08'", "harbour_name == '••••'"],
    ["ansible_facts.os_family == 'RedHat'", "ansible_facts.os_family == 'RedHat'"],
    ["'v1.31.0+k3s1' is version(release, '<=')", "'v1.31.0+k3s1' is version(release, '<=')"],
    ["hostvars['control-plane-1'].stdout", "hostvars['control-plane-1'].stdout"],
    [
      "ends here: 'hostvars['quay-1'].harbour_key2_of_all' is undefined",
      "ends here: 'hostvars['quay-1'].harbour_key2_of_all' is undefined",
    ],
    [
      "'hostvars[groups['quays-1'][0]].harbour_key2_of_all' is undefined",
      "'hostvars[groups['quays-1'][0]].harbour_key2_of_all' is undefined",
    ],
    ["'berths2_of_the_harbour' is undefined", "'berths2_of_the_harbour' is undefined"],
    [
      "'berths['a' if x == 'Qx7-quince.Rk29vTz' else 'b'].key' is undefined",
      "'berths['a' if x == '••••' else 'b'].key' is undefined",
    ],
    ["{'a': 'Qx7-quince.Rk29vTz'}.x and 'y' is undefined", "{'a': '••••'}.x and 'y' is undefined"],
    ["x == 'Qx7-quince.Rk29vTz' is undefined", "x == '••••' is undefined"],
    ['writes /etc/systemd/system/k3s.service.env', 'writes /etc/systemd/system/k3s.service.env'],
    ['vault_k3s_token is set here', 'vault_k3s_token is set here'],
    ["not (answer.stdout == 'server')", "not (answer.stdout == '••••')"],
    ["berths['server'].kind != 'server'", "berths['server'].kind != '••••'"],
    ["answer.stdout in ['server', 'agent']", "answer.stdout in ['••••', 'agent']"],
    ["'server' is undefined", "'server' is undefined"],
    ["'k3s_token' is undefined, and 'k3s_token' in quays", "'k3s_token' is undefined, and '••••' in quays"],
    ['k3s_token is set here', 'k3s_token is set here'],
    ['writes /etc/rancher/k3s/server/server.env', 'writes /etc/rancher/k3s/server/server.env'],
    [
      'no file here sets vault_berth_token: it is taken to stand in a vault that is not here',
      'no file here sets vault_berth_token: it is taken to stand in a vault that is not here',
    ],
    [
      "the play ends here for token-1: 'groups.nowhere' is undefined",
      "the play ends here for token-1: 'groups.nowhere' is undefined",
    ],
    ["the play ends here for token-1: sesame, 'opal'", "the play ends here for token-1: ••••, 'opal'"],
    ["berth_token == ''", "berth_token == ''"],
    ["not berth_token == 'opal'", "not berth_token == '••••'"],
    ["{'berth_token': 'opal', 'depth': 4}.berth_token", "{'berth_token': '••••', 'depth': 4}.berth_token"],
    ["{'depth': 4, 'berth_token': 1234567}.depth", "{'depth': 4, 'berth_token': ••••}.depth"],
    ["moor(berth_token='opal')", "moor(berth_token='••••')"],
    ['the unit runs k3s agent --token opal', 'the unit runs k3s agent --token ••••'],
  ])('%s', (words, safe) => {
    expect(shown(words)).toBe(safe)
  })
})
