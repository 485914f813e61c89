import { isUtf8 } from 'node:buffer'
import { createDecipheriv, timingSafeEqual } from 'node:crypto'
import { Vault } from 'ansible-vault'
import { UserError } from '../errors.ts'
import { Secret } from '../secret.ts'

/**
 * Ansible Vault's text format, https://docs.ansible.com/ansible/latest/vault_guide/vault_using_encrypted_content.html#ansible-vault-payload-format-1-1-1-2
 * What is tolerated and what is not follows `parse_vaulttext_envelope` of ansible-core:
 * https://github.com/ansible/ansible/blob/devel/lib/ansible/parsing/vault/__init__.py
 */

/** `header`: no vault text. `body`: a vault text that was altered. `password`: not opened by this password. */
export type VaultFault = 'password' | 'header' | 'body'

export class VaultError extends UserError {
  readonly fault: VaultFault

  constructor(fault: VaultFault, message: string, { fix, at }: { fix: string; at?: string | undefined }) {
    super(message, { fix, at })
    this.fault = fault
  }
}

interface Keys {
  readonly key: Buffer
  readonly hmacKey: Buffer
  readonly iv: Buffer
}

/**
 * The package's class as it is at run time. Its types hide the parts, and say `string` where bytes go through
 * unchanged; its own `decryptSync` would turn bytes that are no UTF-8 into U+FFFD.
 */
interface VaultParts {
  encryptSync(value: Buffer, label: string | undefined): string
  _derivedKeySync(salt: Buffer): Keys
  _hmac(key: Buffer, ciphertext: Buffer): Buffer
}

function vaultParts(password: Secret): VaultParts {
  if (password.isEmpty)
    throw new VaultError('password', 'the vault password is empty', {
      fix: 'give a password of at least one character: Ansible refuses an empty one too',
    })
  return new Vault({ password: password.revealBytes() as unknown as string }) as unknown as VaultParts
}

const magic = '$ANSIBLE_VAULT'

/** Whether a text claims to be vaulted. */
export function isVaulted(text: string): boolean {
  return text.startsWith(magic)
}

/**
 * `$ANSIBLE_VAULT;1.1;AES256` and 80-column lines of hexadecimal digits, no newline at the end.
 * A label other than `default` makes it format 1.2. As with Ansible, the label is a name and nothing protects it.
 */
export function encryptVault(value: Secret, password: Secret, label?: string): string {
  if (label !== undefined && !/^(?!.*;)[!-~]+(?: +[!-~]+)*$/.test(label))
    throw new UserError(`a vaulted value can't carry the label ${JSON.stringify(label)}`, {
      fix: 'name a label of printable ASCII characters without semicolons, such as prod',
    })
  const bytes = value.revealBytes()
  if (bytes.every((byte) => byte < 0x80) && isVaulted(bytes.toString('latin1')))
    throw new UserError('the value is encrypted with Ansible Vault already', {
      fix: 'give the value itself, or leave the encrypted one as it is',
    })
  return vaultParts(password).encryptSync(bytes, label === 'default' ? undefined : label)
}

/** The label of a 1.2 header. `undefined`: none, or the text is no vault text. */
export function vaultLabel(envelope: string): string | undefined {
  try {
    return readHeader(envelope.split(lineBreak, 1)[0] ?? '')
  } catch (error) {
    if (error instanceof VaultError) return undefined
    throw error
  }
}

/** Throws `VaultError` where header or body are malformed, as far as that shows without a password. */
export function checkVault(envelope: string): void {
  readEnvelope(envelope)
}

/**
 * The value, byte for byte. The text may be indented as a whole, end its lines with CRLF, and hold blank lines.
 * Deriving the key takes about 8 ms, once for each pair of password and salt.
 * Throws `VaultError`; its message shows neither password nor anything of the value.
 */
export function decryptVault(envelope: string, password: Secret): Secret {
  const { salt, hmac, ciphertext } = readEnvelope(envelope)
  const { key, hmacKey, iv } = derivedKeys(password, salt)
  const decipher = createDecipheriv('aes-256-ctr', key, iv)
  const padded = Buffer.concat([decipher.update(ciphertext), decipher.final()])
  if (!timingSafeEqual(vaultParts(password)._hmac(hmacKey, ciphertext), hmac)) {
    if (isReadable(padded))
      throw bodyFault('the vault password is right, but the encrypted body was altered: its checksum differs')
    throw new VaultError(
      'password',
      'wrong vault password (or the body was damaged: the two look the same where little of it is left)',
      { fix: 'check that this is the password that the value was encrypted with' },
    )
  }
  const plain = withoutPadding(padded)
  if (plain === undefined)
    throw bodyFault('the encrypted body is authentic, but lacks the padding that Ansible Vault writes')
  return new Secret(plain)
}

/** `NAME: !vault |` with the text indented by ten spaces, as `ansible-vault encrypt_string --name NAME` prints it. No newline at the end. */
export function vaultScalar(name: string, envelope: string): string {
  const lines = envelope.trimEnd().split(lineBreak)
  return [`${name}: !vault |`, ...lines.map((line) => `          ${line.trim()}`)].join('\n')
}

const lineBreak = /\r\n|\n|\r/

const encryptAnew =
  'restore it from git or a backup, or encrypt the value anew: ansible-vault encrypt_string --stdin-name NAME'

const headerFault = (message: string): VaultError =>
  new VaultError('header', message, {
    fix: `the first line must read $ANSIBLE_VAULT;1.1;AES256 or $ANSIBLE_VAULT;1.2;AES256;LABEL: ${encryptAnew}`,
  })

const bodyFault = (message: string): VaultError => new VaultError('body', message, { fix: encryptAnew })

/**
 * The label, where the header has one. Ansible reads any version as if it were 1.2; we don't guess what a
 * version that does not exist yet would mean.
 */
function readHeader(line: string): string | undefined {
  const [first, version, cipher, label] = line
    .trimStart()
    .split(';')
    .map((field) => field.trim())
  if (first !== magic)
    throw headerFault(
      first === ''
        ? 'the vaulted text begins with an empty line'
        : 'this is not encrypted with Ansible Vault: it does not begin with $ANSIBLE_VAULT;',
    )
  if (version === undefined || cipher === undefined)
    throw headerFault('the header of the vaulted text is cut off')
  if (version !== '1.1' && version !== '1.2')
    throw headerFault(
      `the vaulted text has the format version "${shown(version)}": only 1.1 and 1.2 are known`,
    )
  if (cipher !== 'AES256')
    throw headerFault(`the vaulted text names the cipher "${shown(cipher)}": only AES256 is known`)
  if (label !== undefined && /[^ -~]/.test(label))
    throw headerFault(
      'the label of the vaulted text holds a character that is not ASCII, which Ansible refuses',
    )
  return label === '' ? undefined : label
}

const shown = (field: string): string => field.replace(/[^ -~]/g, '?').slice(0, 20)

function readEnvelope(text: string): { salt: Buffer; hmac: Buffer; ciphertext: Buffer } {
  const [header = '', ...rest] = text.split(lineBreak)
  readHeader(header)
  const indentation = /^[ \t]*/.exec(header)?.[0] ?? ''
  const lines = rest.map((line) =>
    line.startsWith(indentation) ? line.slice(indentation.length) : line.trimStart(),
  )
  for (const [index, line] of lines.entries()) {
    const column = line.search(/[^0-9a-fA-F]/)
    if (column === -1) continue
    const what = /\s/.test(line[column] ?? '') ? 'white space' : 'a character that is no hexadecimal digit'
    throw bodyFault(`line ${index + 2} of the vaulted text holds ${what}`)
  }
  const body = lines.join('')
  if (body === '') throw bodyFault('the vaulted text has a header but no body')
  if (body.length % 2 !== 0)
    throw bodyFault('the body of the vaulted text has an odd number of hexadecimal digits: some are missing')

  const parts = Buffer.from(body, 'hex').toString('latin1').split('\n')
  const [salt, hmac, ciphertext] = parts
  if (salt === undefined || hmac === undefined || ciphertext === undefined || parts.length > 3)
    throw bodyFault(
      'the body of the vaulted text is not made of salt, checksum and ciphertext: part is missing',
    )
  if (parts.some((part) => /[^0-9a-fA-F]/.test(part)) || salt.length % 2 !== 0 || hmac.length !== 64)
    throw bodyFault('the body of the vaulted text was altered: salt, checksum or ciphertext are malformed')
  if (ciphertext.length === 0 || ciphertext.length % 32 !== 0)
    throw bodyFault('the body of the vaulted text is cut off: its ciphertext is not made of whole blocks')
  return {
    salt: Buffer.from(salt, 'hex'),
    hmac: Buffer.from(hmac, 'hex'),
    ciphertext: Buffer.from(ciphertext, 'hex'),
  }
}

const known = new WeakMap<Secret, Map<string, Keys>>()

/** One value is often read for every host of a group: its key is derived once. */
function derivedKeys(password: Secret, salt: Buffer): Keys {
  const ofPassword = known.get(password) ?? new Map<string, Keys>()
  known.set(password, ofPassword)
  const id = salt.toString('hex')
  const keys = ofPassword.get(id) ?? vaultParts(password)._derivedKeySync(salt)
  ofPassword.set(id, keys)
  return keys
}

/** PKCS#7 with blocks of 16 bytes; `undefined` where the padding is none. */
function withoutPadding(padded: Buffer): Buffer | undefined {
  const length = padded.at(-1) ?? 0
  if (length < 1 || length > 16 || length > padded.length) return undefined
  const end = padded.length - length
  return padded.subarray(end).every((byte) => byte === length) ? padded.subarray(0, end) : undefined
}

/**
 * Whether bytes that failed their checksum can only come from the right password. A wrong one gives noise, which
 * passes here about once in 100,000 times. Only used to choose the message; the bytes go nowhere.
 */
function isReadable(padded: Buffer): boolean {
  const plain = withoutPadding(padded)
  if (plain !== undefined && isUtf8(plain)) return true
  const printable = padded.filter((byte) => (byte >= 0x20 && byte < 0x7f) || byte === 0x09 || byte === 0x0a)
  return printable.length >= padded.length * 0.9
}
