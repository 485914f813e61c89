import { type Carrier, isWholeResult } from '../../flow/arrival.ts'
import type { Verdict } from '../../flow/rehearsal.ts'

export const carrierWords: Readonly<Record<Carrier, string>> = {
  argv: 'on the command line',
  'env-file': 'through an env file',
  environment: 'through the environment in the unit',
  'init-script': 'through the environment in the init script',
  script: 'through the environment in the script that starts K3s',
  config: 'through config.yaml',
  'token-file': 'through a token file',
  none: '',
}

/** How much an outcome should worry. A founding server without a token makes its own. */
export type Worry = 'fine' | 'unsure' | 'wrong'

export function worryOf(verdict: Verdict): Worry {
  const { token, kind, serverUrl, arrival } = verdict
  const joins = kind !== 'first-server'
  if (arrival.failure !== undefined || lacksUrl(verdict) || token === 'empty' || token === 'different')
    return 'wrong'
  if (token === 'present' && isWholeResult(arrival.token)) return 'wrong'
  if (token === 'absent') return joins ? 'wrong' : 'fine'
  return token === 'maybe' || (joins && serverUrl === 'maybe') ? 'unsure' : 'fine'
}

/** Servers may find each other by an external datastore; agents can't. */
function lacksUrl(verdict: Verdict): boolean {
  const { kind, serverUrl, arrival } = verdict
  if (kind === 'first-server' || serverUrl !== false || goesOn(verdict)) return false
  return kind === 'agent' || arrival.externalDatastore === false
}

/** Whether it is a member of the cluster since an earlier start, and needs nothing to join it any more. */
const goesOn = ({ token, source }: Verdict): boolean => token === 'present' && source === 'none'

/** What arrives and by which carrier, in a sentence without its end. */
export function outcomeWords(verdict: Verdict): string {
  return `${tokenWords(verdict)}${urlWords(verdict)}`
}

function tokenWords(verdict: Verdict): string {
  const { token, source, kind, arrival, isRenewed } = verdict
  // K3s that a task runs by itself has no unit.
  const carrier =
    source === 'environment' && arrival.unit === undefined ? 'through its environment' : carrierWords[source]
  const by = carrier === '' ? '' : ` ${carrier}`
  if (token !== 'maybe' && isWholeResult(arrival.token))
    return `no token arrives${by}, but all that a task has returned, as a dict`
  switch (token) {
    case 'present':
      if (goesOn(verdict)) return 'K3s goes on with the token of an earlier start'
      return `the token arrives${by}`
    case 'empty':
      return `an empty token arrives${by}`
    case 'different':
      return `a token arrives${by}, and it is not the one of ${isRenewed === true ? 'the run before' : 'the first server'}`
    case 'absent':
      if (kind === 'first-server' && source === 'none')
        return 'no token is given; K3s makes one, or keeps its own'
      return source === 'none' ? 'no token arrives' : `no token arrives, though one is meant to come${by}`
    case 'maybe':
      return `whether the token arrives${by} is not known`
  }
}

function urlWords(verdict: Verdict): string {
  const { kind, serverUrl, token } = verdict
  if (kind === 'first-server') return ''
  const isAlone = token === 'absent'
  const isUnsure = token === 'maybe'
  if (serverUrl === 'maybe')
    return isUnsure ? ', nor whether a server URL does' : '; whether a server URL does is not known'
  if (serverUrl)
    return isUnsure ? '; a server URL does' : isAlone ? ', only a server URL' : ', with a server URL'
  return lacksUrl(verdict) ? (isAlone ? ', and no server URL' : ', but no server URL') : ''
}

/** What else is to be said of an outcome, a sentence each. */
export function remarks({
  kind,
  token,
  serverUrl,
  unknown,
  assumptions,
  arrival,
}: Verdict): readonly string[] {
  const { state, masked } = arrival.token
  const worst = {
    present: 'it arrives',
    empty: 'it is empty',
    absent: 'it does not arrive',
    maybe: undefined,
  }[state]
  const isOpen = token === 'maybe' || (kind !== 'first-server' && serverUrl === 'maybe')
  return [
    ...(arrival.failure === undefined ? [] : [`the service can't start: ${arrival.failure}`]),
    ...(isOpen && unknown !== undefined ? [`because: ${unknown}`] : []),
    ...(token === 'maybe' && assumptions.length > 0
      ? [`${worst ?? 'it is not known'} where ${assumptions.join(' and ')}`]
      : []),
    ...masked.map((one) => {
      const what = { present: 'a token', empty: 'an empty one', absent: 'one', maybe: 'what may be one' }
      return `this hides ${what[one.state]} that comes ${carrierWords[one.carrier]}`.trimEnd()
    }),
  ]
}
