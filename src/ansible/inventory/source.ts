import type { Span } from '../../span.ts'
import { isVaulted } from '../../syntax/vault.ts'
import { entryOf, parseYaml, type YamlText } from '../../syntax/yaml.ts'
import type { Fault } from '../value.ts'
import { InventoryDraft } from './draft.ts'
import { expandHostPattern } from './hostPattern.ts'
import { iniLines, iniSection, readIniInventory } from './iniSource.ts'
import { extensionOf, joinPath, type ProjectTree } from './projectTree.ts'
import { readYamlInventory } from './yamlSource.ts'

// INVENTORY_IGNORE_EXTS of ansible-core 2.21: https://docs.ansible.com/ansible/latest/reference_appendices/config.html#inventory-ignore-exts
const IGNORED =
  /^\.|^host_vars$|^group_vars$|^vars_plugins$|(?:\.pyc|\.pyo|\.swp|\.bak|~|\.rpm|\.md|\.txt|\.rst|\.orig|\.cfg|\.retry)$/
const YAML_EXTENSIONS = ['', '.yaml', '.yml', '.json']

/** Reads one `-i`: a file, a directory, or a list of hosts with a comma in it. */
export function readSource(draft: InventoryDraft, tree: ProjectTree, source: string): void {
  if (tree.isDirectory(source)) readDirectory(draft, tree, source)
  else if (tree.text(source) !== undefined) readFile(draft, tree, source)
  else if (source.includes(',')) readHostList(draft, source)
  else
    draft.report(
      { path: source, start: 0, end: 0 },
      'there is no such inventory file or directory',
      'check the path behind -i, and inventory= in ansible.cfg',
    )
}

function readDirectory(draft: InventoryDraft, tree: ProjectTree, directory: string): void {
  for (const name of tree.list(directory)) {
    const path = joinPath(directory, name)
    if (IGNORED.test(name)) continue
    if (tree.isDirectory(path)) readDirectory(draft, tree, path)
    else {
      if (name.endsWith('.ini'))
        draft.report(
          whole(path),
          'ansible-core before 2.19 skips *.ini in an inventory directory, later ones read it',
          'leave the ending .ini out, and both read it',
          'warning',
        )
      readFile(draft, tree, path)
    }
  }
}

function readHostList(draft: InventoryDraft, source: string): void {
  for (const { 0: part, index } of source.matchAll(/[^,]+/g)) {
    const text = part.trim()
    if (text === '') continue
    const at = { path: source, start: index, end: index + part.length }
    // Ranges are not written out in a list.
    const pattern = text.includes('[') && !/\]:\d+$/.test(text) ? text : expandHostPattern(text)
    const [name = text] = typeof pattern === 'string' ? [text] : pattern.names
    draft.addHost(name, 'ungrouped', typeof pattern === 'string' ? undefined : pattern.port, source, at)
  }
}

function readFile(draft: InventoryDraft, tree: ProjectTree, path: string): void {
  const text = tree.text(path) ?? ''
  const format = inventoryFormat(path, text)
  if (format.kind === 'other') {
    draft.faults.push(format.fault)
    draft.isOpen = true
    return
  }
  if (format.kind === 'ini') {
    readIniInventory(draft, path, text)
    return
  }
  const { root, faults } = format.yaml
  draft.faults.push(...faults)
  if (root?.kind === 'map') readYamlInventory(draft, path, root)
  else if (root !== undefined && !faults.some(isError))
    draft.report(root.at, 'an inventory is a mapping of groups', 'begin it with a group, like k3s_cluster:')
}

export type InventoryFormat =
  | { readonly kind: 'ini' }
  | { readonly kind: 'yaml'; readonly yaml: YamlText }
  | { readonly kind: 'other'; readonly fault: Fault }

export const NOT_RUN = 'this looks like an inventory script; k3seal does not run it'
const SNAPSHOT = 'give it what ansible-inventory -i … --list --yaml --export prints, as a file'

/**
 * How Ansible reads the file: it tries YAML first and, where that can't be read as an inventory, INI, whatever the file
 * is called. `other` is what k3seal does not look into.
 */
export function inventoryFormat(path: string, text: string): InventoryFormat {
  const extension = extensionOf(path)
  const other = (
    message: string,
    fix: string,
    severity: Fault['severity'] & string,
    at = whole(path),
  ): InventoryFormat => ({
    kind: 'other',
    fault: { at, message, fix, severity },
  })
  if (isVaulted(text))
    return other(
      'this inventory is encrypted as a whole, so its hosts and variables are not known here',
      'encrypt only the secret values: ansible-vault encrypt_string, or k3seal init',
      'notice',
    )
  if (text.startsWith('#!')) return other(NOT_RUN, SNAPSHOT, 'notice')
  if (extension === '.toml') return other('k3seal does not read inventories in TOML', SNAPSHOT, 'error')
  if (!YAML_EXTENSIONS.includes(extension)) return { kind: 'ini' }
  // Most files without an ending are INI, and a section's head can't begin a YAML inventory: save the work.
  const [first] = iniLines(text)
  if (first !== undefined && typeof iniSection(first.text) === 'object') return { kind: 'ini' }
  const yaml = parseYaml(path, text)
  const { root } = yaml
  const plugin = entryOf(root, 'plugin')
  if (plugin !== undefined)
    return other(
      'this configures an inventory plugin; k3seal does not run it',
      SNAPSHOT,
      'notice',
      plugin.key.at,
    )
  const statement = yaml.faults.some(isError) ? templateStatement.exec(text) : null
  if (statement !== null) {
    const start = statement.index + statement[0].length - '{%'.length
    return other(
      'this inventory is a template, which Ansible reads as it stands',
      'fill it in first, and keep it where no inventory is looked for: in templates/',
      'error',
      { path, start, end: start + '{%'.length },
    )
  }
  const usable = root?.kind === 'map' && root.entries.size > 0 && !yaml.faults.some(isError)
  return usable || !isIni(path, text, extension !== '') ? { kind: 'yaml', yaml } : { kind: 'ini' }
}

/** A line that only a template has, where the text is no YAML. */
export const templateStatement = /^[ \t]*\{%/m

function isError({ severity }: Fault): boolean {
  return severity === undefined || severity === 'error'
}

/** Whether Ansible would get through the text as INI; without an ending, whether it is likelier meant as INI. */
function isIni(path: string, text: string, named: boolean): boolean {
  const trial = new InventoryDraft()
  readIniInventory(trial, path, text)
  if (!trial.faults.some(isError)) return true
  if (named) return false
  const lines = iniLines(text)
  const sections = lines.filter(({ text: line }) => typeof iniSection(line) === 'object').length
  const keys = lines.filter(({ text: line }) => /^[\w.-]+:(?:\s|$)/.test(line) || line === '---').length
  return sections > 0 || keys === 0
}

function whole(path: string): Span {
  return { path, start: 0, end: 0 }
}
