import { k3sTexts } from '../facts/tokenTexts.ts'
import { Secret } from '../secret.ts'

/** A token as K3s takes it apart: https://github.com/k3s-io/k3s/blob/master/pkg/clientaccess/token.go `parseToken`. */
export type TokenForm = ShortToken | SecureToken | BootstrapToken | MalformedToken

/** Anything that does not start with `K10`: the whole text is the password. */
export interface ShortToken {
  readonly kind: 'short'
  readonly password: Secret
}

/** `K10<CA hash>::<user>:<password>`. */
export interface SecureToken {
  readonly kind: 'secure'
  /** `''` in `K10::user:password`; `undefined` where the `::` is missing altogether, which K3s accepts. */
  readonly caHash: string | undefined
  /** May be empty. Joining nodes send their own instead: `server` or `node`. */
  readonly user: string
  readonly password: Secret
}

/** `<id>.<secret>`, alone or behind `K10<CA hash>::`. For agents only. */
export interface BootstrapToken {
  readonly kind: 'bootstrap'
  /** `''` in `K10::id.secret` and in the bare form; `undefined` in `K10id.secret`, which K3s takes too. */
  readonly caHash: string | undefined
  /** Public: it names a Secret in kube-system. */
  readonly id: string
  readonly password: Secret
}

export interface MalformedToken {
  readonly kind: 'malformed'
  /** K3s's own words. */
  readonly error: string
}

const PREFIX = 'K10'
const HASH_LENGTH = 64
const BOOTSTRAP = /^([a-z0-9]{6})\.([a-z0-9]{16})$/

/** Whether a text is `<id>.<secret>` and nothing else; a newline behind it is enough to make it none. */
export function isBootstrapShaped(text: string): boolean {
  return BOOTSTRAP.test(text)
}

/** Reads a token exactly as K3s does: trims nothing, checks neither the hash's digits nor its case. */
export function parseToken(text: string): TokenForm {
  if (text === '') return malformed(k3sTexts.empty.text)
  if (!text.startsWith(PREFIX))
    return isBootstrapShaped(text) ? bootstrap('', text) : { kind: 'short', password: new Secret(text) }

  const rest = text.slice(PREFIX.length)
  const separator = rest.indexOf('::')
  const caHash = separator === -1 ? undefined : rest.slice(0, separator)
  // Go counts bytes.
  if (caHash !== undefined && caHash !== '' && Buffer.byteLength(caHash) !== HASH_LENGTH)
    return malformed(k3sTexts.hashLength.text)

  const credentials = separator === -1 ? rest : rest.slice(separator + 2)
  if (isBootstrapShaped(credentials)) return bootstrap(caHash, credentials)
  const colon = credentials.indexOf(':')
  if (colon === -1 || colon === credentials.length - 1) return malformed(k3sTexts.format.text)
  return {
    kind: 'secure',
    caHash,
    user: credentials.slice(0, colon),
    password: new Secret(credentials.slice(colon + 1)),
  }
}

/** Where the part that has to be secret begins in the token's text, as an offset. */
export function passwordOffset(text: string, form: TokenForm): number {
  return 'password' in form ? text.length - form.password.reveal().length : 0
}

function bootstrap(caHash: string | undefined, credentials: string): BootstrapToken {
  const [id = '', secret = ''] = credentials.split('.')
  return { kind: 'bootstrap', caHash, id, password: new Secret(secret) }
}

function malformed(error: string): MalformedToken {
  return { kind: 'malformed', error }
}
