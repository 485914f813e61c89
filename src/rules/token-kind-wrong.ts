import type { Rule } from '../lint/rule.ts'
import { type Literal, literalsOf } from './common/literals.ts'

export const tokenKindWrong: Rule = {
  id: 'token-kind-wrong',
  severity: 'error',
  summary: 'Join token of the wrong kind for its node',
  why: 'K3s has passwords, full tokens (K10, the hash of the CA, a user, a password) and bootstrap tokens (six characters, a dot, sixteen more). Servers take no bootstrap token, and a server that founds a cluster takes off a full token only what it knows: the rest becomes its password.',
  fix: 'give the password alone, or make one: k3seal token new',
  see: [
    'https://docs.k3s.io/cli/token',
    'https://github.com/k3s-io/k3s/blob/24a60f8e70fefba658eda5257c7505e7989ca76c/pkg/util/token.go',
    'k3s-io/k3s#10740',
  ],
  bad: [
    {
      title: 'a bootstrap token for servers',
      files: {
        'group_vars/k3s_cluster.yml': `
k3s_version: v1.31.2+k3s1
token: q7w2ne.4k8s0d1v6h3m9x5p
       ^^^^^^^^^^^^^^^^^^^^^^^ servers refuse bootstrap tokens, which can only join agents
`,
      },
    },
    {
      title: 'a bootstrap token as agent token of the servers, and the token of a node as theirs',
      files: {
        'files/k3s/config.yaml': `
cluster-init: true
token: K100123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef::node:f3a9c07e51b24d8896cc01d2ab7743fe
       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ the first server strips K10…::server: off a token and nothing else: all of this text becomes its password, which no other node sends
agent-token: q7w2ne.4k8s0d1v6h3m9x5p
             ^^^^^^^^^^^^^^^^^^^^^^^ servers keep this agent token as a password, but agents send it as a bootstrap token and get 401
`,
      },
    },
  ],
  good: [
    {
      title: 'a bootstrap token where agents get it',
      files: {
        'roles/edge_agent/templates/k3s-agent.service.env.j2': `
K3S_TOKEN={{ harbour_key }}
`,
        'group_vars/agent.yml': `
harbour_key: "{{ vault_harbour_key }}"
`,
      },
    },
  ],
  *check(analysis) {
    for (const literal of literalsOf(analysis)) {
      const { site, placeholder } = literal
      const message = placeholder === undefined ? wrongKind(literal) : undefined
      if (message !== undefined) yield { at: site.at, message, secrets: [site.at] }
    }
  },
}

function wrongKind({ site: { use }, inspection: { form, slip } }: Literal): string | undefined {
  const forServers = use === 'server' || use === 'both'
  if (form.kind === 'bootstrap') {
    if (forServers) return 'servers refuse bootstrap tokens, which can only join agents'
    return use === 'agent-token'
      ? 'servers keep this agent token as a password, but agents send it as a bootstrap token and get 401'
      : undefined
  }
  if (form.kind !== 'secure' || slip !== undefined) return undefined
  if (forServers && form.user !== 'server')
    return 'the first server strips K10…::server: off a token and nothing else: all of this text becomes its password, which no other node sends'
  if (use === 'agent-token' && form.user !== 'node')
    return 'servers strip K10…::node: off an agent token and nothing else: all of this text becomes the password, which no agent sends'
  return undefined
}
