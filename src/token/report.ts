import type { TokenForm } from './form.ts'
import type { CaVerdict, Inspection } from './inspect.ts'
import type { Outcome } from './outcome.ts'
import type { Service } from './serves.ts'
import type { SinkHazard } from './sinks.ts'

/** Users that K3s itself gives to tokens; any other may be a piece of a mangled secret. */
const KNOWN_USERS = ['', 'server', 'node']

const OUTCOMES: Readonly<Record<Outcome, string>> = {
  works: 'works',
  unpinned: "works, without a check of the server's CA",
  refused: 'refused',
  mismatch: 'taken for another token',
  random: 'ignored',
}

/** An inspection for people, with a line break at its end. Holds no part of the token but a well-formed CA hash. */
export function inspectionText({
  form,
  serves,
  caHash,
  strength,
  sample,
  hazards,
  problems,
}: Inspection): string {
  const { firstServer, joiningServer, agent } = serves
  return [
    row('form', formText(form)),
    ...('caHash' in form ? [row('CA hash', caText(form.caHash, caHash))] : []),
    row(
      'strength',
      form.kind === 'malformed' ? 'none: it is no token' : `${strength.bits} bits, if ${strength.assumes}`,
    ),
    row('known sample', sample === undefined ? 'no' : `yes, ${sample.see}`),
    '',
    'as --token of',
    ...serviceLines('first server', firstServer),
    ...serviceLines('joining server', joiningServer),
    ...serviceLines('agent', agent),
    '',
    'written without quoting into',
    ...hazards.flatMap(sinkLines),
    '',
    ...(problems.length === 0 ? ['nothing found: usable and strong'] : []),
    ...problems.flatMap(({ severity, message, fix }) => [`${severity}: ${message}`, `  cure: ${fix}`]),
    '',
  ].join('\n')
}

/** The same for programs. Version 1; fields are only ever added. */
export function inspectionJson({
  form,
  serves,
  caHash,
  strength,
  slip,
  sample,
  hazards,
  problems,
}: Inspection): string {
  return `${JSON.stringify(
    {
      version: 1,
      form: {
        kind: form.kind,
        ...(form.kind === 'secure' ? { user: shownUser(form.user) } : {}),
        ...('caHash' in form && form.caHash !== undefined ? { caHash: shownHash(form.caHash) } : {}),
        ...(form.kind === 'malformed' ? { error: form.error } : {}),
      },
      serves,
      caHash,
      strength,
      slip: slip?.id,
      sample,
      sinks: hazards.map(({ sink: { id, title, see }, literal, breaks }) => ({
        id,
        title,
        literal,
        breaks,
        see,
      })),
      problems,
    },
    undefined,
    2,
  )}\n`
}

function formText(form: TokenForm): string {
  switch (form.kind) {
    case 'short':
      return 'short: the whole text is the password'
    case 'secure':
      return `secure: K10${form.caHash === undefined ? '' : '<CA hash>::'}<user>:<password>, user ${shownUser(form.user) || 'empty'}`
    case 'bootstrap':
      return 'bootstrap: <id>.<secret>'
    case 'malformed':
      return `none that K3s knows: ${form.error}`
  }
}

function caText(hash: string | undefined, verdict: CaVerdict): string {
  const shown = hash ? shownHash(hash) : 'none'
  switch (verdict.verdict) {
    case 'unchecked':
      return hash ? `${shown} (not checked: no --ca)` : shown
    case 'absent':
      return `none; that of the certificate given is ${verdict.expected}`
    case 'match':
      return `${shown}, that of the certificate given (${hashRule(verdict.of)})`
    case 'match-rewritten':
      return `${shown}, that of the certificate given as K3s writes it; the file at hand has other line breaks or more text, and by itself the hash ${verdict.expected}`
    case 'mismatch':
      return `${shown}, while the certificate given has ${verdict.expected} (${hashRule(verdict.of)})`
  }
}

function hashRule(of: 'file' | 'root' | 'unverified-chain'): string {
  if (of === 'file') return 'SHA-256 of the file: it holds one certificate'
  return of === 'root'
    ? "SHA-256 of the chain's root certificate"
    : 'SHA-256 of the file: its certificates form no valid chain'
}

function serviceLines(node: string, { outcome, says, why }: Service): string[] {
  return [
    `  ${node.padEnd(16)}${OUTCOMES[outcome]}: ${why}`,
    ...(says === undefined ? [] : [`  ${''.padEnd(16)}K3s says: ${says}`]),
  ]
}

function sinkLines({ sink, literal, breaks }: SinkHazard): string[] {
  const title = `  ${sink.title.padEnd(26)}`
  if (literal) return [`${title}comes out as it is`]
  return breaks.map(
    ({ why, positions }, index) =>
      `${index === 0 ? title : ' '.repeat(title.length)}${why}${placeText(positions)}`,
  )
}

function placeText(positions: readonly number[]): string {
  if (positions.length === 0) return ''
  const shown = positions.slice(0, 8).join(', ')
  return ` (character ${shown}${positions.length > 8 ? ` and ${positions.length - 8} more` : ''})`
}

function shownUser(user: string): string {
  return KNOWN_USERS.includes(user) ? user : '[not server or node]'
}

function shownHash(hash: string): string {
  return /^(?:[0-9a-f]{64})?$/.test(hash) ? hash : '[64 characters, not hex]'
}

function row(name: string, text: string): string {
  return `${name.padEnd(14)}${text}`
}
