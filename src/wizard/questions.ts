import { stableRelease } from '../facts/k3s.ts'
import type { Answers } from './answers.ts'
import { endpointProblem, releaseProblem, userProblem } from './checks.ts'
import { nodeQuestion } from './nodeQuestion.ts'
import type { Question } from './question.ts'
import { tokenQuestion, vaultQuestion } from './vaultQuestion.ts'

/** In the order in which they are asked: later ones may look at the answers of earlier ones. */
export const questions = {
  inventory: {
    title: 'Inventory',
    flags: ['--inventory FILE'],
    keys: ['inventory'],
    preset: ({ inventories }) =>
      inventories.length > 1 ? undefined : { answer: inventories[0] ?? 'inventory.yml' },
    isOpen: ({ inventories }) => inventories.length > 1,
    ask: (asker, { inventories }, draft) =>
      asker.choose({
        message: 'Inventory',
        explanation: 'The project has several; this one is extended.',
        choices: inventories.map((path) => ({ value: path, name: path })),
        ...(draft.inventory === undefined ? {} : { preset: draft.inventory }),
      }),
    read: (fields) => fields.text('inventory') ?? 'inventory.yml',
    write: (path) => [{ key: 'inventory', value: path }],
    show: (path, { existing }) => (existing === undefined ? path : `${path} (extended)`),
  },
  servers: nodeQuestion('servers'),
  agents: nodeQuestion('agents'),
  user: {
    title: 'Login',
    flags: ['--user NAME'],
    keys: ['user'],
    preset: ({ existing, login }) => ({ answer: existing?.user ?? login?.name }),
    async ask(asker, scene, draft) {
      const { existing, login } = scene
      const line = await asker.line({
        message: 'Login',
        explanation: `The user that Ansible logs in as, and that may become root with sudo.${
          existing?.user === undefined && login !== undefined ? ` ${login.name} is ${login.why}.` : ''
        }`,
        preset: draft.user ?? existing?.user ?? login?.name,
        blank: 'as ssh decides',
        problem: (text) => (text === '-' ? undefined : userProblem(text)),
      })
      return noneOr(line)
    },
    read: (fields) =>
      checked(fields.text('user'), userProblem, (problem) => fields.refuse('user', problem, 'correct it')),
    write: (user) => [{ key: 'user', value: user ?? null }],
    show: (user) => user ?? 'as ssh decides',
  },
  k3sVersion: {
    title: 'K3s release',
    flags: ['--k3s-version VERSION'],
    keys: ['k3s_version'],
    preset: ({ existing }) => ({ answer: existing?.k3sVersion ?? stableRelease.version }),
    ask: (asker, { existing }, draft) =>
      asker.line({
        message: 'K3s release',
        explanation:
          existing?.k3sVersion === undefined
            ? `What all nodes run. ${stableRelease.version} is the stable one, since ${stableRelease.since}.`
            : 'What all nodes run. Another release than now is an upgrade, at the next run of the playbook.',
        preset: draft.k3sVersion ?? existing?.k3sVersion ?? stableRelease.version,
        problem: (line) => (line === existing?.k3sVersion ? undefined : releaseProblem(line)),
      }),
    read: (fields) =>
      checked(fields.text('k3s_version') ?? stableRelease.version, releaseProblem, (problem) =>
        fields.refuse('k3s_version', problem, `write it like ${stableRelease.version}`),
      ),
    write: (version) => [{ key: 'k3s_version', value: version }],
    show: (version) => version,
  },
  apiEndpoint: {
    title: 'API endpoint',
    flags: ['--api-endpoint ADDRESS'],
    keys: ['api_endpoint'],
    preset: ({ existing }) => ({ answer: existing?.apiEndpoint }),
    async ask(asker, { existing }, draft) {
      const first = draft.servers?.[0]
      const preset = draft.apiEndpoint ?? existing?.apiEndpoint
      const line = await asker.line({
        message: 'API endpoint',
        explanation: `Where agents, joining servers and kubectl reach the cluster: a load balancer or a virtual IP, or the first server.${clearing(preset, 'the first server')}`,
        preset,
        blank: `the first server, ${first?.address ?? first?.name ?? 'as the inventory has it'}`,
        problem: (text) => (text === '-' ? undefined : endpointProblem(text)),
      })
      return noneOr(line)
    },
    read: (fields) =>
      checked(fields.text('api_endpoint'), endpointProblem, (problem) =>
        fields.refuse('api_endpoint', problem, 'correct it, or leave it empty for the first server'),
      ),
    write: (endpoint) => [{ key: 'api_endpoint', value: endpoint ?? null }],
    show: (endpoint, _, { servers }) =>
      endpoint ?? `the first server, ${servers[0]?.address ?? servers[0]?.name ?? ''}`,
  },
  airgapDir: {
    title: 'Airgap',
    flags: ['--airgap-dir DIR'],
    keys: ['airgap_dir'],
    preset: ({ existing, airgapDir }) => ({
      answer: existing === undefined ? airgapDir : existing.airgapDir,
    }),
    async ask(asker, scene, draft) {
      const preset =
        draft.airgapDir ?? (scene.existing === undefined ? scene.airgapDir : scene.existing.airgapDir)
      const line = await asker.line({
        message: 'Airgap directory',
        explanation: `For nodes without internet: the directory on this machine that holds K3s and its images. A relative path starts at the inventory.${clearing(preset, 'no airgap')}`,
        preset,
        blank: 'none: nodes download K3s',
        problem: (text) =>
          text !== '-' && scene.kindOf(text) === 'file'
            ? 'that is a file, and a directory is wanted'
            : undefined,
        note: (_, text) =>
          text !== '-' && text !== '' && scene.kindOf(text) === 'absent'
            ? 'not there yet; it has to be when the playbook runs'
            : undefined,
      })
      return noneOr(line)
    },
    read: (fields) => fields.text('airgap_dir'),
    write: (directory) => [{ key: 'airgap_dir', value: directory ?? null }],
    show: (directory) => directory ?? 'no: nodes download K3s',
  },
  token: tokenQuestion,
  agentToken: {
    title: 'Agent token',
    flags: ['--agent-token', '--no-agent-token'],
    keys: ['agent_token'],
    preset: ({ existing }) => ({ answer: existing?.hasAgentToken ?? false }),
    isOpen: ({ existing }) => existing?.hasAgentToken !== true && existing?.foreignToken === undefined,
    ask: (asker, _, draft) =>
      asker.yes({
        message: 'A token of their own for agents?',
        explanation:
          'With the one token, whoever reads it on an agent can join a server, and with it own the cluster. Decide before the first install: every server has to know both.',
        preset: draft.agentToken ?? false,
      }),
    read: (fields) => fields.flag('agent_token'),
    write: (wanted) => [{ key: 'agent_token', value: wanted }],
    show: (wanted, { existing }) =>
      wanted
        ? existing?.hasAgentToken
          ? 'the one in the inventory'
          : 'a new one, vaulted'
        : 'none: agents use the join token',
  },
  vault: vaultQuestion,
} satisfies { readonly [K in keyof Answers]: Question<Answers[K]> }

/** The same table, typed so that `questionTable[key]` with `K extends keyof Answers` is a `Question<Answers[K]>`. */
export const questionTable: { readonly [K in keyof Answers]: Question<Answers[K]> } = questions

export const questionKeys = Object.keys(questions) as readonly (keyof Answers)[]

/** How to say none where Enter would take a preset. */
function clearing(preset: string | undefined, none: string): string {
  return preset === undefined ? '' : ` Type - for ${none}.`
}

function noneOr(line: string): string | undefined {
  return line === '' || line === '-' ? undefined : line
}

function checked<T extends string | undefined>(
  text: T,
  problemOf: (text: string) => string | undefined,
  refuse: (problem: string) => never,
): T {
  const problem = text === undefined ? undefined : problemOf(text)
  return problem === undefined ? text : refuse(problem)
}
