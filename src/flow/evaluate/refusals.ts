import { Undefined, type Value } from '../../ansible/template/primitives.ts'
import type { Span } from '../../span.ts'
import { looksLikeTemplate, parsedTemplate } from './parsed.ts'

const REFUSED = 'a template that Jinja2 refuses: '

/** Limits of what is read here, and names of characters. */
const OURS = /^(?:nested too deeply|a broken escape sequence in a string)$/

/**
 * Why Jinja2 certainly refuses a template that stands in YAML. Beside a block that is not known here, which an extension may have
 * brought, a fault may belong to that.
 */
export function refusalOf(text: string): string | undefined {
  if (!looksLikeTemplate(text)) return undefined
  const { faults } = parsedTemplate(text)
  const isSure =
    faults.every(({ isOfBlocks }) => isOfBlocks === true) ||
    (!text.includes('{%') && !faults.some(({ message }) => OURS.test(message)))
  return isSure ? faults[0]?.message : undefined
}

/** What stands for such a template: where it is used the task fails, and neither `default` nor a test takes it for undefined. */
export const refusal = (message: string, name: string | undefined, { path }: Span): Undefined =>
  new Undefined(`${name === undefined ? '' : `${name} in ${path} is `}${REFUSED}${message}`)

export const isRefusal = (value: Value | undefined): value is Undefined =>
  value instanceof Undefined && saysRefusal(value.message)

/** Whether a fault, or something undefined, comes of one. */
export const saysRefusal = (message: string): boolean => message.includes(REFUSED)
