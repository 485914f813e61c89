import { describe, expect, test } from 'vitest'
import { parseNodeSpec } from '../src/ansible/nodeSpec.ts'
import { Secret } from '../src/secret.ts'
import { type Answers, nodeText } from '../src/wizard/answers.ts'
import { endpointProblem, mendedRelease, releaseProblem, userProblem } from '../src/wizard/checks.ts'
import { change, complete, type Filling, readAnswers } from '../src/wizard/dialogue.ts'
import type { Question } from '../src/wizard/question.ts'
import { questionKeys, questions, questionTable } from '../src/wizard/questions.ts'
import { answersText } from '../src/wizard/saveAnswers.ts'
import { emptyScene, scripted, someAnswers } from './tools/wizard.ts'

const nodes = (...texts: readonly string[]) => texts.map(parseNodeSpec)

describe('the table of questions', () => {
  test('a misspelt question does not compile', () => {
    const { airgapDir, ...others } = questions
    // @ts-expect-error airgapDir is spelt airGapDir here
    const misspelt = { ...others, airGapDir: airgapDir } satisfies {
      readonly [K in keyof Answers]: Question<Answers[K]>
    }
    // @ts-expect-error and one that is left out does not compile either
    const lacking = { ...others } satisfies { readonly [K in keyof Answers]: Question<Answers[K]> }
    // @ts-expect-error nor does a question of another type
    const other = { ...questions, user: questions.agentToken } satisfies {
      readonly [K in keyof Answers]: Question<Answers[K]>
    }
    expect([misspelt, lacking, other]).toHaveLength(3)
  })

  test('every question names flags and keys that no other has', () => {
    const keys = questionKeys.flatMap((key) => questionTable[key].keys)
    expect(new Set(keys).size).toBe(keys.length)
    for (const key of questionKeys)
      for (const flag of questionTable[key].flags) expect(flag).toMatch(/^--[a-z0-9-]+/)
  })
})

describe('checks', () => {
  test.each([
    ['v1.36.5+k3s1', undefined],
    ['v1.36.5-rc1+k3s2', undefined],
    ['v1.36.5+k3s12', undefined],
    ['1.36.5+k3s1', 'did you mean v1.36.5+k3s1? That is how K3s names its releases'],
    ['v1.36.5', 'did you mean v1.36.5+k3s1? That is how K3s names its releases'],
    ['1.36.5', 'did you mean v1.36.5+k3s1? That is how K3s names its releases'],
    ['v1.36.5-k3s1', 'did you mean v1.36.5+k3s1? That is how K3s names its releases'],
    ['V1.36.5+K3S1', 'did you mean v1.36.5+k3s1? That is how K3s names its releases'],
    ['v1.36.5-rc1', 'did you mean v1.36.5-rc1+k3s1? That is how K3s names its releases'],
    ['stable', 'stable is a channel, and nodes must agree on one release: name it, such as v1.36.5+k3s1'],
    [
      'v1.36',
      'releases of K3s read like v1.36.5+k3s1, with v before and +k3s1 behind the version of Kubernetes',
    ],
    [
      'v1.036.5+k3s1',
      'releases of K3s read like v1.36.5+k3s1, with v before and +k3s1 behind the version of Kubernetes',
    ],
    [
      'v1.36.5+k3s0',
      'releases of K3s read like v1.36.5+k3s1, with v before and +k3s1 behind the version of Kubernetes',
    ],
    [
      'v1.36.5+k3s1; rm',
      'releases of K3s read like v1.36.5+k3s1, with v before and +k3s1 behind the version of Kubernetes',
    ],
    ['', 'name a release, such as v1.36.5+k3s1'],
  ])('release %j', (text, problem) => {
    expect(releaseProblem(text)).toBe(problem)
  })

  test('a mended release is one', () => {
    for (const text of ['1.2.3', 'v1.2.3-k3s4', '1.2.3-rc.1'])
      expect(releaseProblem(mendedRelease(text) ?? '')).toBeUndefined()
  })

  test.each([
    ['10.0.0.10', undefined],
    ['fd00::1', undefined],
    ['quay.example.com', undefined],
    ['{{ harbour_vip }}', undefined],
    ['', undefined],
    ['https://10.0.0.10:6443', 'only the name or the address, without https://'],
    ['[fd00::1]', 'an IPv6 address stands here without brackets'],
    [
      '10.0.0.10:6443',
      'only the name or the address; another port than 6443 is the inventory variable api_port',
    ],
    ['10.0.0.300', 'an IPv4 address has four numbers from 0 to 255'],
    ['quay example', 'neither an IP address nor a DNS name'],
  ])('endpoint %j', (text, problem) => {
    expect(endpointProblem(text)).toBe(problem)
  })

  test.each([
    ['ops', true],
    ['ops.larch@quay', true],
    ['two words', false],
    ['$(id)', false],
    ['-l', false],
  ])('login %j', (text, fits) => {
    expect(userProblem(text) === undefined).toBe(fits)
  })
})

const filling: Filling = { asker: undefined, takesPresets: false, silence: 'nobody is here' }

describe('the dialogue', () => {
  test('asks everything in order, and keeps what is answered', async () => {
    const asker = scripted([
      ['larch=10.0.0.1', 'elm=10.0.0.3 ash=10.0.0.4'],
      ['quince=10.0.0.2,arch=arm64'],
      '',
      '',
      '10.0.0.10',
      'airgap',
      'typed',
      new Secret('marker-harbour-Token-4711'),
      true,
      'new',
      '',
    ])
    const scene = emptyScene({ login: { name: 'ops', why: 'a guess' } })
    const answers = await complete({}, scene, { ...filling, asker })
    expect(asker.asked).toEqual([
      'Servers',
      'Agents',
      'Login',
      'K3s release',
      'API endpoint',
      'Airgap directory',
      'Join token',
      'The token',
      'A token of their own for agents?',
      'Vault password',
      'New password file',
    ])
    expect(answers).toMatchObject({
      inventory: 'inventory.yml',
      user: 'ops',
      k3sVersion: 'v1.36.5+k3s1',
      apiEndpoint: '10.0.0.10',
      airgapDir: 'airgap',
      agentToken: true,
      vault: { kind: 'new' },
    })
    expect(answers.servers.map(nodeText)).toEqual(['larch=10.0.0.1', 'elm=10.0.0.3', 'ash=10.0.0.4'])
    expect(answers.agents.map(nodeText)).toEqual(['quince=10.0.0.2,arch=arm64'])
    expect(JSON.stringify(answers)).not.toContain('marker')
  })

  test('asks nothing that is given', async () => {
    const { inventory, ...given } = someAnswers({ vault: { kind: 'new', path: '/quay/pw' } })
    const asker = scripted([])
    expect(await complete(given, emptyScene(), { ...filling, asker })).toEqual({ inventory, ...given })
    expect(asker.asked).toEqual([])
  })

  test('names every flag that would have answered, and an example, where nobody can be asked', async () => {
    await expect(complete({ user: 'ops' }, emptyScene(), filling)).rejects.toMatchObject({
      name: 'UserError',
      message: expect.stringMatching(
        /^nobody is here, and these answers are missing:\n {4}Servers {9}--server NAME\[=ADDRESS] \| --nodes-csv FILE [\s\S]*--k3s-version VERSION[\s\S]*--api-endpoint[\s\S]*--airgap-dir[\s\S]*--token-file[\s\S]*--agent-token[\s\S]*--vault-password-file FILE/,
      ),
      fix: expect.stringContaining('k3seal init --server s1=10.0.0.11'),
    })
    await expect(complete({ user: 'ops' }, emptyScene(), filling)).rejects.not.toMatchObject({
      message: expect.stringContaining('--user'),
    })
  })

  test('--yes takes what has a preset; servers and a vault password have none', async () => {
    const error = await complete({}, emptyScene(), { ...filling, takesPresets: true }).catch(
      (thrown) => thrown,
    )
    expect(
      error.message
        .split('\n')
        .slice(1)
        .map((line: string) => line.trim().split(/ {2,}/)[0]),
    ).toEqual(['Servers', 'Vault password'])
    const scene = emptyScene({ vaultSources: ['pw (ansible.cfg:2:1)'] })
    const answers = await complete({ servers: nodes('larch') }, scene, { ...filling, takesPresets: true })
    expect(answers).toMatchObject({
      agents: [],
      token: { kind: 'new' },
      agentToken: false,
      vault: { kind: 'configured' },
    })
  })

  test.each([
    ['larch', 'larch', 'node larch is named twice'],
    ['larch', 'Larch', 'have one name to Kubernetes'],
    ['larch=10.0.0.1', 'elm=10.0.0.1', 'nodes larch and elm have one address, 10.0.0.1'],
    ['larch', 'elm_1', 'write - for _: elm-1'],
    ['larch', 'elm=10.0.0.1,arch=riscv', 'K3s is not made for the architecture "riscv"'],
  ])('refuses after %j the server %j', async (first, second, words) => {
    const asker = scripted([[first, second]])
    await expect(questions.servers.ask(asker, emptyScene(), {})).rejects.toThrow(words)
  })

  test('an agent may not be a server', async () => {
    const draft = { servers: nodes('larch=10.0.0.1') }
    await expect(questions.agents.ask(scripted([['larch']]), emptyScene(), draft)).rejects.toThrow(
      'node larch is named as a server and as an agent',
    )
  })

  test('a cluster has a server', async () => {
    await expect(questions.servers.ask(scripted([[]]), emptyScene(), {})).rejects.toThrow(
      'a cluster needs at least one server',
    )
  })

  test('names and patterns are looked up in an ssh_config', async () => {
    const known = {
      larch: nodes('larch=10.0.0.7,user=ssh'),
      'elm-*': nodes('elm-1=10.0.0.8', 'elm-2=10.0.0.9'),
    }
    const scene = emptyScene({ sshHosts: (pattern) => known[pattern as keyof typeof known] ?? [] })
    const answer = await questions.servers.ask(scripted([['larch', 'elm-*', 'ash']]), scene, {})
    expect(answer.map(nodeText)).toEqual([
      'larch=10.0.0.7,user=ssh',
      'elm-1=10.0.0.8',
      'elm-2=10.0.0.9',
      'ash',
    ])
    await expect(questions.servers.ask(scripted([['oak-*']]), scene, {})).rejects.toThrow('has no host oak-*')
  })

  test('a changed answer opens the question that it makes necessary', async () => {
    const scene = emptyScene({
      existing: {
        servers: nodes('larch'),
        agents: [],
        user: 'ops',
        k3sVersion: 'v1.36.5+k3s1',
        apiEndpoint: undefined,
        airgapDir: undefined,
        hasToken: true,
        hasAgentToken: false,
        foreignToken: undefined,
      },
    })
    const asker = scripted([true, 'typed'])
    const changed = await change('agentToken', someAnswers(), scene, asker)
    expect(asker.asked).toEqual(['A token of their own for agents?', 'Vault password'])
    expect(changed.vault).toMatchObject({ kind: 'given', ask: true })
  })
})

describe('answers files', () => {
  const source = (text: string) => ({ path: 'answers.yml', directory: '/quay', text })
  const full = someAnswers({
    servers: nodes('larch=10.0.0.1,port=2222', 'elm=[fd00::2],arch=arm64,user=root', 'ash'),
    apiEndpoint: '10.0.0.10',
    airgapDir: 'air gap',
    token: { kind: 'file', path: '/quay/token' },
    agentToken: true,
    vault: {
      kind: 'given',
      vaultIds: ['prod@/quay/pw', 'dev@prompt', 'old@~/pw'],
      passwordFiles: ['/elsewhere/pw'],
      ask: false,
      encryptWith: 'prod',
    },
  })
  const relative = (path: string) => path.replace(/^\/quay\//, '')

  test.each([
    ['everything', full],
    ['what is left out', someAnswers({ user: undefined, agents: [] })],
    ['a new password', someAnswers({ vault: { kind: 'new', path: '/quay/pw' } })],
    ['standard input', someAnswers({ token: { kind: 'stdin' } })],
  ])('give back %s', (_, answers) => {
    expect(readAnswers(source(answersText(answers, relative)))).toEqual(answers)
  })

  test('hold no typed token', () => {
    const text = answersText(
      someAnswers({ token: { kind: 'typed', token: new Secret('marker-Token') } }),
      relative,
    )
    expect(text).not.toContain('marker')
    expect(readAnswers(source(text))).not.toHaveProperty('token')
  })

  test('take nodes as mappings too', () => {
    const text = 'agents:\n  - {name: quince, address: 10.0.0.2, arch: aarch64, port: 2222}\n  - name: pear\n'
    expect(readAnswers(source(text)).agents?.map(nodeText)).toEqual([
      'quince=10.0.0.2,arch=arm64,port=2222',
      'pear',
    ])
  })

  test('say nothing of what they leave out, and null is an answer', () => {
    expect(readAnswers(source('user: ops\n'))).toEqual({ user: 'ops' })
    expect(readAnswers(source('airgap_dir:\napi_endpoint: null\n'))).toEqual({
      airgapDir: undefined,
      apiEndpoint: undefined,
    })
    expect(readAnswers(source('# nothing\n'))).toEqual({})
  })

  test.each([
    [
      'user: ops\nk3s_verson: v1\n',
      'answers.yml:2:1',
      'there is no answer k3s_verson',
      'did you mean k3s_version?',
    ],
    [
      'user: ops\nk3s_version: 1.36\n',
      'answers.yml:2:14',
      'k3s_version is a number; it takes one text',
      'quote it',
    ],
    [
      'k3s_version: 1.36.5\n',
      'answers.yml:1:14',
      'did you mean v1.36.5+k3s1? That is how K3s names its releases',
      'write it like v1.36.5+k3s1',
    ],
    [
      'servers: larch\n',
      'answers.yml:1:10',
      'servers is a text; it takes a list of nodes',
      'write a list of nodes',
    ],
    [
      'servers:\n  - larch=1.2.3\n',
      'answers.yml:2:5',
      'node larch: 1.2.3 is neither an IPv4 or IPv6 address nor a DNS name',
      'write it like 10.0.0.1, fd00::1 or host.example.com',
    ],
    [
      'servers:\n  - {name: larch, adress: 10.0.0.1}\n',
      'answers.yml:2:19',
      'there is no answer adress',
      'did you mean address?',
    ],
    ['servers:\n  - {address: 10.0.0.1}\n', 'answers.yml:2:5', 'a node in servers has no name', 'add name:'],
    [
      'agent_token: "yes"\n',
      'answers.yml:1:14',
      'agent_token is a text; it takes true or false',
      'write true or false',
    ],
    [
      'token: harbour\n',
      'answers.yml:1:1',
      'an answers file holds no secret, so it has no token',
      'take the secret out; name a file that holds it: token_file or vault_password_file',
    ],
    [
      'vault_password: harbour\n',
      'answers.yml:1:1',
      'an answers file holds no secret, so it has no vault_password',
      'take the secret out; name a file that holds it: token_file or vault_password_file',
    ],
    [
      'token_file: t\ntoken_stdin: true\n',
      'answers.yml:2:14',
      'token_file and token_stdin are two answers',
      'keep one of them',
    ],
    [
      'new_vault_password: p\nask_vault_pass: true\n',
      'answers.yml:1:21',
      'new_vault_password and another vault password are two answers',
      'keep one of them',
    ],
    [
      '- larch\n',
      'answers.yml:1:1',
      'an answers file is a mapping of keys to answers',
      expect.stringContaining('k3s_version'),
    ],
    ['user: ops\nuser: larch\n', 'answers.yml:2:1', expect.stringContaining('twice'), expect.any(String)],
    ['user: [\n', expect.stringMatching(/^answers\.yml:\d+:\d+$/), expect.any(String), expect.any(String)],
  ])('refuse %j with the place', (text, at, message, fix) => {
    let thrown: unknown
    try {
      readAnswers(source(text))
    } catch (error) {
      thrown = error
    }
    expect(thrown).toMatchObject({ name: expect.stringMatching(/^UserError$/), at, message, fix })
    expect(String((thrown as Error).message)).not.toContain('harbour')
  })
})
