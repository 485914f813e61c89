/**
 * What the filter `ansible.utils.ipwrap` makes of a text: brackets around an IPv6 address, which is written in its
 * canonical form; everything else as it is. A prefix length stays behind the bracket.
 */
export function wrappedAddress(text: string): string {
  const [, address = '', prefix = ''] = /^\s*([^/\s]*)((?:\/\d{1,3})?)\s*$/.exec(text) ?? []
  if (Number(prefix.slice(1)) > 128) return text
  const groups = parseIpv6(address)
  return groups === undefined ? text : `[${formatIpv6(groups)}]${prefix}`
}

/** The eight groups of an IPv6 address without zone; undefined for anything else. */
function parseIpv6(text: string): readonly number[] | undefined {
  const dotted = /^(.*:)(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text)
  if (dotted !== null) {
    const bytes = dotted.slice(2).map(Number)
    if (bytes.some((byte) => byte > 255)) return undefined
    const [a = 0, b = 0, c = 0, d = 0] = bytes
    return parseIpv6(`${dotted[1]}${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`)
  }
  const halves = text.split('::')
  if (halves.length > 2 || !text.includes(':')) return undefined
  const [left = [], right = []] = halves.map((half) => (half === '' ? [] : half.split(':')))
  const missing = 8 - left.length - right.length
  if (halves.length === 1 ? missing !== 0 : missing < 1) return undefined
  const groups = [...left, ...Array.from({ length: missing }, () => '0'), ...right]
  if (groups.some((group) => !/^[\da-fA-F]{1,4}$/.test(group))) return undefined
  return groups.map((group) => Number.parseInt(group, 16))
}

/** RFC 5952: lower case, no leading zeros, the first longest run of two or more zero groups as `::`. */
function formatIpv6(groups: readonly number[]): string {
  if (groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff) {
    const [high = 0, low = 0] = groups.slice(6)
    return `::ffff:${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`
  }
  let [start, size] = [-1, 1]
  for (let at = 0; at < 8; at += 1) {
    let end = at
    while (groups[end] === 0) end += 1
    if (end - at > size) [start, size] = [at, end - at]
    at = Math.max(at, end - 1)
  }
  const shown = groups.map((group) => group.toString(16))
  if (start === -1) return shown.join(':')
  return `${shown.slice(0, start).join(':')}::${shown.slice(start + size).join(':')}`
}
