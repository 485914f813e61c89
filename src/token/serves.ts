import { agentLoop, k3sTexts } from '../facts/tokenTexts.ts'
import type { TokenForm } from './form.ts'
import type { Outcome } from './outcome.ts'
import type { Slip } from './slips.ts'

export interface Service {
  readonly outcome: Outcome
  /** What K3s logs, word for word; `undefined` where it says nothing. */
  readonly says: string | undefined
  /** One sentence on the cause. */
  readonly why: string
}

/** What becomes of a token as `--token` of each kind of node. */
export interface Serves {
  /** A server without `--server`: the token becomes the cluster's. */
  readonly firstServer: Service
  readonly joiningServer: Service
  readonly agent: Service
}

/** `caMatches`: whether the token's CA hash is that of the cluster, where its certificate is at hand. */
export function servesOf(form: TokenForm, slip: Slip | undefined, caMatches: boolean | undefined): Serves {
  const own = ownServes(form, caMatches)
  const { hashMismatch, unauthorized } = k3sTexts
  return {
    // A first server compares the token with nothing, so it has nothing to say.
    firstServer: slipped(own.firstServer, slip?.firstServer, slip, {}),
    joiningServer: slipped(own.joiningServer, slip?.joiningServer, slip, {
      refused: hashMismatch.text,
      mismatch: unauthorized.text,
    }),
    agent: slipped(own.agent, slip?.agent, slip, {
      refused: agentLoop(hashMismatch.text),
      mismatch: unauthorized.text,
    }),
  }
}

function ownServes(form: TokenForm, caMatches: boolean | undefined): Serves {
  if (form.kind === 'malformed')
    return form.error === k3sTexts.empty.text ? servesEmpty : servesMalformed(form.error)
  if (form.kind === 'short')
    return {
      firstServer: { ...works, why: 'the text becomes the server password' },
      joiningServer: unpinned,
      agent: unpinned,
    }

  const pinned = form.caHash !== undefined && form.caHash !== ''
  const joins = caMatches === false ? wrongCa(k3sTexts.hashMismatch.text) : pinned ? pinnedJoin : unpinned
  const agent = caMatches === false ? wrongCa(agentLoop(k3sTexts.hashMismatch.text)) : joins
  if (form.kind === 'bootstrap') {
    const refused = refusal(k3sTexts.normalize.text, 'servers take no bootstrap tokens')
    return {
      firstServer: refused,
      joiningServer: refused,
      agent: {
        ...agent,
        why:
          agent.outcome === 'refused'
            ? agent.why
            : `needs the Secret bootstrap-token-<id> in kube-system, not expired; ${agent.why}`,
      },
    }
  }
  return { firstServer: firstServerOf(form.user), joiningServer: joins, agent }
}

/** `passwd.EnsureUser` strips `K10…::server:` and nothing else from what it stores as the server password. */
function firstServerOf(user: string): Service {
  if (user === 'server') return { ...works, why: 'reduced to its password; the CA hash is not looked at' }
  return {
    outcome: 'mismatch',
    says: undefined,
    why: 'only ::server: is taken off: the whole text becomes the server password, while the datastore is encrypted with the password alone',
  }
}

const works = { outcome: 'works', says: undefined } as const

const pinnedJoin: Service = {
  ...works,
  why: "the node checks the cluster's CA against the hash before it sends the password",
}

const unpinned: Service = {
  outcome: 'unpinned',
  says: k3sTexts.unpinned.text,
  why: 'without a CA hash the node trusts whichever server answers first',
}

const servesEmpty: Serves = {
  firstServer: {
    outcome: 'random',
    says: undefined,
    why: 'K3s makes a token of its own, which no other node has',
  },
  joiningServer: refusal(k3sTexts.joinEmpty.text, 'the token is empty'),
  agent: refusal(k3sTexts.agentEmpty.text, 'the token is empty'),
}

function servesMalformed(error: string): Serves {
  const why = 'begins with K10, and is not K10<CA hash>::<user>:<password>'
  return {
    firstServer: refusal(k3sTexts.normalize.text, why),
    joiningServer: refusal(error, why),
    agent: refusal(agentLoop(error), why),
  }
}

function wrongCa(says: string): Service {
  return refusal(says, 'the CA hash is that of another CA')
}

function refusal(says: string, why: string): Service {
  return { outcome: 'refused', says, why }
}

function slipped(
  own: Service,
  outcome: Outcome | undefined,
  slip: Slip | undefined,
  says: { readonly [outcome in Outcome]?: string },
): Service {
  if (slip === undefined || outcome === undefined || own.outcome === 'refused') return own
  return { outcome, says: says[outcome], why: slip.message }
}
