import { UserError } from '../../errors.ts'
import { Secret } from '../../secret.ts'
import { positionAt } from '../../span.ts'
import { fileTemplate, parseExpression, parseTemplate, type SyntaxOptions } from '../../syntax/jinja/index.ts'
import { evaluate, Locals } from './expressions.ts'
import { fileOverrides } from './overrides.ts'
import { Rendering, withTrailingNewlines } from './rendering.ts'
import type { TemplateScope } from './scope.ts'
import { undefinedFault } from './text.ts'
import { TemplateFault, typeName, Undefined, type Value } from './values.ts'

export type { TemplateScope } from './scope.ts'
export type { Value } from './values.ts'

export interface Rendered {
  /** Byte for byte what Ansible's `template` module writes; a `Secret` where a vaulted value was read on the way. */
  readonly text: string | Secret
}

/**
 * Renders a template file for a host as Ansible's `template` module does: `trim_blocks` on, `lstrip_blocks` off, the
 * line breaks at the end kept, a `#jinja2:` line heeded. Where ansible-core's releases differ, it is the newest's way.
 * Throws a `UserError` that names the place; its words hold no value of a variable.
 */
export function renderTemplate(path: string, source: string, scope: TemplateScope): Rendered {
  const rendering = new Rendering(scope)
  return located(path, source, () => {
    const { options, start } = fileOverrides(source, fileTemplate)
    const text = source.slice(start)
    try {
      const value = withTrailingNewlines(rendering.evaluate(parsed(text, options)), source)
      if (value instanceof Undefined) throw undefinedFault(value)
      const result = value === null ? '' : rendering.textOf(value)
      return { text: rendering.secretRead ? new Secret(result) : result }
    } catch (error) {
      if (error instanceof TemplateFault && error.offset !== undefined) error.offset += start
      throw error
    }
  })
}

/** The value of a bare expression, as conditions hold them, for a host. Throws a `UserError`. */
export function evaluateExpression(path: string, source: string, scope: TemplateScope): Value {
  return located(path, source, () => {
    const { expression, faults } = parseExpression(source)
    throwFirst(faults)
    const value = evaluate(expression, new Locals(), new Rendering(scope))
    if (value instanceof Undefined) throw undefinedFault(value)
    return value
  })
}

/** What a variable is worth once its templates are rendered. */
export interface VariableText {
  /** As Python names it: `str`, `int`, `NoneType`, … */
  readonly type: string
  /** As it stands in a text; a `Secret` where a vaulted value was read on the way. */
  readonly text: string | Secret
}

/**
 * A variable as Ansible would hand it to a module: `undefined` where the host has no such variable or it leads to an
 * undefined one. Throws a `UserError` where it can't be rendered.
 */
export function variableText(name: string, scope: TemplateScope): VariableText | undefined {
  if (!scope.variables.has(name)) return undefined
  const rendering = new Rendering(scope)
  return located(scope.placeOf?.(name) ?? name, undefined, () => {
    const value = rendering.variable(name)
    if (value === undefined || value instanceof Undefined) return undefined
    const text = rendering.textOf(value)
    return { type: typeName(value), text: rendering.secretRead ? new Secret(text) : text }
  })
}

function parsed(text: string, options: SyntaxOptions) {
  const { body, faults } = parseTemplate(text, options)
  throwFirst(faults)
  return body
}

function throwFirst(faults: readonly { readonly message: string; readonly start: number }[]): void {
  const [fault] = faults
  if (fault === undefined) return
  const thrown = new TemplateFault(`Jinja2 can't read this: ${fault.message}`, 'mend the template')
  thrown.offset = fault.start
  throw thrown
}

function located<T>(path: string, source: string | undefined, run: () => T): T {
  try {
    return run()
  } catch (error) {
    if (!(error instanceof TemplateFault)) throw error
    const { line, column } = positionAt(source ?? '', error.offset ?? 0)
    const place = error.place === undefined ? '' : ` (${error.place})`
    const within = error.variable === undefined ? '' : `in the variable ${error.variable}${place}: `
    throw new UserError(within + error.message, {
      fix: error.fix,
      at: source === undefined ? path : `${path}:${line}:${column}`,
      cause: error,
    })
  }
}
