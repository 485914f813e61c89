import { createHash, type X509Certificate } from 'node:crypto'
import { certificatesOf, extensionsOf } from './certificate.ts'

/** The hash that K3s computes of what a server serves at `/cacerts`, and by which of its rules. */
export interface CaHash {
  /** 64 lower-case hex digits. */
  readonly hash: string
  readonly certificates: number
  /**
   * `file`: one certificate, SHA-256 of the file's bytes. `root`: several, SHA-256 of the root's DER.
   * `unverified-chain`: several that form no chain, and so again the file's bytes.
   */
  readonly of: 'file' | 'root' | 'unverified-chain'
  /**
   * What the hash would be if the one certificate stood in the file as K3s writes it: 64 columns, `\n`, nothing else.
   * Equal to `hash` unless the file was converted on its way.
   */
  readonly asWritten: string
}

const SERVER_AUTH = '1.3.6.1.5.5.7.3.1'
const ANY_PURPOSE = '2.5.29.37.0'

/**
 * As `hashCA` of https://github.com/k3s-io/k3s/blob/master/pkg/clientaccess/token.go does it, at a moment in time
 * (a chain with an expired certificate is none). `undefined` where the text holds no certificate; throws what
 * OpenSSL throws where it holds a damaged one.
 */
export function caHashOf(pem: Uint8Array, now: Date = new Date()): CaHash | undefined {
  const certificates = certificatesOf(pem)
  const [leaf, ...others] = certificates
  if (leaf === undefined) return undefined
  const ofFile = sha256(pem)
  if (others.length === 0)
    return { hash: ofFile, certificates: 1, of: 'file', asWritten: sha256(Buffer.from(leaf.toString())) }
  const root = rootOf(leaf, others, now)
  const hash = root === undefined ? ofFile : sha256(root.raw)
  return {
    hash,
    certificates: certificates.length,
    of: root === undefined ? 'unverified-chain' : 'root',
    asWritten: hash,
  }
}

/**
 * The last certificate of the first chain that Go's `Certificate.Verify` finds. As in `hashCA`, a certificate
 * counts as a root when it names no issuer's key or names its own, self-signed or not.
 */
function rootOf(
  leaf: X509Certificate,
  others: readonly X509Certificate[],
  now: Date,
): X509Certificate | undefined {
  const isRoot = (certificate: X509Certificate): boolean => {
    const { authorityKeyId, subjectKeyId } = extensionsOf(certificate)
    return authorityKeyId === '' || authorityKeyId === subjectKeyId
  }
  const roots = others.filter(isRoot)
  const intermediates = others.filter((certificate) => !isRoot(certificate))
  if (!isUsable(leaf, now)) return undefined
  const alreadyRoot = roots.find((root) => root.raw.equals(leaf.raw))
  if (alreadyRoot !== undefined) return alreadyRoot

  const search = (chain: readonly X509Certificate[]): X509Certificate | undefined => {
    const child = chain.at(-1) ?? leaf
    const issues = (parent: X509Certificate): boolean =>
      !chain.some(({ raw }) => raw.equals(parent.raw)) && hasIssued(parent, child, chain.length - 1, now)
    const root = roots.find(issues)
    if (root !== undefined) return root
    for (const parent of intermediates) {
      const found = issues(parent) ? search([...chain, parent]) : undefined
      if (found !== undefined) return found
    }
    return undefined
  }
  return search([leaf])
}

/** `below`: how many intermediate certificates stand between the parent and the leaf. */
function hasIssued(parent: X509Certificate, child: X509Certificate, below: number, now: Date): boolean {
  const { maxPathLength } = extensionsOf(parent)
  return (
    parent.ca &&
    isUsable(parent, now) &&
    (maxPathLength === undefined || below <= maxPathLength) &&
    child.checkIssued(parent) &&
    child.verify(parent.publicKey)
  )
}

/** In its time, and not limited to purposes other than being a server, which is what Go asks for when not told. */
function isUsable(certificate: X509Certificate, now: Date): boolean {
  // Absent where the certificate is not limited; typed as always there.
  const purposes = certificate.keyUsage as readonly string[] | undefined
  return (
    now >= new Date(certificate.validFrom) &&
    now <= new Date(certificate.validTo) &&
    (purposes === undefined || purposes.some((purpose) => purpose === SERVER_AUTH || purpose === ANY_PURPOSE))
  )
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
