import type { Project } from '../ansible/value.ts'
import { parseYaml, type YamlText } from '../syntax/yaml.ts'
import { Search } from './sites/search.ts'
import type { TokenSites } from './sites/site.ts'

export type * from './sites/site.ts'

/**
 * Where the text of join tokens stands in a project, found without rehearsing a play: behind K3s's own settings, and
 * in the variables that these settings take their value from, however they are called. `yaml`: files that are parsed
 * already.
 */
export function tokenSites(
  project: Project,
  yaml: (path: string) => YamlText | undefined = parsedOnce(project),
): TokenSites {
  return new Search(project, yaml).found()
}

function parsedOnce(project: Project): (path: string) => YamlText | undefined {
  const parsed = new Map<string, YamlText | undefined>()
  return (path) => {
    const text = project.get(path)
    if (!parsed.has(path)) parsed.set(path, text === undefined ? undefined : parseYaml(path, text))
    return parsed.get(path)
  }
}
