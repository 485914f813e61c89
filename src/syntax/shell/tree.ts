import type { ShellWord } from './word.ts'

export interface ShellAssignment {
  readonly name: string
  /** `NAME+=value`. */
  readonly isAppended: boolean
  readonly value: ShellWord
  readonly start: number
}

export interface ShellRedirect {
  /** The number in front of it; `''` where the operator says which. */
  readonly descriptor: string
  /** `>`, `>>`, `<`, `<<`, `<<-`, `<<<`, `>&` … */
  readonly operator: string
  /** The file; of `<<` the text of the here-document. */
  readonly target: ShellWord
}

interface Place {
  readonly start: number
  readonly end: number
}

export interface SimpleCommand extends Place {
  readonly kind: 'simple'
  readonly assignments: readonly ShellAssignment[]
  readonly words: readonly ShellWord[]
  readonly redirects: readonly ShellRedirect[]
}

export type ShellNode =
  | SimpleCommand
  | ({ readonly kind: 'pipeline'; readonly isNegated: boolean; readonly parts: readonly ShellNode[] } & Place)
  | ({
      readonly kind: 'list'
      readonly items: readonly { readonly joint: ShellJoint; readonly node: ShellNode }[]
    } & Place)
  | ({
      readonly kind: 'if'
      readonly branches: readonly { readonly condition: ShellNode | undefined; readonly body: ShellNode }[]
    } & Place)
  | ({ readonly kind: 'loop'; readonly variable: string | undefined; readonly body: ShellNode } & Place)
  | ({ readonly kind: 'case'; readonly bodies: readonly ShellNode[] } & Place)
  | ({ readonly kind: 'function'; readonly name: string; readonly body: ShellNode } & Place)
  | ({ readonly kind: 'group'; readonly isSubshell: boolean; readonly body: ShellNode } & Place)

/** What stands before a command of a list. */
export type ShellJoint = ';' | '&&' | '||'
