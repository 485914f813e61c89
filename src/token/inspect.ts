import { sampleTokens } from '../facts/samples.ts'
import { TOKEN_MANUAL } from '../facts/tokenTexts.ts'
import type { Secret } from '../secret.ts'
import { caHashOf } from './caHash.ts'
import { parseToken, passwordOffset, type TokenForm } from './form.ts'
import { type Serves, servesOf } from './serves.ts'
import { type SinkHazard, sinkHazards } from './sinks.ts'
import { type Slip, slipIn, slipOfPassword } from './slips.ts'
import { type Strength, strengthOf } from './strength.ts'

export interface TokenProblem {
  readonly severity: 'error' | 'warning'
  /** The cause. Never holds a part of the token. */
  readonly message: string
  /** The cure. */
  readonly fix: string
}

/** Whether a token's CA hash is that of a cluster. */
export type CaVerdict =
  /** No certificate was given. */
  | { readonly verdict: 'unchecked' }
  /** The token has none, so that nodes trust whichever server answers first. `expected` is what it would be. */
  | { readonly verdict: 'absent'; readonly expected: string }
  | {
      readonly verdict: 'match'
      readonly expected: string
      readonly of: 'file' | 'root' | 'unverified-chain'
    }
  /** The token names the certificate, but the file is not byte for byte what the server serves. */
  | { readonly verdict: 'match-rewritten'; readonly expected: string }
  | {
      readonly verdict: 'mismatch'
      readonly expected: string
      readonly of: 'file' | 'root' | 'unverified-chain'
    }

/** What can be said of a token without showing it. */
export interface Inspection {
  readonly form: TokenForm
  readonly serves: Serves
  readonly caHash: CaVerdict
  readonly strength: Strength
  readonly entropyBits: number
  readonly slip: Slip | undefined
  /** The page that prints the token, where one is known. */
  readonly sample: { readonly see: string } | undefined
  readonly hazards: readonly SinkHazard[]
  /** All that is wrong with it whatever it is for; empty where it is strong and comes out everywhere as it went in. */
  readonly problems: readonly TokenProblem[]
}

const NEW_TOKEN = 'make a new one: k3seal token new'

/** `ca`: the bytes of a server's `/cacerts`, which is its `server/tls/server-ca.crt`. */
export function inspectToken(
  token: Secret,
  { ca }: { readonly ca?: Uint8Array | undefined } = {},
): Inspection {
  const text = token.reveal()
  const form = parseToken(text)
  const slip = slipIn(text, form)
  const caHash = caVerdict(form, ca)
  const caMatches =
    caHash.verdict === 'unchecked' || caHash.verdict === 'absent' ? undefined : caHash.verdict !== 'mismatch'
  const strength = strengthOf(passwordOf(form))
  const sample = sampleOf(text, form)
  const hazards = sinkHazards(text)
  return {
    form,
    serves: servesOf(form, slip, caMatches),
    caHash,
    strength,
    entropyBits: strength.bits,
    slip,
    sample,
    hazards,
    problems: [
      ...formProblems(form, slip),
      ...caProblems(caHash),
      ...strengthProblems(form, strength, sample),
      ...hazardProblems(text, form, hazards),
    ],
  }
}

/**
 * What is wrong with a token that shall be the server token (of all servers, and of agents without a token of their
 * own) or the agent token (`--agent-token` of the servers, `K3S_TOKEN` of the agents) of a cluster.
 */
export function tokenProblems(token: Secret, use: 'server' | 'agent'): readonly TokenProblem[] {
  const { form, slip, strength, sample, hazards } = inspectToken(token)
  return [
    ...formProblems(form, slipOfPassword(slip)),
    ...useProblems(form, use),
    ...strengthProblems(form, strength, sample),
    ...hazardProblems(token.reveal(), form, hazards),
  ]
}

function formProblems(form: TokenForm, slip: Slip | undefined): readonly TokenProblem[] {
  if (form.kind === 'malformed')
    return [
      {
        severity: 'error',
        message: `K3s refuses it: ${form.error}`,
        fix: form.error.includes('empty') ? NEW_TOKEN : `write it as ${TOKEN_MANUAL} says, or ${NEW_TOKEN}`,
      },
    ]
  return slip === undefined ? [] : [{ severity: slip.severity, message: slip.message, fix: slip.fix }]
}

function useProblems(form: TokenForm, use: 'server' | 'agent'): readonly TokenProblem[] {
  const error = (message: string, fix: string): readonly TokenProblem[] => [
    { severity: 'error', message, fix },
  ]
  if (form.kind === 'bootstrap')
    return use === 'server'
      ? error('a bootstrap token can only join agents; servers refuse it', NEW_TOKEN)
      : error(
          'a bootstrap token can be no agent token: servers would keep it as a password, while agents send it as a bootstrap token and get 401',
          NEW_TOKEN,
        )
  if (form.kind !== 'secure') return []
  const wanted = use === 'server' ? 'server' : 'node'
  if (form.user === wanted && form.caHash !== undefined) return []
  return error(
    `K3s takes only K10<CA hash>::${wanted}: off the token that a server is given here, so the whole of this text would become the password`,
    'give the password alone, or make one: k3seal token new',
  )
}

function caProblems(caHash: CaVerdict): readonly TokenProblem[] {
  if (caHash.verdict !== 'mismatch') return []
  return [
    {
      severity: 'error',
      message:
        "the CA hash is not that of the certificate given: it belongs to another cluster, or the cluster's CA is a new one",
      fix: 'copy the token from a server of this cluster: /var/lib/rancher/k3s/server/token',
    },
  ]
}

function strengthProblems(
  form: TokenForm,
  { weaknesses }: Strength,
  sample: { readonly see: string } | undefined,
): readonly TokenProblem[] {
  if (form.kind === 'malformed') return []
  if (sample !== undefined)
    return [{ severity: 'error', message: `everybody can read it at ${sample.see}`, fix: NEW_TOKEN }]
  if (weaknesses.length === 0) return []
  return [{ severity: 'warning', message: `it is weak: ${weaknesses.join('; ')}`, fix: NEW_TOKEN }]
}

/** Characters that belong to the form, such as the colons of `K10…::server:`, are no finding: one has no other choice. */
function hazardProblems(
  text: string,
  form: TokenForm,
  hazards: readonly SinkHazard[],
): readonly TokenProblem[] {
  if (form.kind === 'malformed') return []
  const before = [...text.slice(0, passwordOffset(text, form))].length
  const titles = hazards
    .filter(({ breaks }) =>
      breaks.some(
        ({ positions }) => positions.length === 0 || positions.some((position) => position > before),
      ),
    )
    .map(({ sink }) => sink.title)
  if (titles.length === 0) return []
  return [
    {
      severity: 'warning',
      message: `written without quoting it comes out as another text in: ${titles.join(', ')}`,
      fix: 'quote it there, or make one that needs no quotes: k3seal token new',
    },
  ]
}

function caVerdict(form: TokenForm, ca: Uint8Array | undefined): CaVerdict {
  const found = ca === undefined ? undefined : caHashOf(ca)
  if (found === undefined) return { verdict: 'unchecked' }
  const { hash: expected, of, asWritten } = found
  const given = 'caHash' in form ? (form.caHash ?? '') : ''
  if (given === '') return { verdict: 'absent', expected }
  if (given === expected) return { verdict: 'match', expected, of }
  return given === asWritten
    ? { verdict: 'match-rewritten', expected }
    : { verdict: 'mismatch', expected, of }
}

function sampleOf(text: string, form: TokenForm): { readonly see: string } | undefined {
  const password = passwordOf(form)
  const credentials = form.kind === 'bootstrap' ? `${form.id}.${password}` : password
  const sample = sampleTokens.find(({ value }) => value === text || value === credentials)
  return sample === undefined ? undefined : { see: sample.see }
}

function passwordOf(form: TokenForm): string {
  return 'password' in form ? form.password.reveal() : ''
}
