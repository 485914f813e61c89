import type { Action } from '../../../ansible/content/index.ts'
import type { Call, Effect } from '../call.ts'
import { command } from './commands.ts'
import { addHost, assertion, debug, fail, groupBy, setFact } from './facts.ts'
import { copy, downloaded, fetch, file, slurp, stat, template } from './files.ts'
import { find } from './find.ts'
import { includeVars } from './includeVars.ts'
import { blockinfile, iniFile, lineinfile } from './lines.ts'
import { packageModules, packages } from './packages.ts'
import { replace } from './replace.ts'
import { k8s, uri } from './requests.ts'
import { reboot, service } from './services.ts'
import { waitFor } from './waits.ts'

/** A module that the rehearsal knows. May throw `Undecided` and `TaskFails`. */
export interface Module {
  readonly run: (call: Call) => Effect
  /**
   * What it does where its condition is not known: `facts` are kept for both cases, `skip` means that the play is taken to go
   * on without it, `fork` parts the worlds where it touches what K3s reads.
   */
  readonly maybe: 'facts' | 'skip' | 'fork'
  /** Whether it may fail for what only the node, or the network, knows. */
  readonly mayFail?: boolean
}

const nothing: Module = { run: () => ({ changed: false }), maybe: 'facts' }
const waiting: Module = { ...nothing, mayFail: true }

/** By the name without its collection. */
export const modules: ReadonlyMap<string, Module> = new Map<string, Module>([
  ['copy', { run: copy, maybe: 'fork' }],
  ['template', { run: template, maybe: 'fork' }],
  ['file', { run: file, maybe: 'fork' }],
  ['lineinfile', { run: lineinfile, maybe: 'fork' }],
  ['blockinfile', { run: blockinfile, maybe: 'fork' }],
  ['replace', { run: replace, maybe: 'fork' }],
  ['ini_file', { run: iniFile, maybe: 'fork' }],
  ['get_url', { run: downloaded, maybe: 'fork', mayFail: true }],
  ['command', { run: command, maybe: 'fork' }],
  ['shell', { run: command, maybe: 'fork' }],
  ['raw', { run: command, maybe: 'fork' }],
  ['script', { run: command, maybe: 'fork' }],
  ...['service', 'systemd', 'systemd_service', 'sysvinit', 'openrc'].map((name): [string, Module] => [
    name,
    { run: service, maybe: 'fork', mayFail: true },
  ]),
  ['reboot', { run: reboot, maybe: 'facts', mayFail: true }],
  ...packageModules.map((name): [string, Module] => [name, { run: packages, maybe: 'fork', mayFail: true }]),
  ['stat', { run: stat, maybe: 'facts' }],
  ['find', { run: find, maybe: 'facts' }],
  ['fetch', { run: fetch, maybe: 'facts' }],
  ['slurp', { run: slurp, maybe: 'facts' }],
  ['set_fact', { run: setFact, maybe: 'facts' }],
  ['add_host', { run: addHost, maybe: 'facts' }],
  ['group_by', { run: groupBy, maybe: 'fork' }],
  ['include_vars', { run: includeVars, maybe: 'facts' }],
  ['debug', { run: debug, maybe: 'facts' }],
  ['fail', { run: fail, maybe: 'skip' }],
  ['assert', { run: assertion, maybe: 'skip' }],
  ['uri', { run: uri, maybe: 'facts', mayFail: true }],
  ['k8s', { run: k8s, maybe: 'facts', mayFail: true }],
  // What they include runs after them; they themselves only return that they did.
  ['include_tasks', nothing],
  ['include_role', nothing],
  ['include', nothing],
  ['service_facts', nothing],
  ['setup', nothing],
  ['gather_facts', nothing],
  ['pause', nothing],
  ['wait_for', { run: waitFor, maybe: 'facts', mayFail: true }],
  ['wait_for_connection', waiting],
])

/** Looked up by its last part: collections re-export modules, and forks move them. */
export function moduleOf(name: string): Module | undefined {
  return modules.get(name) ?? modules.get(name.split('.').at(-1) ?? name)
}

/**
 * Whether a module that the rehearsal does not know is one of K3s, or of its kin, by its name. Info and facts modules only ask:
 * https://docs.ansible.com/ansible/latest/dev_guide/developing_modules_checklist.html
 */
export const isClusterModule = ({ module, written }: Action): boolean =>
  /k3s|rke2|microk8s/i.test(written) && !/_(?:info|facts)$/.test(module) && moduleOf(module) === undefined
