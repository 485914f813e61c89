import settings from '../../templates/conf.d.j2'
import dropIn from '../../templates/dropin.conf.j2'
import serverEnv from '../../templates/k3s.env.j2'
import serverOpenrc from '../../templates/k3s.openrc.j2'
import serverUnit from '../../templates/k3s.service.j2'
import agentEnv from '../../templates/k3s-agent.env.j2'
import agentOpenrc from '../../templates/k3s-agent.openrc.j2'
import agentUnit from '../../templates/k3s-agent.service.j2'
import { renderTemplate, type TemplateScope, variableText } from '../ansible/template/index.ts'
import { UserError } from '../errors.ts'
import { Secret } from '../secret.ts'
import type { GeneratedFile } from './file.ts'

export type NodeKind = 'server' | 'agent'
export type ServiceManager = 'systemd' | 'openrc'

const kinds = {
  server: {
    service: 'k3s',
    variable: 'k3seal_server_service',
    env: serverEnv,
    unit: serverUnit,
    openrc: serverOpenrc,
  },
  agent: {
    service: 'k3s-agent',
    variable: 'k3seal_agent_service',
    env: agentEnv,
    unit: agentUnit,
    openrc: agentOpenrc,
  },
} as const

/**
 * The files of one node as they stand there after the delivery, paths relative to the node's root: the env file with
 * the token, the drop-in or the conf.d block that names it, and the whole unit or init script for those who own
 * their role. A node whose service has another name than K3s gives it gets no unit: that one is of the role's own making.
 * Throws `UserError` where a variable is missing.
 */
export function nodeFiles(
  scope: TemplateScope,
  kind: NodeKind,
  serviceManager: ServiceManager,
): readonly GeneratedFile[] {
  const { service: usual, variable, env, unit, openrc } = kinds[kind]
  const service = fileName(variable, scope) ?? usual
  const within: TemplateScope = {
    ...scope,
    variables: new Map([...scope.variables, ['k3seal_service', service]]),
  }
  const file = (path: string, template: string, source: string, mode: number): GeneratedFile => {
    const { text } = renderTemplate(template, source, within)
    return { path, text, mode: text instanceof Secret ? mode & 0o700 : mode }
  }
  const envFile = secret(file(`etc/k3seal/${service}.env`, `${usual}.env.j2`, env, 0o600))
  const isUsual = service === usual
  if (serviceManager === 'openrc') {
    const block = file(`etc/conf.d/${service}`, 'conf.d.j2', settings, 0o644)
    return [
      ...(isUsual ? [file(`etc/init.d/${service}`, `${usual}.openrc.j2`, openrc, 0o755)] : []),
      { ...block, text: marked(block.text) },
      envFile,
    ]
  }
  const units = (directory('systemd_dir', scope) ?? '/etc/systemd/system').slice(1)
  return [
    ...(isUsual ? [file(`${units}/${service}.service`, `${usual}.service.j2`, unit, 0o644)] : []),
    file(`etc/systemd/system/${service}.service.d/50-k3seal.conf`, 'dropin.conf.j2', dropIn, 0o644),
    envFile,
  ]
}

/** The token is secret even where the inventory holds it in the clear. */
function secret(file: GeneratedFile): GeneratedFile {
  return { ...file, text: file.text instanceof Secret ? file.text : new Secret(file.text) }
}

/** As `blockinfile` writes it with the marker of the delivery playbook. */
function marked(block: string | Secret): string | Secret {
  const around = (text: string): string => `# BEGIN k3seal\n${text}# END k3seal\n`
  return block instanceof Secret ? new Secret(around(block.reveal())) : around(block)
}

function fileName(variable: string, scope: TemplateScope): string | undefined {
  const name = plainText(variable, scope)
  if (name === undefined || /^[A-Za-z0-9_][A-Za-z0-9_.@-]*$/.test(name)) return name
  throw new UserError(`${variable} is no name of a service`, {
    fix: `give it a name of letters, digits and ._@-, or remove it`,
    at: scope.placeOf?.(variable),
  })
}

function directory(variable: string, scope: TemplateScope): string | undefined {
  const path = plainText(variable, scope)?.replace(/\/+$/, '')
  if (path === undefined || (/^(?:\/[A-Za-z0-9_.@-]+)+$/.test(path) && !/\/\.\.?(?:\/|$)/.test(path)))
    return path
  throw new UserError(`${variable} is no plain absolute path`, {
    fix: `write it like /etc/systemd/system, or remove it`,
    at: scope.placeOf?.(variable),
  })
}

function plainText(variable: string, scope: TemplateScope): string | undefined {
  const found = variableText(variable, scope)
  if (found === undefined) return undefined
  return found.text instanceof Secret ? found.text.reveal() : found.text
}
