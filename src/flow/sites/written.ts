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

/** A value of an INI inventory: a Python literal where it is one, else the text. */
export function writtenIni(value: string, at: Span): Written {
  const [, quote = ''] = /^(["'])[\s\S]*\1$/.exec(value) ?? []
  if (value.length > 1 && quote !== '') {
    const inside = { ...at, start: at.start + 1, end: at.end - 1 }
    return { at: inside, ...known(value.slice(1, -1)), style: quote === '"' ? 'double' : 'single' }
  }
  const plain = { at, ...known(value), style: 'plain' } as const
  // True, None and decimal digits come out as they are written, and quotes change nothing on a host's line.
  if (/^0x[\da-f]+$|^\d[\d_]*$/i.test(value) && !/^0\d/.test(value))
    return { ...plain, retyped: 'integer', isKept: false }
  if (/^(?:\d+\.\d*|\.\d+|\d+(?:\.\d*)?e[-+]?\d+)$/i.test(value))
    return { ...plain, retyped: 'float', isKept: false }
  return plain
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
