const TOKEN_GO =
  'https://github.com/k3s-io/k3s/blob/0566d4571ef8e44fdc87aee1ddf42667256f5e84/pkg/clientaccess/token.go'
const NORMALIZE_GO =
  'https://github.com/k3s-io/k3s/blob/24a60f8e70fefba658eda5257c7505e7989ca76c/pkg/util/token.go'

export interface K3sText {
  /** As K3s logs it; `<url>` and `<hash>` stand for what differs. */
  readonly text: string
  readonly see: string
}

/** What K3s says of a token, word for word, so that a log can be searched for it. */
export const k3sTexts = {
  empty: { text: 'token must not be empty', see: TOKEN_GO },
  hashLength: { text: 'invalid token CA hash length', see: TOKEN_GO },
  format: { text: 'invalid token format', see: TOKEN_GO },
  hashMismatch: {
    text: 'token CA hash does not match the Cluster CA certificate hash: <hash> != <hash>',
    see: TOKEN_GO,
  },
  unpinned: {
    text: "Cluster CA certificate is not trusted by the host CA bundle, but the token does not include a CA hash. Use the full token from the server's node-token file to enable Cluster CA validation.",
    see: TOKEN_GO,
  },
  normalize: {
    text: 'failed to normalize server token; must be in format K10<CA-HASH>::<USERNAME>:<PASSWORD> or <PASSWORD>',
    see: NORMALIZE_GO,
  },
  agentEmpty: {
    text: '--token is required',
    see: 'https://github.com/k3s-io/k3s/blob/master/pkg/cli/agent/agent.go',
  },
  joinEmpty: {
    text: 'K3S_TOKEN is required to join a cluster',
    see: 'https://github.com/k3s-io/k3s/blob/master/pkg/cluster/bootstrap.go',
  },
  unauthorized: {
    text: '401 Unauthorized',
    see: 'https://github.com/k3s-io/k3s/blob/master/pkg/server/auth/auth.go',
  },
} as const satisfies Readonly<Record<string, K3sText>>

/** How an agent wraps whatever is wrong with its token; it tries again every 2 seconds, for ever. */
export const agentLoop = (text: string): string =>
  `Failed to validate connection to cluster at <url>: ${text}`

/** The manual's page on the forms of a token and on which node takes which. */
export const TOKEN_MANUAL = 'https://docs.k3s.io/cli/token'
