import {
  type Expression,
  fileTemplate,
  parseExpression,
  parseTemplate,
  type SyntaxOptions,
  type Template,
  yamlTemplate,
} from '../../syntax/jinja/index.ts'

export interface ParsedExpression {
  readonly expression: Expression
  readonly faults: readonly { readonly message: string }[]
}

/** More texts than this are no longer one project: the oldest go. */
const most = 20_000

const templates = new Map<string, Template>()
const expressions = new Map<string, ParsedExpression>()

function kept<T>(cache: Map<string, T>, text: string, read: () => T): T {
  const known = cache.get(text)
  if (known !== undefined) return known
  const made = read()
  if (cache.size >= most) for (const [oldest] of [...cache].slice(0, most / 2)) cache.delete(oldest)
  cache.set(text, made)
  return made
}

/** A template that stands in YAML. */
export const parsedTemplate = (text: string): Template =>
  kept(templates, text, () => parseTemplate(text, yamlTemplate))

/** A template file. Only the usual syntax is kept. */
export const parsedFile = (text: string, options: SyntaxOptions): Template =>
  options === fileTemplate
    ? kept(templates, `\0${text}`, () => parseTemplate(text, options))
    : parseTemplate(text, options)

export const parsedExpression = (text: string): ParsedExpression =>
  kept(expressions, text, () => parseExpression(text))

export const looksLikeTemplate = (text: string): boolean =>
  text.includes('{') && (text.includes('{{') || text.includes('{%') || text.includes('{#'))
