import { installer, uninstalled } from '../../facts/installer.ts'
import { unitDirectories } from '../../facts/systemd.ts'
import { fileAt, namesIn } from '../arrival/paths.ts'
import type { PaperFile, PaperFiles, ServiceManager } from '../files.ts'

export interface UninstallResult {
  readonly files: PaperFiles
  /** Services that it stops, without `.service`. */
  readonly stopped: readonly string[]
}

/**
 * `<name>-uninstall.sh` (stops and removes) or `k3s-killall.sh` (stops only); `undefined` where the program is neither.
 * https://docs.k3s.io/installation/uninstall
 */
export function runUninstaller(
  files: PaperFiles,
  program: string,
  manager: ServiceManager,
): UninstallResult | undefined {
  const [, name] = /(?:^|\/)(k3s(?:-[^/]*?)?)-(?:uninstall|killall)\.sh$/.exec(program) ?? []
  if (name === undefined) return undefined
  const stopped = k3sServices(files, manager)
  if (program.endsWith('-killall.sh')) return { files, stopped }
  const left = new Map(files)
  for (const path of removedBy(files, program, name, manager)) left.delete(path)
  if (k3sServices(left, manager).length > 0) return { files: left, stopped }
  const bin = program.includes('/') ? program.slice(0, program.lastIndexOf('/')) : installer.binDirectory
  for (const link of installer.links)
    if (left.get(`${bin}/${link}`)?.kind === 'link') left.delete(`${bin}/${link}`)
  for (const path of [`${bin}/k3s`, `${bin}/k3s-killall.sh`]) left.delete(path)
  return { files: withoutTrees(left, uninstalled.trees), stopped }
}

/** Services whose files the scripts' patterns match. */
function k3sServices(files: PaperFiles, manager: ServiceManager): readonly string[] {
  const names =
    manager === 'systemd'
      ? unitDirectories
          .slice(unitDirectories.indexOf('/etc/systemd/system'))
          .flatMap((path) => namesIn(files, path))
      : namesIn(files, '/etc/init.d')
  const form = manager === 'systemd' ? /^k3s.*\.service$/ : /^k3s/
  return [...new Set(names.filter((name) => form.test(name)).map((name) => name.replace(/\.service$/, '')))]
}

/** The script names the files of its own installation. */
function removedBy(
  files: PaperFiles,
  program: string,
  name: string,
  manager: ServiceManager,
): readonly string[] {
  const path = program.includes('/') ? program : `${installer.binDirectory}/${program}`
  const script = fileAt(files, path)?.file.content
  const named =
    typeof script === 'string'
      ? [...script.matchAll(/^rm -f (\/\S+\.(?:service|env)|\/etc\/init\.d\/\S+)$/gm)]
      : []
  const usual =
    manager === 'systemd'
      ? [`${installer.systemdDirectory}/${name}.service`, `${installer.systemdDirectory}/${name}.service.env`]
      : [`/etc/init.d/${name}`, `${installer.openrcEnvironment}/${name}.env`]
  return [...(named.length > 0 ? named.map(([, file = '']) => file) : usual), path]
}

function withoutTrees(files: ReadonlyMap<string, PaperFile>, trees: readonly string[]): PaperFiles {
  return new Map(
    [...files].filter(([path]) => !trees.some((tree) => path === tree || path.startsWith(`${tree}/`))),
  )
}
