import { type TemplateScope, type VariableText, variableText } from '../ansible/template/index.ts'
import { UserError } from '../errors.ts'
import { Secret } from '../secret.ts'
import { inspectToken, tokenProblems } from '../token/inspect.ts'

/** What a node is, as far as its token is concerned. */
export type NodeRole = 'first-server' | 'joining-server' | 'agent'

export interface NodeTokenProblem {
  readonly severity: 'error' | 'warning'
  /** Never holds a part of a token. */
  readonly message: string
  readonly fix: string
  /** `path:line:column` of the variable; undefined where there is none. */
  readonly at: string | undefined
}

const noTextTypes: Readonly<Record<string, string>> = {
  int: 'a number',
  float: 'a number',
  bool: 'true or false',
  list: 'a list',
  tuple: 'a list',
  dict: 'a mapping',
}

/** What is wrong with the tokens that a node would get; the same that the delivery playbook refuses, and warnings. */
export function nodeTokenProblems(scope: TemplateScope, role: NodeRole): readonly NodeTokenProblem[] {
  const problems = [...variableProblems('token', scope, (token) => joinProblems(token, role))]
  if (role !== 'agent' && scope.variables.has('k3seal_agent_token'))
    problems.push(...variableProblems('k3seal_agent_token', scope, (token) => tokenProblems(token, 'agent')))
  return problems
}

function variableProblems(
  variable: string,
  scope: TemplateScope,
  check: (token: Secret) => readonly Omit<NodeTokenProblem, 'at'>[],
): readonly NodeTokenProblem[] {
  const at = scope.placeOf?.(variable)
  const error = (message: string, fix: string): readonly NodeTokenProblem[] => [
    { severity: 'error', message: `${variable} ${message}`, fix, at },
  ]
  let found: VariableText | undefined
  try {
    found = variableText(variable, scope)
  } catch (thrown) {
    if (!(thrown instanceof UserError)) throw thrown
    return [{ severity: 'error', message: thrown.message, fix: thrown.fix, at: thrown.at ?? at }]
  }
  if (found === undefined)
    return scope.variables.has(variable)
      ? error(
          'is made of a variable that is not defined',
          'define that variable for this host, or mend its name',
        )
      : error('is not defined', missingFix(scope))
  const wrongType = noTextTypes[found.type]
  if (wrongType !== undefined)
    return error(
      `is ${wrongType}, not a text: YAML reads unquoted digits, yes and no as such`,
      'put quotes around it',
    )
  const token = found.text instanceof Secret ? found.text : new Secret(found.text)
  if (found.type === 'NoneType' || token.isEmpty)
    return error(
      'is empty',
      'give it a value, and look for a host_vars entry that empties it; k3seal token new makes one',
    )
  return check(token).map(({ severity, message, fix }) => ({
    severity,
    message: `${variable}: ${message}`,
    fix,
    at,
  }))
}

/** Roles of others have other names for it: https://github.com/PyratLabs/ansible-role-k3s, https://github.com/techno-tim/k3s-ansible */
function missingFix({ variables }: TemplateScope): string {
  const other = ['k3s_token', 'k3s_control_token', 'vault_k3s_token'].find((name) => variables.has(name))
  return other === undefined
    ? 'set it for the group of this host, vaulted; k3seal init does'
    : `set it for the group of this host: token: "{{ ${other} }}"`
}

/**
 * Where the tokens of one cluster do not fit together: K3s compares the password of each with that of the server.
 * Only for hosts whose own tokens are without fault.
 */
export function tokenDifferences<Scope extends TemplateScope>(
  nodes: readonly { readonly host: string; readonly role: NodeRole; readonly scope: Scope }[],
  firstServerOf: (scope: Scope) => Scope | undefined,
): readonly { readonly host: string; readonly problem: NodeTokenProblem }[] {
  const known = new Map<TemplateScope, readonly (Secret | undefined)[]>()
  const passwords = (scope: TemplateScope): readonly (Secret | undefined)[] => {
    const found = known.get(scope) ?? ['token', 'k3seal_agent_token'].map((name) => passwordOf(name, scope))
    known.set(scope, found)
    return found
  }
  return nodes.flatMap(({ host, role, scope }) => {
    const first = firstServerOf(scope)
    const [own] = passwords(scope)
    // A bootstrap token lives in the cluster: there is nothing to compare it with.
    if (first === undefined || own === undefined) return []
    const [server, agent] = passwords(first)
    if (server === undefined || own.equals(server)) return []
    if (role === 'agent' && agent !== undefined && own.equals(agent)) return []
    const problem: NodeTokenProblem = {
      severity: 'error',
      message:
        role === 'agent'
          ? 'token is neither the token of the first server nor its k3seal_agent_token, so the server would refuse the agent'
          : 'token differs from that of the first server, which would refuse this one',
      fix: 'set token once, for the group above servers and agents, and take it out of what is said of single hosts',
      at: scope.placeOf?.('token'),
    }
    return [{ host, problem }]
  })
}

function passwordOf(variable: string, scope: TemplateScope): Secret | undefined {
  const text = variableText(variable, scope)?.text
  if (text === undefined) return undefined
  const { form } = inspectToken(text instanceof Secret ? text : new Secret(text))
  return form.kind === 'short' || form.kind === 'secure' ? form.password : undefined
}

function joinProblems(token: Secret, role: NodeRole): readonly Omit<NodeTokenProblem, 'at'>[] {
  const { problems, serves } = inspectToken(token)
  const service = {
    'first-server': serves.firstServer,
    'joining-server': serves.joiningServer,
    agent: serves.agent,
  }[role]
  const isRefused = service.outcome !== 'works' && service.outcome !== 'unpinned'
  if (!isRefused || problems.some(({ severity }) => severity === 'error')) return problems
  return [
    ...problems,
    {
      severity: 'error',
      message: `it is no token for ${role === 'agent' ? 'an agent' : 'a server'}: ${service.why}`,
      fix: 'give this host a token of the right form: k3seal token inspect says what one is, k3seal token new makes one',
    },
  ]
}
