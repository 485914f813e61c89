import { CsvError, parse as parseCsv } from 'csv-parse/sync'
import { type NodeSpec, newNodeSpec } from '../ansible/nodeSpec.ts'
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
