import { isIPv6 as isIPv6OfNode } from 'node:net'

export type AddressKind = 'ipv4' | 'ipv6' | 'name'

/** Node's own comes with all of its network code, which takes longer to load than a whole inventory to read. */
export function isIPv4(address: string): boolean {
  const bytes = address.split('.')
  return bytes.length === 4 && bytes.every((byte) => String(Number(byte)) === byte && isByte(Number(byte)))
}

const isByte = (number: number): boolean => Number.isInteger(number) && number >= 0 && number <= 255

const isIPv6 = (address: string): boolean => address.includes(':') && isIPv6OfNode(address)

/** Whether a host is named by its address. */
export const isAddress = (host: string): boolean => isIPv4(host) || isIPv6(host)

/** What an `ansible_host` is; `undefined` for what is neither an IP address nor a DNS name. Brackets are not taken. */
export function addressKind(address: string): AddressKind | undefined {
  if (isIPv4(address)) return 'ipv4'
  if (isIPv6(address)) return 'ipv6'
  // Digits and dots that are no IPv4 address are a slip of the pen, not a name.
  if (/^[\d.]+$/.test(address)) return undefined
  const labels = address.replace(/\.$/, '').split('.')
  const valid = labels.every((label) => /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/i.test(label))
  return valid && address.length <= 253 ? 'name' : undefined
}

const TO_FILL_IN: readonly RegExp[] = [
  // 192.168.1.x, 100.x.x.x
  /^(?=.*[a-z])(?:\d{1,3}|[xyzn]{1,3})(?:\.(?:\d{1,3}|[xyzn]{1,3})){3}$/i,
  /^(?:your|change|replace|insert|fill)[-_]|^(?:changeme|replaceme|todo|tbd)$/i,
  // What a script puts a value for, as SERVER_IP; names of machines have no underscores.
  /^(?:[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+|IP|ADDRESS|HOST|HOSTNAME)$/,
]

/** Whether an `ansible_host` names no machine yet: a sample's blank, or a slip. */
export function isToFillIn(address: string): boolean {
  return addressKind(address) === undefined || TO_FILL_IN.some((pattern) => pattern.test(address))
}

/** One spelling for each address: `FD00:0::1` → `fd00::1`, `::ffff:10.0.0.1` → `10.0.0.1`, names in lower case. */
export function normalAddress(address: string): string {
  const lower = address.toLowerCase()
  if (!isIPv6(address)) return lower.replace(/\.$/, '')
  const [bare = '', zone] = lower.split('%')
  const shortest = new URL(`http://[${bare}]/`).hostname.slice(1, -1)
  const [, high, low] = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(shortest) ?? []
  if (high !== undefined && low !== undefined) {
    const bytes = [high, low].flatMap((part) => [
      Number.parseInt(part, 16) >> 8,
      Number.parseInt(part, 16) & 255,
    ])
    return bytes.join('.')
  }
  // A zone is an interface's name, and those may differ in case.
  return zone === undefined ? shortest : `${shortest}%${address.split('%')[1]}`
}

/** Why no other machine reaches this address, or not reliably; `undefined` where nothing is known against it. */
export function unreachable(address: string): string | undefined {
  const normal = normalAddress(address)
  if (normal === '0.0.0.0' || normal === '::') return 'means every address of a machine, not one machine'
  if (normal === 'localhost' || normal.endsWith('.localhost') || /^127\./.test(normal) || normal === '::1')
    return 'is the control node itself'
  if (normal === '255.255.255.255' || /^(?:22[4-9]|23\d)\./.test(normal) || /^ff[0-9a-f]{2}:/.test(normal))
    return 'is a broadcast or multicast address'
  if (/^169\.254\./.test(normal))
    return 'is link-local: a machine gives it to itself when no DHCP server answers'
  if (/^fe[89ab][0-9a-f]:/.test(normal))
    return normal.includes('%')
      ? 'is link-local: other nodes need another zone to reach it'
      : 'is link-local and lacks its zone (fe80::1%eth0)'
  return undefined
}

/** Splits `host`, `host:port`, `[v6]` and `[v6]:port`. A bare IPv6 address has no port. */
export function splitPort(text: string): { readonly address: string; readonly port: string | undefined } {
  const [, inner, bracketPort] = /^\[([^\]]*)\](?::(.*))?$/.exec(text) ?? []
  if (inner !== undefined) return { address: inner, port: bracketPort }
  const [, host, port] = /^([^:]*):([^:]*)$/.exec(text) ?? []
  return host === undefined ? { address: text, port: undefined } : { address: host, port }
}
