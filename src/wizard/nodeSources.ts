import { CsvError, parse as parseCsv } from 'csv-parse/sync'
import SSHConfig, { type Line } from 'ssh-config'
import { clusterHosts, hostVariables, type Inventory } from '../ansible/inventory/index.ts'
import { type NodeSpec, newNodeSpec } from '../ansible/nodeSpec.ts'
import type { AnsibleValue } from '../ansible/value.ts'
import { UserError } from '../errors.ts'

export interface ClusterNodes {
  readonly servers: readonly NodeSpec[]
  readonly agents: readonly NodeSpec[]
}

const COLUMNS = ['name', 'address', 'role', 'arch', 'user', 'port'] as const
type Column = (typeof COLUMNS)[number]

const HEADERS: Readonly<Record<string, Column>> = {
  name: 'name',
  host: 'name',
  hostname: 'name',
  node: 'name',
  address: 'address',
  ip: 'address',
  ansible_host: 'address',
  role: 'role',
  group: 'role',
  arch: 'arch',
  architecture: 'arch',
  k3seal_arch: 'arch',
  user: 'user',
  ansible_user: 'user',
  port: 'port',
  ansible_port: 'port',
}

const ROLES: Readonly<Record<string, keyof ClusterNodes>> = {
  server: 'servers',
  master: 'servers',
  'control-plane': 'servers',
  agent: 'agents',
  worker: 'agents',
  node: 'agents',
}

const CSV_FORM = 'the columns are name,address,role,arch,user,port; role is server or agent'

/**
 * Nodes of a table: comma, semicolon or tab between the columns, `#` before a comment. A first row that names columns
 * gives their order; without one it is name, address, role, arch, user, port. Throws `UserError` with `path:line`.
 */
export function nodesFromCsv(path: string, text: string): ClusterNodes {
  const rows = readRows(path, text)
  const [first] = rows
  const header = first?.cells.map((cell) => HEADERS[cell.toLowerCase()])
  const isHeader =
    header?.[0] !== undefined && header.some((column) => column === 'name' || column === 'role')
  const columns = isHeader ? readHeader(path, rows[0]) : COLUMNS
  const nodes: { readonly [role in keyof ClusterNodes]: NodeSpec[] } = { servers: [], agents: [] }
  for (const { cells, line } of isHeader ? rows.slice(1) : rows) {
    const at = `${path}:${line}`
    if (cells.length > columns.length)
      throw new UserError(`${cells.length} columns where there are ${columns.length}`, { fix: CSV_FORM, at })
    const cell = (column: Column): string | undefined => {
      const value = cells[columns.indexOf(column)]
      return value === '' ? undefined : value
    }
    const name = cell('name')
    if (name === undefined) throw new UserError('a row without a name', { fix: CSV_FORM, at })
    const role = ROLES[cell('role')?.toLowerCase() ?? '']
    if (role === undefined)
      throw new UserError(`node ${name}: the role is ${cell('role') ?? 'missing'}`, {
        fix: 'write server or agent in the column role',
        at,
      })
    const fields = {
      name,
      address: cell('address'),
      arch: cell('arch'),
      user: cell('user'),
      port: cell('port'),
    }
    nodes[role].push(newNodeSpec(fields, at))
  }
  if (nodes.servers.length + nodes.agents.length === 0)
    throw new UserError('the table names no node', { fix: CSV_FORM, at: path })
  return nodes
}

interface CsvRecord {
  readonly record: readonly string[]
  readonly info: { readonly lines: number }
}

interface Row {
  readonly cells: readonly string[]
  readonly line: number
}

function readRows(path: string, text: string): readonly Row[] {
  const [firstLine = ''] = text.split('\n').filter((line) => !/^\s*(?:#|$)/.test(line))
  const delimiter = [',', ';', '\t'].find((candidate) => firstLine.includes(candidate)) ?? ','
  try {
    // The types don't know that `info` changes what a record is.
    const records = parseCsv(text, {
      bom: true,
      comment: '#',
      comment_no_infix: true,
      delimiter,
      info: true,
      relax_column_count: true,
      skip_empty_lines: true,
      trim: true,
    }) as unknown as readonly CsvRecord[]
    return records
      .map(({ record, info }) => ({ cells: record, line: info.lines }))
      .filter(({ cells }) => cells.some((cell) => cell !== ''))
  } catch (error) {
    if (!(error instanceof CsvError)) throw error
    const { lines } = error as CsvError & { readonly lines?: number }
    throw new UserError('the table can not be read: a quote is not closed, or stands inside a cell', {
      fix: 'put quotes around whole cells only, and double a quote inside',
      at: lines === undefined ? path : `${path}:${lines}`,
      cause: error,
    })
  }
}

function readHeader(path: string, row: Row | undefined): readonly Column[] {
  const cells = row?.cells ?? []
  const at = `${path}:${row?.line ?? 1}`
  return cells.map((cell, index) => {
    const column = HEADERS[cell.toLowerCase()]
    if (column === undefined)
      throw new UserError(`the table has a column ${JSON.stringify(cell)}`, { fix: CSV_FORM, at })
    if (cells.findIndex((other) => HEADERS[other.toLowerCase()] === column) !== index)
      throw new UserError(`the table has two columns for the ${column}`, { fix: 'leave one of them out', at })
    return column
  })
}

/** The cluster of an inventory, as far as its values are written out: a value with a template in it is left out. */
export function nodesFromInventory(inventory: Inventory): ClusterNodes {
  const { servers, agents } = clusterHosts(inventory)
  const node = (name: string): NodeSpec => {
    const variables = hostVariables(inventory, name)
    const own = inventory.hosts.get(name)?.vars
    const text = (variable: string, from = variables): string | undefined =>
      plainText(from.get(variable)?.value)
    const address = text('ansible_host')
    try {
      return newNodeSpec({
        name,
        address: address === name ? undefined : address,
        arch: text('k3seal_arch'),
        user: own === undefined ? undefined : text('ansible_user', own),
        port: text('ansible_port'),
      })
    } catch (error) {
      if (!(error instanceof UserError)) throw error
      // What the inventory says is for Ansible to judge; only what fits is taken over.
      return { name, address, arch: undefined, user: undefined, port: undefined }
    }
  }
  return { servers: servers.map(node), agents: agents.map(node) }
}

function plainText(value: AnsibleValue | undefined): string | undefined {
  if (typeof value === 'number') return String(value)
  return typeof value === 'string' && value !== '' && !value.includes('{{') ? value : undefined
}

interface HostBlock {
  readonly patterns: readonly string[]
  readonly settings: ReadonlyMap<string, string>
}

/**
 * The hosts that an ssh_config names without wildcards, in its order; with `patterns` (`web-*`, `db1`) those that match
 * one. HostName, User and Port are those that ssh would take: the first that it comes across. Nothing is run and
 * nothing is looked up, so `Match` and `Include` have no part: see `sshConfigWarnings`.
 */
export function nodesFromSshConfig(
  path: string,
  text: string,
  patterns?: readonly string[],
): readonly NodeSpec[] {
  const blocks = hostBlocks(path, text)
  const names = new Set(blocks.flatMap((block) => block.patterns).filter((name) => !/[*?!]/.test(name)))
  const chosen = [...names].filter((name) => patterns?.some((pattern) => matches(pattern, name)) ?? true)
  return chosen.map((name) => {
    const settings = new Map<string, string>()
    for (const block of blocks)
      if (applies(block.patterns, name))
        for (const [key, value] of block.settings) if (!settings.has(key)) settings.set(key, value)
    const address = settings.get('hostname')?.replace(/%([%h])/g, (_, sign) => (sign === 'h' ? name : '%'))
    const port = settings.get('port')
    return newNodeSpec(
      {
        name,
        address: address === name ? undefined : address,
        arch: undefined,
        user: settings.get('user'),
        port: port === '22' ? undefined : port,
      },
      path,
    )
  })
}

/** What of an ssh_config was not looked into, in words. */
export function sshConfigWarnings(path: string, text: string): readonly string[] {
  const used = new Set(
    parseSshConfig(path, text)
      .flatMap((line) => [line, ...inner(line)])
      .map(parameter),
  )
  return [
    ...(used.has('include') ? [`${path} includes other files; hosts and settings in them are not seen`] : []),
    ...(used.has('match') ? [`${path} has Match blocks; their settings are not applied`] : []),
    ...(used.has('proxyjump') || used.has('proxycommand')
      ? [`${path} reaches hosts by way of others; Ansible does so too as long as it uses this ssh_config`]
      : []),
  ]
}

function hostBlocks(path: string, text: string): readonly HostBlock[] {
  const blocks: HostBlock[] = []
  for (const line of parseSshConfig(path, text)) {
    const key = parameter(line)
    if (key === 'match' || key === undefined) continue
    if (key === 'host') blocks.push({ patterns: words(line), settings: settingsOf(inner(line)) })
    else blocks.push({ patterns: ['*'], settings: settingsOf([line]) })
  }
  return blocks
}

function settingsOf(lines: readonly Line[]): ReadonlyMap<string, string> {
  const settings = new Map<string, string>()
  for (const line of lines) {
    const key = parameter(line)
    const [value] = words(line)
    if (key !== undefined && value !== undefined && !settings.has(key)) settings.set(key, value)
  }
  return settings
}

function parseSshConfig(path: string, text: string): readonly Line[] {
  try {
    return [...SSHConfig.parse(text)]
  } catch (cause) {
    throw new UserError('this ssh_config can not be read', {
      fix: 'check it with ssh -G -F FILE HOST: a quote may be missing',
      at: path,
      cause,
    })
  }
}

function inner(line: Line): readonly Line[] {
  return 'config' in line ? [...line.config] : []
}

/** In lower case: ssh does not tell `HostName` from `hostname`. */
function parameter(line: Line): string | undefined {
  return 'param' in line ? line.param.toLowerCase() : undefined
}

function words(line: Line): readonly string[] {
  if (!('value' in line)) return []
  return typeof line.value === 'string' ? [line.value] : line.value.map(({ val }) => val)
}

/** A pattern with `!` that matches takes the host out, whatever else matches: ssh_config(5), PATTERNS. */
function applies(patterns: readonly string[], name: string): boolean {
  if (patterns.some((pattern) => pattern.startsWith('!') && matches(pattern.slice(1), name))) return false
  return patterns.some((pattern) => !pattern.startsWith('!') && matches(pattern, name))
}

/** `*` and `?` as in ssh_config, without a regular expression, whose backtracking a long pattern could exploit. */
function matches(pattern: string, name: string): boolean {
  let [at, from, star, mark] = [0, 0, -1, 0]
  while (from < name.length) {
    if (pattern[at] === '?' || (pattern[at] === name[from] && pattern[at] !== '*')) {
      at += 1
      from += 1
    } else if (pattern[at] === '*') {
      star = at
      mark = from
      at += 1
    } else if (star !== -1) {
      mark += 1
      at = star + 1
      from = mark
    } else return false
  }
  while (pattern[at] === '*') at += 1
  return at === pattern.length
}
