export const formats = ['text', 'json', 'mermaid'] as const
export type Format = (typeof formats)[number]

export interface TraceFlags {
  readonly format: Format
  readonly output?: string
  readonly inventory?: readonly string[]
  readonly playbook?: readonly string[]
  readonly host?: readonly string[]
  readonly scenario?: readonly string[]
  readonly config?: string
  readonly showUnknown?: boolean
  readonly color: boolean
}
