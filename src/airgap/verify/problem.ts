/** What keeps nodes from starting out of a bundle. */
export interface BundleProblem {
  /** Names the fault, as the rules of `lint` do. */
  readonly id: string
  /** Below the bundle's directory; undefined where it concerns the bundle as a whole. */
  readonly path?: string
  readonly message: string
  readonly cure: string
  /** The nodes that it stops, sorted; none where it is a notice. */
  readonly nodes: readonly string[]
}
