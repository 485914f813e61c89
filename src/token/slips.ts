import { isBootstrapShaped, type TokenForm } from './form.ts'
import type { Outcome } from './outcome.ts'

/** A mistake in copying or writing a token that K3s does not report: it takes the text for some other token. */
export interface Slip {
  readonly id: string
  readonly severity: 'error' | 'warning'
  readonly message: string
  readonly fix: string
  /** What becomes of the token there, where it differs from what its form alone would give. */
  readonly firstServer?: Outcome
  readonly joiningServer?: Outcome
  readonly agent?: Outcome
}

interface SlipRule extends Slip {
  readonly applies: (text: string, form: TokenForm) => boolean
}

const everywhere = (outcome: Outcome): Pick<Slip, 'firstServer' | 'joiningServer' | 'agent'> => ({
  firstServer: outcome,
  joiningServer: outcome,
  agent: outcome,
})

/** The first rule that applies is the one that is told. */
const rules: readonly SlipRule[] = [
  {
    id: 'blank',
    severity: 'error',
    message: 'the token is nothing but white space; read from a file it would be empty',
    fix: 'make a token: k3seal token new',
    applies: (text) => text !== '' && text.trim() === '',
    ...everywhere('mismatch'),
  },
  {
    id: 'surrounding-white-space',
    severity: 'error',
    message:
      'white space or a line break stands around the token: K3s keeps it in K3S_TOKEN and drops it from token files, so that nodes end up with different tokens',
    fix: 'take the white space off',
    applies: (text) => text !== text.trim(),
    ...everywhere('mismatch'),
  },
  {
    id: 'line-break-inside',
    severity: 'error',
    message:
      'the token has more than one line, as `openssl rand -base64 64` prints it: most places keep the first only',
    fix: 'make a token of one line: k3seal token new',
    applies: (text) => /[\r\n]/.test(text),
    ...everywhere('mismatch'),
  },
  {
    id: 'quotes-included',
    severity: 'error',
    message: 'the quotes around the token are part of it',
    fix: 'take the quotes off',
    applies: (text) => /^(["']).*\1$/.test(text),
    ...everywhere('mismatch'),
  },
  {
    id: 'almost-secure',
    severity: 'error',
    message:
      'the token looks like K10<CA hash>::<user>:<password>, but does not begin with K10, so all of it is the password',
    fix: 'copy the token from the server again: /var/lib/rancher/k3s/server/token',
    applies: (text, { kind }) => kind === 'short' && /k10[0-9a-f]{64}:/i.test(text),
    ...everywhere('mismatch'),
  },
  {
    id: 'one-colon',
    severity: 'error',
    message: 'one colon stands where K3s wants two behind the CA hash, so the hash is taken for the user',
    fix: 'write K10<CA hash>::<user>:<password>',
    applies: (_, form) => form.kind === 'secure' && form.caHash === undefined && form.user.length === 64,
    ...everywhere('mismatch'),
  },
  {
    id: 'no-separator',
    severity: 'error',
    message:
      'the token begins with K10 but has no :: behind a CA hash, so that servers and agents read different passwords',
    fix: 'use K10<CA hash>::<user>:<password>, or a password that does not begin with K10',
    applies: (_, form) => 'caHash' in form && form.caHash === undefined,
    firstServer: 'mismatch',
  },
  {
    id: 'hash-not-lower-case-hex',
    severity: 'error',
    message: 'the CA hash is not of 0-9 and a-f alone; K3s compares it letter by letter, so it matches no CA',
    fix: 'write the hash in lower case, or copy the token from the server again: /var/lib/rancher/k3s/server/token',
    applies: (_, form) => 'caHash' in form && !/^[0-9a-f]*$/.test(form.caHash ?? ''),
    joiningServer: 'refused',
    agent: 'refused',
  },
  {
    id: 'bootstrap-shaped-password',
    severity: 'error',
    message:
      'the password in the token has the shape of a bootstrap token: whoever gives it alone gives a bootstrap token, which no server takes',
    fix: 'choose a password without a dot: k3seal token new',
    applies: (_, form) => form.kind === 'secure' && isBootstrapShaped(form.password.reveal()),
  },
  {
    id: 'almost-bootstrap',
    severity: 'error',
    message:
      'the token looks like a bootstrap token, but is not six characters of a-z 0-9, a dot and sixteen more, so all of it is a password',
    fix: 'for agents alone copy it again from k3s token create; for servers, which refuse bootstrap tokens, make one without a dot: k3seal token new',
    applies: (text, { kind }) => kind === 'short' && /^[A-Za-z0-9]{4,8}\.[A-Za-z0-9]{14,18}$/.test(text),
    agent: 'mismatch',
  },
  {
    id: 'colon-at-start',
    severity: 'warning',
    message:
      'the token begins with a colon, as if the user of K10<CA hash>::<user>:<password> had been cut off',
    fix: 'give the password alone, or the whole token',
    applies: (text, { kind }) => kind === 'short' && text.startsWith(':'),
  },
]

/** A slip where the text is the token of servers, and of whoever joins with it: any password is one to them. */
export function slipOfPassword(slip: Slip | undefined): Slip | undefined {
  if (slip?.id !== 'almost-bootstrap') return slip
  return {
    ...slip,
    severity: 'warning',
    message: 'the token has nearly the shape of a bootstrap token, but K3s takes it for a password',
    fix: 'so that nobody takes it for a bootstrap token, make one without a dot: k3seal token new',
  }
}

/** The slip in a token, if there is one. */
export function slipIn(text: string, form: TokenForm): Slip | undefined {
  return rules.find(({ applies }) => applies(text, form))
}
