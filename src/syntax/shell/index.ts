export { parseShell } from './parser.ts'
export type { ShellAssignment, ShellNode, ShellRedirect, SimpleCommand } from './tree.ts'
export type { ShellPart, ShellWord } from './word.ts'
export { behindWrappers, isBeforeProgram } from './wrappers.ts'
