import { List } from '../../../ansible/template/values.ts'
import type { FlowValue } from '../../evaluate/index.ts'
import type { PaperFile, ServiceManager } from '../../files.ts'
import { type Call, type Effect, normalised } from '../call.ts'
import type { NodeState } from '../world.ts'
import { mayBePackaged, unknownContent } from './files.ts'

/** Modules that install packages, by the name without the collection. */
export const packageModules: readonly string[] = [
  ...['package', 'apt', 'apt_rpm', 'dnf', 'dnf5', 'yum', 'zypper', 'pacman', 'apk', 'xbps', 'portage'],
  ...['rpm_ostree_pkg', 'aur'],
]

/** K3s itself by its name, path or URL, with a version or without; k3s-selinux is a policy, and k3sup another program. */
const OF_K3S = /^(?:\S*[/:])?k3s(?![a-z])(?!\S*selinux)[^/\s]*$/

/** `package` and its like: what of them brings K3s. */
export function packages(call: Call): Effect {
  const state = call.plain('state')
  if (state === 'absent' || state === 'removed') return {}
  const names = ['name', 'pkg', 'package', 'deb'].flatMap((name) => namesOf(call, call.value(name)))
  return names.some((name) => OF_K3S.test(name)) ? { node: packaged(call.node) } : {}
}

function namesOf(call: Call, value: FlowValue | undefined): readonly string[] {
  if (value instanceof List) return [...value].flatMap((item) => namesOf(call, item))
  // Commas part names in one text, too; what is not known in it is a version most often.
  return typeof value === 'string' ? call.atoms.traced(value).text.split(/[\s,]+/) : []
}

const INSTALLERS =
  /^(?:apt|apt-get|aptitude|dnf5?|microdnf|yum|zypper|pacman|yay|paru|apk|rpm|dpkg|xbps-install|emerge)$/
const INSTALLS = /^(?:install|in|add|reinstall|localinstall|-[A-Za-z]*[SUi][A-Za-z]*|--install|--upgrade)$/

/** Whether a program that is given these words installs K3s as a package. */
export function installsPackage([program = '', ...args]: readonly string[]): boolean {
  const name = program.slice(program.lastIndexOf('/') + 1)
  return INSTALLERS.test(name) && args.some((word) => OF_K3S.test(word)) && isInstall(name, args)
}

const isInstall = (program: string, args: readonly string[]): boolean =>
  /^(?:xbps-install|emerge)$/.test(program) || args.some((word) => INSTALLS.test(word))

/** A node on which K3s came from a package. */
export const packaged = (node: NodeState): Pick<NodeState, 'isPackaged' | 'k3s'> => ({
  isPackaged: true,
  k3s: node.k3s === 'absent' ? 'present' : node.k3s,
})

/** Why it is not known what a unit says. */
export const FROM_PACKAGE = 'the unit comes from a package'

export const NOT_FOLLOWED = 'the unit comes from something that is not followed'

/** A file that is there, and of which nobody knows what it says. */
const brought = (why: string): PaperFile => ({
  kind: 'file',
  content: unknownContent(why),
  mode: 0o644,
  owner: 'root',
  hops: [],
})

/** A file that a package brings, such as a unit: what is in it, each distribution decides. */
const FILE = brought(FROM_PACKAGE)

/** The unit of a service that nothing in the project has written. */
export function broughtUnit(
  service: string,
  manager: ServiceManager,
  why: string,
): readonly [string, PaperFile] {
  const path = manager === 'systemd' ? `/usr/lib/systemd/system/${service}.service` : `/etc/init.d/${service}`
  return [normalised(path), brought(why)]
}

/** The file that K3s' package, or something else that is not followed, may have brought to a path. */
export function broughtFile(node: NodeState, path: string): PaperFile | undefined {
  if (mayBePackaged(node, path)) return FILE
  return node.isOpen ? brought(NOT_FOLLOWED) : undefined
}
