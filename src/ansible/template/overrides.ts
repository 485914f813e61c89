import type { SyntaxOptions } from '../../syntax/jinja/index.ts'
import { TemplateFault, unsupported } from './values.ts'

const header = '#jinja2:'

const keys = {
  block_start_string: 'blockStart',
  block_end_string: 'blockEnd',
  variable_start_string: 'variableStart',
  variable_end_string: 'variableEnd',
  comment_start_string: 'commentStart',
  comment_end_string: 'commentEnd',
  trim_blocks: 'trimBlocks',
  lstrip_blocks: 'lstripBlocks',
  keep_trailing_newline: 'keepTrailingNewline',
} as const satisfies Readonly<Record<string, keyof SyntaxOptions>>

/** Heeds a first line `#jinja2: key: value, …`, which is then no part of the template; `start`: where the rest begins. */
export function fileOverrides(
  source: string,
  defaults: SyntaxOptions,
): { readonly options: SyntaxOptions; readonly start: number } {
  if (!source.startsWith(header)) return { options: defaults, start: 0 }
  const end = source.indexOf('\n')
  if (end === -1) throw malformed('nothing follows')
  const options: Record<string, string | boolean> = { ...defaults }
  for (const pair of source.slice(header.length, end).split(',')) {
    const [, key, value] = /^\s*(\w+)\s*:\s*(.*?)\s*$/.exec(pair) ?? []
    if (key === undefined || value === undefined) throw malformed('a pair is not key: value')
    const text = /^(['"])(.*)\1$/.exec(value)?.[2]
    const option = keys[key as keyof typeof keys]
    if (option === undefined) throw unsupported(`the key ${key} in a ${header} line`)
    if (typeof options[option] === 'boolean') {
      if (value !== 'True' && value !== 'False') throw malformed(`${key} is True or False`)
      options[option] = value === 'True'
    } else {
      if (text === undefined || text === '') throw malformed(`${key} is a text in quotes`)
      options[option] = text
    }
  }
  return { options: options as unknown as SyntaxOptions, start: end + 1 }
}

function malformed(what: string): TemplateFault {
  return new TemplateFault(
    `the ${header} line can't be read: ${what}`,
    `write ${header} trim_blocks: False, lstrip_blocks: True`,
  )
}
