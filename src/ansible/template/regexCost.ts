interface Atom {
  /** The characters of `PROBES` that it matches; `undefined`: any, or a group. */
  readonly takes: ReadonlySet<string> | undefined
  isUnbounded: boolean
  isOptional: boolean
}

interface Group {
  readonly alternatives: Atom[][]
  /** Whether something within a group of it is repeated without a bound. */
  holdsUnbounded: boolean
  isAmbiguous: boolean
}

const PROBES = [...Array.from({ length: 128 }, (_, code) => String.fromCharCode(code)), 'é', '中']
const PARTS =
  /\\(?:x[\da-fA-F]{2}|u[\da-fA-F]{4}|[\s\S])|\[\^?\]?(?:\\[\s\S]|[^\]\\])*\]|\(\?(?:P<\w+>|P=\w+\)|#[^)]*\)|<?[=!]|:|[a-zA-Z]+\))|[*+?]\??|\{\d*,?\d*\}\??|[\s\S]/gu

/** More repetitions than this are as bad as any number of them. */
const MANY = 8

/**
 * Whether a regular expression of Python may take exponential time: a repeated group with something repeated in it, or with
 * alternatives that begin alike, and nothing in it that says where one round ends. Errs on the side of yes.
 */
export function mayTakeForever(pattern: string): boolean {
  const groups: Group[] = [groupOf()]
  let last: Group | undefined
  for (const [part] of pattern.matchAll(PARTS)) {
    const group = groups.at(-1) ?? groupOf()
    const repeated = quantifier(part)
    if (repeated !== undefined) {
      const atom = group.alternatives.at(-1)?.at(-1)
      if (atom !== undefined) {
        atom.isUnbounded ||= repeated.isMany
        atom.isOptional ||= repeated.isOptional
      }
      if (repeated.isMany && last !== undefined && roundsBlur(last)) return true
      if (repeated.isMany && last !== undefined) group.holdsUnbounded = true
      last = undefined
      continue
    }
    last = undefined
    if (part.startsWith('(') && !part.endsWith(')')) groups.push(groupOf())
    else if (part === ')' && groups.length > 1) {
      last = groups.pop()
      const outer = groups.at(-1) ?? groupOf()
      outer.holdsUnbounded ||= last?.holdsUnbounded === true || hasUnbounded(last)
      outer.isAmbiguous ||= last?.isAmbiguous === true || (last !== undefined && overlaps(last))
      outer.alternatives.at(-1)?.push({ takes: undefined, isUnbounded: false, isOptional: false })
    } else if (part === '|') group.alternatives.push([])
    else if (!/^(?:[\^$]|\\[AZbB])$/.test(part) && !part.startsWith('(?'))
      group.alternatives.at(-1)?.push({ takes: taken(part), isUnbounded: false, isOptional: false })
  }
  return false
}

const groupOf = (): Group => ({ alternatives: [[]], holdsUnbounded: false, isAmbiguous: false })

const hasUnbounded = (group: Group | undefined): boolean =>
  group?.alternatives.some((atoms) => atoms.some(({ isUnbounded }) => isUnbounded)) === true

function roundsBlur(group: Group): boolean {
  if (group.isAmbiguous || overlaps(group)) return true
  if (group.holdsUnbounded) return true
  return group.alternatives.some(
    (atoms) => atoms.some(({ isUnbounded }) => isUnbounded) && !isDelimited(atoms),
  )
}

/** Whether the first or the last character of a round can be nothing else in it. */
function isDelimited(atoms: readonly Atom[]): boolean {
  return [atoms[0], atoms.at(-1)].some(
    (edge) =>
      edge?.takes !== undefined &&
      !edge.isUnbounded &&
      !edge.isOptional &&
      atoms.every((atom) => atom === edge || disjoint(atom, edge)),
  )
}

/** Whether two alternatives may begin with the same character. */
function overlaps({ alternatives }: Group): boolean {
  const firsts = alternatives.map((atoms) => atoms[0])
  return firsts.some((one, index) =>
    firsts
      .slice(index + 1)
      .some((other) => one === undefined || other === undefined || !disjoint(one, other)),
  )
}

function disjoint(one: Atom, other: Atom): boolean {
  if (one.takes === undefined || other.takes === undefined) return false
  return [...one.takes].every((character) => other.takes?.has(character) !== true)
}

function taken(part: string): ReadonlySet<string> | undefined {
  if (part === '.') return undefined
  if (part.length === 1) return new Set([part])
  try {
    const single = new RegExp(`^${part.replace(/^\[(\^?)\]/, '[$1\\]')}$`)
    return new Set(PROBES.filter((probe) => single.test(probe)))
  } catch {
    return undefined
  }
}

function quantifier(part: string): { readonly isMany: boolean; readonly isOptional: boolean } | undefined {
  if (/^[*+?]\??$/.test(part)) return { isMany: part[0] !== '?', isOptional: part[0] !== '+' }
  const [, least, comma, most] = /^\{(\d*)(,?)(\d*)\}\??$/.exec(part) ?? []
  if (least === undefined || `${least}${most}` === '') return undefined
  const bound = comma === '' ? Number(least) : most === '' ? Number.POSITIVE_INFINITY : Number(most)
  return { isMany: bound > MANY, isOptional: Number(least) === 0 }
}
