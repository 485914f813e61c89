/** A server's or agent's token as K3s writes it itself: no other text looks like that. */
const SECURE = /\bK10([0-9a-f]{64})::(?:server|node):([\w.~+/=-]{5,}[\w~+/=-])/g
/** A hash of fewer digits was made up. */
const FEWEST = 8

export interface WrittenToken {
  readonly start: number
  readonly end: number
  /** What has to be secret of it. */
  readonly password: string
}

/** The tokens with a CA hash in any text, whatever reads that. */
export function writtenTokens(text: string): readonly WrittenToken[] {
  if (!text.includes('K10')) return []
  return [...text.matchAll(SECURE)].flatMap(({ 0: token, 1: hash = '', 2: password = '', index }) =>
    new Set(hash).size < FEWEST ? [] : [{ start: index, end: index + token.length, password }],
  )
}
