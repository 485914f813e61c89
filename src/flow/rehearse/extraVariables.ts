import { type Content, isFixture } from '../../ansible/content/index.ts'
import type { Project } from '../../ansible/value.ts'
import { partsOf } from '../../path.ts'
import { yamlValue } from '../../syntax/yaml.ts'
import type { RawVariable } from './world.ts'

const NAME = /(?:^|\/)[\w.-]*(?:vars|variables|vault|secrets?|settings|config|extra)[\w.-]*\.(?:ya?ml|json)$/i
const ELSEWHERE =
  /(?:^|\/)(?:roles|group_vars|host_vars|defaults|tasks|handlers|meta|templates|files|collections|charts?|manifests?|\.[\w-]+)\//

/**
 * What the files of variables say that lie beside the playbooks and that no play reads: `ansible-playbook -e @vars.yml`
 * does. Of equal names the first one counts.
 */
export function extraVariables(project: Project, content: Content): ReadonlyMap<string, RawVariable> {
  const found = new Map<string, RawVariable>()
  for (const path of extraFiles(project)) {
    const root = content.yaml(path)?.root
    if (root?.kind !== 'map' || ['apiVersion', 'all', 'version'].some((name) => root.entries.has(name)))
      continue
    for (const [name, { value }] of root.entries)
      if (/^[A-Za-z_]\w*$/.test(name) && !found.has(name))
        found.set(name, { raw: yamlValue(value), at: value.at })
  }
  return found
}

/** Those of these files that are encrypted as a whole, and that nothing in the project names. */
export function sealedExtraFiles(project: Project, content: Content): readonly string[] {
  return extraFiles(project).filter((path) => {
    if (!content.isSealed(path)) return false
    const { name } = partsOf(path)
    return ![...project.values()].some((text) => text.includes(name))
  })
}

const extraFiles = (project: Project): readonly string[] =>
  [...project.keys()]
    .filter(
      (path) =>
        NAME.test(path) && !ELSEWHERE.test(path) && !isFixture(path) && !/(?:^|\/)vars\/main\./.test(path),
    )
    .sort()
