import { UserError } from '../errors.ts'
import { formatLocation, positionAt, type Span } from '../span.ts'
import { type ConfigText, parseConfigText, strip } from '../syntax/configParser.ts'
import { upwards } from './content/paths.ts'
import type { Fault, Project } from './value.ts'

/**
 * ansible.cfg as ansible-core reads it (config/manager.py; options and their environment names: config/base.yml).
 * https://docs.ansible.com/ansible/latest/reference_appendices/config.html
 */

/** One option of `[defaults]` or `[diff]`. */
export interface Setting {
  /** As configparser gives it: quotes kept. */
  readonly value: string
  /** From the key to the end of the value. */
  readonly at: Span
  /** `path:line:column` of the key. */
  readonly origin: string
}

export interface AnsibleConfig {
  readonly path: string
  /** All of `[defaults]`, keys in lower case. */
  readonly defaults: ReadonlyMap<string, Setting>
  readonly vaultIdentity: Setting | undefined
  readonly vaultIdentityList: Setting | undefined
  readonly vaultPasswordFile: Setting | undefined
  readonly askVaultPass: Setting | undefined
  readonly vaultEncryptIdentity: Setting | undefined
  readonly vaultIdMatch: Setting | undefined
  readonly inventory: Setting | undefined
  /** `always` of `[diff]`: every run shows what --diff does. */
  readonly diffAlways: Setting | undefined
  /** Any of them makes Ansible refuse to start. */
  readonly faults: readonly Fault[]
}

/** Never throws. `path` is only for spans and messages. */
export function parseAnsibleConfig(path: string, text: string): AnsibleConfig {
  const parsed = parseConfigText(text)
  // [DEFAULT] is configparser's own: its options count in every section that exists.
  const settings = (name: string): ReadonlyMap<string, Setting> => {
    const found = new Map<string, Setting>()
    const exists = parsed.sections.some((section) => section.name === name)
    for (const section of exists ? ['DEFAULT', name] : [])
      for (const option of parsed.options.filter((each) => each.section === section)) {
        const at = {
          path,
          start: option.keyRange.start,
          end: option.fragments.at(-1)?.end ?? option.keyRange.end,
        }
        found.set(option.key, { value: option.value, at, origin: formatLocation(at, text) })
      }
    return found
  }
  const defaults = settings('defaults')
  return {
    path,
    defaults,
    vaultIdentity: defaults.get('vault_identity'),
    vaultIdentityList: defaults.get('vault_identity_list'),
    vaultPasswordFile: defaults.get('vault_password_file'),
    askVaultPass: defaults.get('ask_vault_pass'),
    vaultEncryptIdentity: defaults.get('vault_encrypt_identity'),
    vaultIdMatch: defaults.get('vault_id_match'),
    inventory: defaults.get('inventory'),
    diffAlways: settings('diff').get('always'),
    faults: parsed.faults.map(({ range, message }) => ({
      at: { path, ...range },
      message: `Ansible can't read ${path}: ${message}`,
      fix: text.startsWith('\ufeff')
        ? 'save the file without a byte order mark'
        : 'write [defaults] and below it one key = value a line, each key once',
    })),
  }
}

/** The ansible.cfg of a directory, or of the nearest above it: Ansible reads the one of where it runs, and no other. */
export function nearestConfig(
  project: Project,
  directory: string,
): { readonly path: string; readonly text: string } | undefined {
  for (const above of upwards(directory)) {
    const path = above === '' ? 'ansible.cfg' : `${above}/ansible.cfg`
    const text = project.get(path)
    if (text !== undefined) return { path, text }
  }
  return undefined
}

/** Ansible's own way with quotes: the outermost pair goes, where it is one. */
export function unquoted(value: string): string {
  return /^(["'])[\s\S]*\1$/.test(value) && value.length > 1 && value.at(-2) !== '\\'
    ? value.slice(1, -1)
    : value
}

/** A value of the type `list`. An empty one is a list of one empty item, as it is for Ansible. */
export function listItems(value: string): readonly string[] {
  return value.split(',').map((item) => unquoted(strip(item)))
}

/** The directories of a setting such as `roles_path`, word for word. */
export function pathItems(value: string): readonly string[] {
  return unquoted(value)
    .split(':')
    .map((item) => item.trim())
}

/** A value of the type `boolean`; what is no boolean counts as false. */
export function isTrue(value: string): boolean {
  return ['y', 'yes', 'on', '1', 'true', 't'].includes(strip(value.toLowerCase()))
}

/**
 * The text with `key = value` in `[defaults]`: a value that is there is replaced, else a line is added, else a
 * section; `undefined` makes a new file. Every other byte stays. Throws `UserError` where the file can't be read
 * or the value can't be written so that Ansible reads it back.
 */
export function setDefault(text: string | undefined, key: string, value: string): string {
  if (!/^[a-z_][a-z0-9_]*$/.test(key))
    throw new UserError(`${JSON.stringify(key)} is no option of ansible.cfg`, {
      fix: 'name an option such as vault_password_file',
    })
  if (strip(value) !== value || /[\r\n]|(?:^|\s);/.test(value))
    throw new UserError(`ansible.cfg can't hold the value of ${key} so that Ansible reads it back`, {
      fix: 'use a value without line breaks, without white space at its ends and without a semicolon that follows white space',
    })
  const before = text ?? ''
  const parsed = parseConfigText(before)
  const [fault] = parsed.faults
  if (fault !== undefined)
    throw new UserError(`ansible.cfg can't be changed, because Ansible can't read it: ${fault.message}`, {
      fix: 'mend that line first',
      at: `ansible.cfg:${positionAt(before, fault.range.start).line}`,
    })
  return withOption(before, parsed, key, value)
}

function withOption(text: string, parsed: ConfigText, key: string, value: string): string {
  const own = parsed.options.filter(({ section }) => section === 'defaults')
  const present = own.find((option) => option.key === key)
  if (present !== undefined) {
    const [first, ...rest] = present.fragments
    // From the end, so that the offsets before stay true.
    let after = text
    for (const { start, end } of rest.toReversed()) after = withoutFragment(after, start, end)
    const gap =
      /[=:]$/.test(after.slice(0, first.start)) && value !== '' && first.start === first.end ? ' ' : ''
    return after.slice(0, first.start) + gap + value + after.slice(first.end)
  }

  const lineBreak = /\r?\n/.exec(text)?.[0] ?? '\n'
  const section = parsed.sections.find(({ name }) => name === 'defaults')
  if (section === undefined) {
    const gap = text === '' ? '' : text.endsWith('\n') ? lineBreak : lineBreak + lineBreak
    return `${text}${gap}[defaults]${lineBreak}${key} = ${value}${lineBreak}`
  }
  // Not further left than what follows, or that would continue this value; not further right than the option before.
  const last = own.at(-1)
  const indentation = last?.indentation ?? nextIndentation(text, parsed, section.range.end)
  const lineEnd = text.indexOf('\n', last?.fragments.at(-1)?.end ?? section.range.end)
  const line = `${indentation}${key} = ${value}`
  if (lineEnd === -1) return text + lineBreak + line
  return `${text.slice(0, lineEnd + 1)}${line}${lineBreak}${text.slice(lineEnd + 1)}`
}

/** Takes a continuation away, with its line where nothing else stands on it. */
function withoutFragment(text: string, start: number, end: number): string {
  const lineStart = text.lastIndexOf('\n', start - 1) + 1
  const nextLine = text.indexOf('\n', end)
  const lineEnd = nextLine === -1 ? text.length : nextLine + 1
  const isAlone = strip(text.slice(lineStart, start)) === '' && strip(text.slice(end, lineEnd)) === ''
  return isAlone ? text.slice(0, lineStart) + text.slice(lineEnd) : text.slice(0, start) + text.slice(end)
}

function nextIndentation(text: string, parsed: ConfigText, offset: number): string {
  const next = parsed.sections.find(({ range }) => range.start >= offset)
  return next === undefined ? '' : text.slice(text.lastIndexOf('\n', next.range.start) + 1, next.range.start)
}
