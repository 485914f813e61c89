import { type TemplatePluginKind, templatePlugins } from '../../facts/templatePlugins.ts'
import type { Expression } from '../../syntax/jinja/index.ts'
import { parsedTemplate } from './parsed.ts'

/** A filter or test that neither Jinja2 nor ansible-core has. */
export interface UnknownPlugin {
  readonly kind: TemplatePluginKind
  readonly name: string
}

/** What Jinja2 says of it. */
export const noneNamed = ({ kind, name }: UnknownPlugin): string => `there is no ${kind} ${name}`

const found = new WeakMap<object, { readonly first: UnknownPlugin | undefined }>()

/**
 * The first of an expression that keeps Jinja2 from compiling it, whether it comes to be used or not. What a conditional
 * expression has of them is only asked for when it is used. Those of collections have a dot in their names.
 */
export function unknownPluginIn(expression: Expression): UnknownPlugin | undefined {
  let known = found.get(expression)
  if (known === undefined) {
    known = { first: firstIn(expression) }
    found.set(expression, known)
  }
  return known.first
}

const USE = /\|\s*([A-Za-z_][\w.]*)|\bis\s+(?:not\s+)?([A-Za-z_][\w.]*)/g

/** Whether a text may use one, by what stands behind its bars and `is`: most need not be parsed for that. */
export function mayUseUnknownPlugin(text: string): boolean {
  for (const [, filter, test] of text.matchAll(USE)) {
    const name = filter ?? test ?? ''
    if (!name.includes('.') && !templatePlugins[filter === undefined ? 'test' : 'filter'].has(name))
      return true
  }
  return false
}

/** The same of a template: in its blocks it may never be used. */
export function unknownPluginInTemplate(text: string): UnknownPlugin | undefined {
  if (!text.includes('{{') || !mayUseUnknownPlugin(text)) return undefined
  const { body, faults } = parsedTemplate(text)
  if (faults.length > 0) return undefined
  for (const node of body) {
    const unknown = node.kind === 'output' ? unknownPluginIn(node.expression) : undefined
    if (unknown !== undefined) return unknown
  }
  return undefined
}

function firstIn(part: unknown): UnknownPlugin | undefined {
  if (typeof part !== 'object' || part === null) return undefined
  const { kind, name } = part as { readonly kind?: unknown; readonly name?: unknown }
  if (kind === 'conditional') return undefined
  if ((kind === 'filter' || kind === 'test') && typeof name === 'string')
    if (!name.includes('.') && !templatePlugins[kind].has(name)) return { kind, name }
  for (const inner of Object.values(part)) {
    const unknown = firstIn(inner)
    if (unknown !== undefined) return unknown
  }
  return undefined
}
