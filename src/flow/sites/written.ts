import { Secret } from '../../secret.ts'
import type { Span } from '../../span.ts'
import { Float, VaultedText } from '../../syntax/value.ts'
import { isVaulted } from '../../syntax/vault.ts'
import type { YamlScalar } from '../../syntax/yaml.ts'
import type { Hidden, Written } from './site.ts'

/** A YAML scalar as a text that stands in a file. */
export function writtenYaml({ value, at, style }: YamlScalar, source: string): Written {
  const raw = source.slice(at.start, at.end)
  if (value instanceof VaultedText) return { at, text: undefined, hidden: 'vaulted', style: blockOr(style) }
  const quoted = style === 'single' || style === 'double'
  const inside = quoted ? { ...at, start: at.start + 1, end: at.end - 1 } : at
  if (typeof value === 'string' && (style !== 'plain' || value === raw || !looksDated(raw)))
    return { at: inside, ...known(value), style: blockOr(style) }
  return { at, ...known(raw), style: 'plain', ...retyped(value, raw) }
}

/**
 * A value of an INI inventory: a Python literal where it is one, else the text. On the line of a host the quotes are gone before
 * that is asked.
 */
export function writtenIni(value: string, at: Span, place: 'host' | 'section'): Written {
  const [, quote = ''] = /^(["'])[\s\S]*\1$/.exec(value) ?? []
  if (value.length < 2 || quote === '') return { at, ...known(value), style: 'plain', ...retypedIni(value) }
  const inner = value.slice(1, -1)
  return {
    at: { ...at, start: at.start + 1, end: at.end - 1 },
    ...known(inner),
    style: quote === '"' ? 'double' : 'single',
    ...(place === 'host' ? retypedIni(inner) : {}),
  }
}

/** What Python makes of a literal, where it comes out as another text: True, None and most numbers are shown as they are written. */
function retypedIni(value: string): Pick<Written, 'retyped' | 'isKept'> {
  if (/^0(?:x_?[\da-f]|o_?[0-7]|b_?[01])[\da-f_]*$|^[1-9]\d*(?:_\d+)+$|^\+\d+$/i.test(value))
    return { retyped: 'integer', isKept: false }
  if (!/^[-+]?(?:\d[\d_]*\.[\d_]*|\.\d[\d_]*|\d[\d_]*(?=e))(?:e[-+]?\d+)?$/i.test(value)) return {}
  const isKept = /^-?\d{1,15}\.0$/.test(value) || String(Number(value)) === value
  return isKept ? {} : { retyped: 'float', isKept: false }
}

/** `ENC[…]` of SOPS, a vault, a template: the text itself is not known. */
export function known(text: string): Pick<Written, 'text' | 'hidden'> {
  const hidden = hiddenAs(text)
  return hidden === undefined ? { text: new Secret(text), hidden } : { text: undefined, hidden }
}

function hiddenAs(text: string): Hidden | undefined {
  if (isVaulted(text.trimStart())) return 'vaulted'
  if (/^ENC\[/.test(text)) return 'sealed'
  // Compose files and CI systems fill these in.
  if (/\$\{\{|^\$\{[^}]*\}$|^\$[A-Z][A-Z0-9_]*$|^\$\(.*\)$/.test(text)) return 'reference'
  return /\{[{%]/.test(text) ? 'template' : undefined
}

function blockOr(style: YamlScalar['style']): Written['style'] {
  return style === 'literal' || style === 'folded' ? 'block' : style
}

function looksDated(raw: string): boolean {
  return /^\d{4}-\d\d?-\d\d?/.test(raw)
}

function retyped(
  value: Exclude<YamlScalar['value'], VaultedText>,
  raw: string,
): Pick<Written, 'retyped' | 'isKept'> {
  if (value === null) return { retyped: 'null', isKept: false }
  // Templates show a boolean as Python does: an unquoted yes comes out as True.
  if (typeof value === 'boolean') return { retyped: 'boolean', isKept: raw === (value ? 'True' : 'False') }
  if (value instanceof Float) return { retyped: 'float', isKept: false }
  return typeof value === 'string'
    ? { retyped: 'date', isKept: raw === value }
    : { retyped: 'integer', isKept: raw === String(value) }
}
