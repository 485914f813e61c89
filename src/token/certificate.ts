import { X509Certificate } from 'node:crypto'

/** The parts of a certificate that Go's chain building looks at and `X509Certificate` does not tell. */
export interface Extensions {
  /** Hex; `''` where the extension or the identifier is missing. */
  readonly subjectKeyId: string
  readonly authorityKeyId: string
  /** How many intermediate certificates may stand under this one; `undefined`: any number. */
  readonly maxPathLength: number | undefined
}

/** One value of DER: tag and content. */
interface Value {
  readonly tag: number
  readonly content: Buffer
}

const SUBJECT_KEY_ID = '551d0e'
const BASIC_CONSTRAINTS = '551d13'
const AUTHORITY_KEY_ID = '551d23'

const SEQUENCE = 0x30
const OBJECT_IDENTIFIER = 0x06
const OCTET_STRING = 0x04
const INTEGER = 0x02
/** `[3] EXPLICIT` of TBSCertificate: the extensions. */
const EXTENSIONS = 0xa3
/** `[0] IMPLICIT` of AuthorityKeyIdentifier: the key identifier. */
const KEY_IDENTIFIER = 0x80

/**
 * The certificates of a PEM bundle, in its order. Other blocks, and certificates with PEM headers, are passed
 * over, as `certutil.ParseCertsPEM` does. Throws what OpenSSL throws where a certificate can't be read.
 */
export function certificatesOf(pem: Uint8Array): readonly X509Certificate[] {
  const blocks = Buffer.from(pem)
    .toString('latin1')
    .matchAll(/^-----BEGIN CERTIFICATE-----[ \t]*\r?\n([A-Za-z0-9+/=\s]+?)^-----END CERTIFICATE-----/gm)
  return [...blocks].map(([, body = '']) => new X509Certificate(Buffer.from(body, 'base64')))
}

/** RFC 5280, 4.1 and 4.2.1. */
export function extensionsOf(certificate: X509Certificate): Extensions {
  const contents = new Map<string, Buffer>()
  const [body] = valuesIn(first(valuesIn(certificate.raw)).content)
  const list = valuesIn(body?.content ?? Buffer.alloc(0)).find(({ tag }) => tag === EXTENSIONS)
  for (const extension of valuesIn(first(valuesIn(list?.content ?? Buffer.alloc(0))).content)) {
    const parts = valuesIn(extension.content)
    const id = parts.find(({ tag }) => tag === OBJECT_IDENTIFIER)?.content.toString('hex')
    const content = parts.find(({ tag }) => tag === OCTET_STRING)?.content
    if (id !== undefined && content !== undefined) contents.set(id, content)
  }
  const inside = (id: string): readonly Value[] => valuesIn(contents.get(id) ?? Buffer.alloc(0))
  const constraints = valuesIn(first(inside(BASIC_CONSTRAINTS)).content)
  const length = constraints.find(({ tag }) => tag === INTEGER)?.content
  return {
    subjectKeyId: first(inside(SUBJECT_KEY_ID)).content.toString('hex'),
    authorityKeyId:
      valuesIn(first(inside(AUTHORITY_KEY_ID)).content)
        .find(({ tag }) => tag === KEY_IDENTIFIER)
        ?.content.toString('hex') ?? '',
    maxPathLength: length === undefined ? undefined : Number.parseInt(length.toString('hex'), 16),
  }
}

/** The DER values that follow one another in a buffer. OpenSSL has accepted the certificate, so lengths are sound. */
function valuesIn(buffer: Buffer): readonly Value[] {
  const values: Value[] = []
  for (let at = 0; at + 2 <= buffer.length; ) {
    const tag = buffer[at] ?? 0
    const short = buffer[at + 1] ?? 0
    const lengthBytes = short < 0x80 ? 0 : short & 0x7f
    const start = at + 2 + lengthBytes
    const length = lengthBytes === 0 ? short : buffer.readUIntBE(at + 2, Math.min(lengthBytes, 6))
    values.push({ tag, content: buffer.subarray(start, start + length) })
    at = start + length
  }
  return values
}

function first(values: readonly Value[]): Value {
  return values[0] ?? { tag: SEQUENCE, content: Buffer.alloc(0) }
}
