import { expect, test } from 'vitest'
import { Secret } from '../src/secret.ts'
import { parseToken } from '../src/token/form.ts'
import { inspectToken } from '../src/token/inspect.ts'
import type { Outcome } from '../src/token/outcome.ts'

const H = 'a'.repeat(64)
const X = 'X'.repeat(64)

/**
 * The vectors of K3s's own pkg/clientaccess/token_test.go and what follows from the sources of its servers and
 * agents, written out by hand. `parse` is the form; `agent`, `joining` and `first` what becomes of the token there.
 */
const vectors: readonly {
  readonly token: string
  readonly parse: string
  readonly agent: Outcome
  readonly joining: Outcome
  readonly first: Outcome
}[] = [
  { token: '', parse: 'token must not be empty', agent: 'refused', joining: 'refused', first: 'random' },
  { token: 'password', parse: 'short|password', agent: 'unpinned', joining: 'unpinned', first: 'works' },
  { token: 'a:b', parse: 'short|a:b', agent: 'unpinned', joining: 'unpinned', first: 'works' },
  { token: 'a::b', parse: 'short|a::b', agent: 'unpinned', joining: 'unpinned', first: 'works' },
  { token: ':a', parse: 'short|:a', agent: 'unpinned', joining: 'unpinned', first: 'works' },
  { token: '::', parse: 'short|::', agent: 'unpinned', joining: 'unpinned', first: 'works' },
  { token: ' ', parse: 'short| ', agent: 'mismatch', joining: 'mismatch', first: 'mismatch' },
  {
    token: '"password"',
    parse: 'short|"password"',
    agent: 'mismatch',
    joining: 'mismatch',
    first: 'mismatch',
  },
  { token: 'K10', parse: 'invalid token format', agent: 'refused', joining: 'refused', first: 'refused' },
  { token: 'K10abc', parse: 'invalid token format', agent: 'refused', joining: 'refused', first: 'refused' },
  { token: `K10${H}`, parse: 'invalid token format', agent: 'refused', joining: 'refused', first: 'refused' },
  {
    token: 'K10def.0123456789abcdef',
    parse: 'invalid token format',
    agent: 'refused',
    joining: 'refused',
    first: 'refused',
  },
  {
    token: 'K10abc:def',
    parse: 'secure|no ::|abc|def',
    agent: 'unpinned',
    joining: 'unpinned',
    first: 'mismatch',
  },
  { token: 'K10::', parse: 'invalid token format', agent: 'refused', joining: 'refused', first: 'refused' },
  { token: 'K10::x', parse: 'invalid token format', agent: 'refused', joining: 'refused', first: 'refused' },
  { token: 'K10::x:', parse: 'invalid token format', agent: 'refused', joining: 'refused', first: 'refused' },
  { token: 'K10::x:y', parse: 'secure||x|y', agent: 'unpinned', joining: 'unpinned', first: 'mismatch' },
  { token: 'K10:::y', parse: 'secure|||y', agent: 'unpinned', joining: 'unpinned', first: 'mismatch' },
  {
    token: 'K10::server:y',
    parse: 'secure||server|y',
    agent: 'unpinned',
    joining: 'unpinned',
    first: 'works',
  },
  {
    token: 'K10XX::x:y',
    parse: 'invalid token CA hash length',
    agent: 'refused',
    joining: 'refused',
    first: 'refused',
  },
  {
    token: 'K10abc::server:pw',
    parse: 'invalid token CA hash length',
    agent: 'refused',
    joining: 'refused',
    first: 'refused',
  },
  {
    token: `K10${X}::x:y`,
    parse: `secure|${X}|x|y`,
    agent: 'refused',
    joining: 'refused',
    first: 'mismatch',
  },
  {
    token: `K10${X}::server:y`,
    parse: `secure|${X}|server|y`,
    agent: 'refused',
    joining: 'refused',
    first: 'works',
  },
  {
    token: `K10${H}::server:pw`,
    parse: `secure|${H}|server|pw`,
    agent: 'works',
    joining: 'works',
    first: 'works',
  },
  {
    token: `K10${H}::node:pw`,
    parse: `secure|${H}|node|pw`,
    agent: 'works',
    joining: 'works',
    first: 'mismatch',
  },
  {
    token: `K10${H}::pw`,
    parse: 'invalid token format',
    agent: 'refused',
    joining: 'refused',
    first: 'refused',
  },
  {
    token: `K10${H}::`,
    parse: 'invalid token format',
    agent: 'refused',
    joining: 'refused',
    first: 'refused',
  },
  {
    token: `K10${H}::server:`,
    parse: 'invalid token format',
    agent: 'refused',
    joining: 'refused',
    first: 'refused',
  },
  {
    token: `K10${H}::server:a:b`,
    parse: `secure|${H}|server|a:b`,
    agent: 'works',
    joining: 'works',
    first: 'works',
  },
  {
    token: `K10${H}::server:a::b`,
    parse: `secure|${H}|server|a::b`,
    agent: 'works',
    joining: 'works',
    first: 'works',
  },
  {
    token: `K10${H}:server:pw`,
    parse: `secure|no ::|${H}|server:pw`,
    agent: 'mismatch',
    joining: 'mismatch',
    first: 'mismatch',
  },
  {
    token: `K10${'A'.repeat(64)}::server:pw`,
    parse: `secure|${'A'.repeat(64)}|server|pw`,
    agent: 'refused',
    joining: 'refused',
    first: 'works',
  },
  {
    token: `k10${H}::server:pw`,
    parse: `short|k10${H}::server:pw`,
    agent: 'mismatch',
    joining: 'mismatch',
    first: 'mismatch',
  },
  {
    token: ` K10${H}::server:pw`,
    parse: `short| K10${H}::server:pw`,
    agent: 'mismatch',
    joining: 'mismatch',
    first: 'mismatch',
  },
  {
    token: `K10${H}::server:pw\n`,
    parse: `secure|${H}|server|pw\n`,
    agent: 'mismatch',
    joining: 'mismatch',
    first: 'mismatch',
  },
  {
    token: 'abcdef.0123456789abcdef',
    parse: 'bootstrap||abcdef|0123456789abcdef',
    agent: 'unpinned',
    joining: 'refused',
    first: 'refused',
  },
  {
    token: 'K10::abcdef.0123456789abcdef',
    parse: 'bootstrap||abcdef|0123456789abcdef',
    agent: 'unpinned',
    joining: 'refused',
    first: 'refused',
  },
  {
    token: `K10${H}::abcdef.0123456789abcdef`,
    parse: `bootstrap|${H}|abcdef|0123456789abcdef`,
    agent: 'works',
    joining: 'refused',
    first: 'refused',
  },
  {
    token: 'ABCDEF.0123456789ABCDEF',
    parse: 'short|ABCDEF.0123456789ABCDEF',
    agent: 'mismatch',
    joining: 'unpinned',
    first: 'works',
  },
  {
    token: 'abcde.0123456789abcdef',
    parse: 'short|abcde.0123456789abcdef',
    agent: 'mismatch',
    joining: 'unpinned',
    first: 'works',
  },
  {
    token: 'abcdef.0123456789abcde',
    parse: 'short|abcdef.0123456789abcde',
    agent: 'mismatch',
    joining: 'unpinned',
    first: 'works',
  },
  {
    token: 'abcdef.0123456789abcdef\n',
    parse: 'short|abcdef.0123456789abcdef\n',
    agent: 'mismatch',
    joining: 'mismatch',
    first: 'mismatch',
  },
  {
    token: `K10${H}::server:abcdef.0123456789abcdef`,
    parse: `secure|${H}|server|abcdef.0123456789abcdef`,
    agent: 'works',
    joining: 'works',
    first: 'works',
  },
  {
    token: 'aaaaaa.bbbbbbbbbbbbbbbb',
    parse: 'bootstrap||aaaaaa|bbbbbbbbbbbbbbbb',
    agent: 'unpinned',
    joining: 'refused',
    first: 'refused',
  },
]

test.each(vectors)('$token', ({ token, parse, agent, joining, first }) => {
  const { form, serves } = inspectToken(new Secret(token))
  const shown =
    form.kind === 'malformed'
      ? form.error
      : [
          form.kind,
          ...('caHash' in form ? [form.caHash ?? 'no ::'] : []),
          ...('user' in form ? [form.user] : []),
          ...('id' in form ? [form.id] : []),
          form.password.reveal(),
        ].join('|')
  expect(shown).toBe(parse)
  expect([serves.agent.outcome, serves.joiningServer.outcome, serves.firstServer.outcome]).toEqual([
    agent,
    joining,
    first,
  ])
})

const NORMALIZE =
  'failed to normalize server token; must be in format K10<CA-HASH>::<USERNAME>:<PASSWORD> or <PASSWORD>'
const LOOP = 'Failed to validate connection to cluster at <url>: '
const MISMATCH = 'token CA hash does not match the Cluster CA certificate hash: <hash> != <hash>'
const UNPINNED =
  "Cluster CA certificate is not trusted by the host CA bundle, but the token does not include a CA hash. Use the full token from the server's node-token file to enable Cluster CA validation."

test.each([
  ['', '--token is required', 'K3S_TOKEN is required to join a cluster', undefined],
  ['harbour', UNPINNED, UNPINNED, undefined],
  ['K10::x', `${LOOP}invalid token format`, 'invalid token format', NORMALIZE],
  ['K10XX::x:y', `${LOOP}invalid token CA hash length`, 'invalid token CA hash length', NORMALIZE],
  [`K10${X}::server:y`, LOOP + MISMATCH, MISMATCH, undefined],
  [`K10${H}::server:pw`, undefined, undefined, undefined],
  [`K10${H}:server:pw`, '401 Unauthorized', '401 Unauthorized', undefined],
  [`K10${H}::abcdef.0123456789abcdef`, undefined, NORMALIZE, NORMALIZE],
])('%s: what K3s says on an agent, a joining and a first server', (token, agent, joining, first) => {
  const { serves } = inspectToken(new Secret(token))
  expect(serves.agent.says).toBe(agent)
  expect(serves.joiningServer.says).toBe(joining)
  expect(serves.firstServer.says).toBe(first)
})

test('the length of a CA hash is counted in bytes, as Go counts it', () => {
  expect(parseToken(`K10${'é'.repeat(32)}::server:pw`).kind).toBe('secure')
  expect(parseToken(`K10${'é'.repeat(64)}::server:pw`)).toEqual({
    kind: 'malformed',
    error: 'invalid token CA hash length',
  })
})

test.each([
  [' ', 'blank'],
  ['larch \n', 'surrounding-white-space'],
  ['larch\nbeech', 'line-break-inside'],
  ['"larch"', 'quotes-included'],
  [`x K10${H}::server:pw`, 'almost-secure'],
  [`K10${H}:server:pw`, 'one-colon'],
  ['K10abc:def', 'no-separator'],
  ['K10abcdef.0123456789abcdef', 'no-separator'],
  [`K10${'A'.repeat(64)}::server:pw`, 'hash-not-lower-case-hex'],
  [`K10${H}::server:abcdef.0123456789abcdef`, 'bootstrap-shaped-password'],
  ['abcdef.0123456789abcde', 'almost-bootstrap'],
  [':larch', 'colon-at-start'],
  ['larch', undefined],
  [`K10${H}::server:pw`, undefined],
  ['abcdef.0123456789abcdef', undefined],
])('%j: slip %s', (token, slip) => {
  expect(inspectToken(new Secret(token)).slip?.id).toBe(slip)
})
