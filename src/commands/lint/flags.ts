import type { FailOn } from '../../lint/finding.ts'

export const formats = ['text', 'json', 'sarif', 'github', 'gitlab', 'junit'] as const
export type Format = (typeof formats)[number]

export interface LintFlags {
  readonly format?: Format
  readonly output?: string
  readonly inventory?: readonly string[]
  readonly select?: readonly string[]
  readonly ignore?: readonly string[]
  readonly failOn?: FailOn
  readonly exitZero?: boolean
  readonly exclude?: readonly string[]
  readonly forceExclude?: boolean
  readonly config?: string
  readonly baseline?: string
  readonly updateBaseline?: boolean
  readonly fix?: boolean
  readonly fixDryRun?: boolean
  readonly stdinFilename?: string
  readonly showUnknown?: boolean
  readonly listRules?: boolean
  readonly quiet?: boolean
  readonly cache: boolean
  readonly color: boolean
}
