import { UserError } from '../errors.ts'
import { nodeFacts } from '../facts/nodes.ts'
import { addressKind, normalAddress, splitPort, unreachable } from './address.ts'

/** One node as the user names it, before it is a host of an inventory. */
export interface NodeSpec {
  /** The inventory's host name, and the Kubernetes node name unless the machine's own differs. */
  readonly name: string
  /** `ansible_host`; IPv4, IPv6 without brackets, or a DNS name. */
  readonly address: string | undefined
  /** K3s's name of the architecture. Undefined: not known, facts will say. */
  readonly arch: 'amd64' | 'arm64' | 'arm' | undefined
  /** `ansible_user` where it differs from the cluster's. */
  readonly user: string | undefined
  /** `ansible_port` where it is not 22. */
  readonly port: number | undefined
}

export interface NodeProblem {
  readonly severity: 'error' | 'warning'
  readonly message: string
  readonly fix: string
  /** The name of the node it is about; `undefined`: about the cluster. */
  readonly node?: string
}

const FORM = 'NAME[=ADDRESS][,arch=arm64][,user=ops][,port=2222]'

/** The names that `uname -m`, Debian and Docker have for K3s's architectures. */
const ARCHITECTURES: Readonly<Record<string, NodeSpec['arch']>> = {
  amd64: 'amd64',
  x86_64: 'amd64',
  'x86-64': 'amd64',
  x64: 'amd64',
  arm64: 'arm64',
  aarch64: 'arm64',
  arm: 'arm',
  armhf: 'arm',
  armv7l: 'arm',
  armv7: 'arm',
}

/** Group names that the inventory itself uses. */
const RESERVED = new Set(['all', 'ungrouped', 'k3s_cluster', 'server', 'agent'])

/** Reads `NAME[=ADDRESS][,arch=…][,user=…][,port=…]`. Throws `UserError` where the text has another form. */
export function parseNodeSpec(text: string): NodeSpec {
  const [first = '', ...options] = text.split(',').map((part) => part.trim())
  const equals = first.indexOf('=')
  const name = (equals === -1 ? first : first.slice(0, equals)).trim()
  const address = equals === -1 ? undefined : first.slice(equals + 1).trim()
  if (name === '')
    throw new UserError(`a node without a name: ${JSON.stringify(text)}`, { fix: `write it as ${FORM}` })
  const fields: Record<'arch' | 'user' | 'port', string | undefined> = {
    arch: undefined,
    user: undefined,
    port: undefined,
  }
  for (const option of options) {
    const [, key = '', value = ''] = /^([^=]*?)\s*=(.*)$/.exec(option) ?? []
    if (key !== 'arch' && key !== 'user' && key !== 'port')
      throw new UserError(`node ${name}: ${JSON.stringify(option)} is no option of a node`, {
        fix: `write the node as ${FORM}`,
      })
    if (fields[key] !== undefined)
      throw new UserError(`node ${name}: ${key} is given twice`, { fix: 'give it once' })
    fields[key] = value.trim()
  }
  return newNodeSpec({ name, address, ...fields })
}

/** Checks the fields of one node, given as texts; an empty one counts as not given. Throws `UserError`. */
export function newNodeSpec(
  fields: Readonly<Record<'name' | 'address' | 'arch' | 'user' | 'port', string | undefined>>,
  at?: string,
): NodeSpec {
  const name = fields.name ?? ''
  const refuse = (message: string, fix: string): never => {
    throw new UserError(`node ${name}: ${message}`, { fix, at })
  }
  const given = splitPort(fields.address ?? '')
  if (fields.address === '' || (fields.address !== undefined && given.address === ''))
    refuse('the address is empty', `write an address behind the =, or only ${name}`)
  if (fields.address !== undefined && addressKind(given.address) === undefined)
    refuse(
      `${given.address} is neither an IPv4 or IPv6 address nor a DNS name`,
      'write it like 10.0.0.1, fd00::1 or host.example.com',
    )
  if (given.port !== undefined && fields.port !== undefined && given.port !== fields.port)
    refuse('the port stands behind the address and again as port=', 'give it once')
  return {
    name,
    address: fields.address === undefined ? undefined : given.address,
    arch: readArchitecture(fields.arch, refuse),
    user: readUser(fields.user, refuse),
    port: readPort(fields.port ?? given.port, refuse),
  }
}

type Refuse = (message: string, fix: string) => never

function readArchitecture(text: string | undefined, refuse: Refuse): NodeSpec['arch'] {
  if (text === undefined) return undefined
  return (
    ARCHITECTURES[text.toLowerCase()] ??
    refuse(`K3s is not made for the architecture ${JSON.stringify(text)}`, 'write amd64, arm64 or arm')
  )
}

function readUser(text: string | undefined, refuse: Refuse): string | undefined {
  // Windows domain accounts (DOMAIN\user, user@domain) are no users of K3s nodes, but OpenSSH takes user@domain.
  if (text === undefined || /^[A-Za-z0-9_][A-Za-z0-9_.@-]*\$?$/.test(text)) return text
  return refuse(`${JSON.stringify(text)} is no user name`, 'write the name that you log in with, like ops')
}

function readPort(text: string | undefined, refuse: Refuse): number | undefined {
  if (text === undefined) return undefined
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0
  return port > 0 && port < 65536
    ? port
    : refuse(`${JSON.stringify(text)} is no port`, 'write a number from 1 to 65535')
}

/** What speaks against a cluster of these nodes. An `error` must be put right, a `warning` may be meant. */
export function nodeProblems(
  servers: readonly NodeSpec[],
  agents: readonly NodeSpec[],
): readonly NodeProblem[] {
  const nodes = [...servers, ...agents]
  return [
    ...serverCountProblems(servers.length),
    ...nodes.flatMap((node) => [...nameProblems(node.name), ...addressProblems(node)]),
    ...sameNameProblems(servers, agents),
    ...sameAddressProblems(nodes),
  ]
}

function serverCountProblems(count: number): readonly NodeProblem[] {
  if (count === 0)
    return [
      { severity: 'error', message: 'the cluster has no server', fix: 'name one: --server NAME[=ADDRESS]' },
    ]
  if (count % 2 === 1) return []
  const { says, see } = nodeFacts.quorum
  return [
    {
      severity: 'warning',
      message: `${count} servers: ${says} (${see})`,
      fix: `use ${count - 1} or ${count + 1} servers, unless the cluster has an external database`,
    },
  ]
}

function nameProblems(name: string): readonly NodeProblem[] {
  const problem = (severity: NodeProblem['severity'], message: string, fix: string): NodeProblem[] => [
    { severity, message: `node ${JSON.stringify(name)}: ${message}`, fix, node: name },
  ]
  const lower = name.toLowerCase()
  const { nodeName, hostnameLabel, groupAndHost, localhost } = nodeFacts
  if (addressKind(name) === 'ipv6')
    return problem('error', 'an IPv6 address is no node name', `give the node a name: NAME=${name}`)
  if (RESERVED.has(lower))
    return problem('error', `is the name of a group; ${groupAndHost.says} (${groupAndHost.see})`, 'rename it')
  if (['localhost', '127.0.0.1'].includes(lower))
    return problem('warning', `${localhost.says} (${localhost.see})`, 'name the machine itself')
  const labels = lower.split('.')
  const isName = labels.every((label) => /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(label))
  if (!isName || name.length > 253)
    return problem(
      'error',
      `is no valid node name; ${nodeName.says} (${nodeName.see})`,
      /_/.test(name) ? `write - for _: ${name.replaceAll('_', '-')}` : 'use letters, digits and -',
    )
  if (name.length > 63)
    return problem(
      'warning',
      `has ${name.length} characters; ${hostnameLabel.says} (${hostnameLabel.see})`,
      'shorten it',
    )
  if (name !== lower)
    return problem(
      'warning',
      `K3s will call it ${lower}; ${nodeName.says} (${nodeName.see})`,
      `write ${lower}`,
    )
  return []
}

function addressProblems({ name, address }: NodeSpec): readonly NodeProblem[] {
  if (address === undefined) return []
  if (addressKind(address) === undefined)
    return [
      {
        severity: 'error',
        message: `node ${name}: ${address} is neither an IPv4 or IPv6 address nor a DNS name`,
        fix: 'write it like 10.0.0.1, fd00::1 or host.example.com',
        node: name,
      },
    ]
  const why = unreachable(address)
  if (why === undefined) return []
  const message = `node ${name}: ${address} ${why}`
  return [{ severity: 'warning', message, fix: 'give an address that the other nodes reach', node: name }]
}

function sameNameProblems(servers: readonly NodeSpec[], agents: readonly NodeSpec[]): readonly NodeProblem[] {
  const { says, see } = nodeFacts.duplicateName
  const serverNames = new Set(servers.map(({ name }) => name.toLowerCase()))
  const known = new Map<string, string>()
  const problems: NodeProblem[] = []
  for (const [index, { name }] of [...servers, ...agents].entries()) {
    const lower = name.toLowerCase()
    const other = known.get(lower)
    known.set(lower, other ?? name)
    if (other === undefined) continue
    const both = index >= servers.length && serverNames.has(lower)
    const twice =
      other === name
        ? `node ${name} is named twice`
        : `nodes ${other} and ${name} have one name to Kubernetes`
    problems.push({
      severity: 'error',
      message: both ? `node ${name} is named as a server and as an agent` : `${twice}; ${says} (${see})`,
      fix: both
        ? 'name it once; a K3s server runs pods too, unless it is tainted'
        : 'rename or remove one of them',
      node: name,
    })
  }
  return problems
}

function sameAddressProblems(nodes: readonly NodeSpec[]): readonly NodeProblem[] {
  const known = new Map<string, NodeSpec>()
  const problems: NodeProblem[] = []
  for (const node of nodes) {
    const key = `${normalAddress(node.address ?? node.name)} ${node.port ?? 22}`
    const other = known.get(key)
    if (other === undefined) known.set(key, node)
    else if (other.name.toLowerCase() !== node.name.toLowerCase())
      problems.push({
        severity: 'error',
        message: `nodes ${other.name} and ${node.name} have one address, ${node.address ?? node.name}${node.port === undefined ? '' : ` port ${node.port}`}`,
        fix: 'give each node its own address, or its own port where they share one behind NAT',
        node: node.name,
      })
  }
  return problems
}
