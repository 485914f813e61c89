import { positionAt, type Span } from '../../span.ts'
import { entryOf, parseYaml, type YamlText } from '../../syntax/yaml.ts'
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
  const extension = extensionOf(path)
  if (text.startsWith('$ANSIBLE_VAULT;'))
    draft.report(
      whole(path),
      'this inventory is encrypted as a whole, so its hosts and variables are not known here',
      'encrypt only the secret values: ansible-vault encrypt_string, or k3seal init',
      'notice',
    )
  else if (text.startsWith('#!'))
    draft.report(
      whole(path),
      'this looks like an inventory script; k3seal does not run it',
      SNAPSHOT,
      'notice',
    )
  else if (extension === '.toml')
    draft.report(whole(path), 'k3seal does not read inventories in TOML', SNAPSHOT)
  else if (YAML_EXTENSIONS.includes(extension)) readYamlOrIni(draft, path, text, extension !== '')
  else readIniInventory(draft, path, text)
}

const SNAPSHOT = 'give it what ansible-inventory -i … --list --yaml --export prints, as a file'

/** Ansible tries YAML first and, where that can't be read as an inventory, INI, whatever the file is called. */
function readYamlOrIni(draft: InventoryDraft, path: string, text: string, named: boolean): void {
  // Most files without an ending are INI; a section's head can't begin a YAML inventory, so save the work.
  const [first] = iniLines(text)
  if (first !== undefined && typeof iniSection(first.text) === 'object') {
    readIniInventory(draft, path, text)
    return
  }
  const yaml = parseYaml(path, text)
  const { root } = yaml
  const plugin = entryOf(root, 'plugin')
  const broken = yaml.faults.some(({ severity }) => severity === undefined || severity === 'error')
  if (plugin !== undefined && !isEmptyText(yaml)) {
    draft.report(
      plugin.key.at,
      'this configures an inventory plugin; k3seal does not run it',
      SNAPSHOT,
      'notice',
    )
    return
  }
  if ((broken || root?.kind !== 'map' || root.entries.size === 0) && isIni(path, text, named)) {
    readIniInventory(draft, path, text)
    return
  }
  draft.faults.push(...yaml.faults)
  if (root?.kind === 'map') readYamlInventory(draft, path, root)
  else if (root !== undefined && !broken)
    draft.report(root.at, 'an inventory is a mapping of groups', 'begin it with a group, like k3s_cluster:')
}

function isEmptyText({ root }: YamlText): boolean {
  return root === undefined
}

/** Whether Ansible would get through the text as INI; without an ending, whether it is likelier meant as INI. */
function isIni(path: string, text: string, named: boolean): boolean {
  const trial = new InventoryDraft()
  readIniInventory(trial, path, text)
  if (!trial.faults.some(({ severity }) => severity === 'error')) return true
  if (named) return false
  const lines = iniLines(text)
  const sections = lines.filter(({ text: line }) => typeof iniSection(line) === 'object').length
  const keys = lines.filter(({ text: line }) => /^[\w.-]+:(?:\s|$)/.test(line) || line === '---').length
  return sections > 0 || keys === 0
}

function whole(path: string): Span {
  return { path, start: 0, end: 0 }
}

/** `path:line`, for messages. */
export function placeIn(tree: ProjectTree, { path, start }: Span): string {
  return `${path}:${positionAt(tree.text(path) ?? '', start).line}`
}
