import SSHConfig, { type Line } from 'ssh-config'
import { type NodeSpec, newNodeSpec } from '../ansible/nodeSpec.ts'
import { UserError } from '../errors.ts'

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
