import cleanup from '../../templates/cleanup.yml'
import settings from '../../templates/conf.d.j2'
import deliver from '../../templates/deliver.yml'
import dropIn from '../../templates/dropin.conf.j2'
import serverEnv from '../../templates/k3s.env.j2'
import serverOpenrc from '../../templates/k3s.openrc.j2'
import serverUnit from '../../templates/k3s.service.j2'
import agentEnv from '../../templates/k3s-agent.env.j2'
import agentOpenrc from '../../templates/k3s-agent.openrc.j2'
import agentUnit from '../../templates/k3s-agent.service.j2'
import protect from '../../templates/protect.yml'
import type { GeneratedFile } from './file.ts'

/** Where the delivery playbook lies in a project. */
export const DELIVER = 'k3seal/deliver.yml'
/** What closes to other users the files that the collection leaves open. */
export const PROTECT = 'k3seal/protect.yml'
export const CLEANUP = 'k3seal/cleanup.yml'

/**
 * The playbooks that deliver, protect and clean up, and their templates, byte for byte as `templates/` has them, so that a newer
 * k3seal brings a newer delivery. The full units are for roles that write their own.
 */
export const deliveryFiles: readonly GeneratedFile[] = Object.entries({
  [DELIVER]: deliver,
  [PROTECT]: protect,
  [CLEANUP]: cleanup,
  'k3seal/templates/k3s.env.j2': serverEnv,
  'k3seal/templates/k3s-agent.env.j2': agentEnv,
  'k3seal/templates/dropin.conf.j2': dropIn,
  'k3seal/templates/conf.d.j2': settings,
  'k3seal/templates/k3s.service.j2': serverUnit,
  'k3seal/templates/k3s-agent.service.j2': agentUnit,
  'k3seal/templates/k3s.openrc.j2': serverOpenrc,
  'k3seal/templates/k3s-agent.openrc.j2': agentOpenrc,
}).map(([path, text]) => ({ path, text, mode: 0o644 }))
