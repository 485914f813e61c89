/** A path by its parts. Who looks names up in a set spares V8 the compiling of patterns, a tenth of a short run. */
export interface PathParts {
  /** The outermost first. */
  readonly directories: readonly string[]
  readonly name: string
  /** What stands behind the last dot of the name; empty where there is none. */
  readonly ending: string
}

const known = new Map<string, PathParts>()
const MOST_KNOWN = 20_000

export function partsOf(path: string): PathParts {
  let parts = known.get(path)
  if (parts === undefined) {
    const directories = path.split('/')
    const name = directories.pop() ?? ''
    const dot = name.lastIndexOf('.')
    parts = { directories, name, ending: dot === -1 ? '' : name.slice(dot + 1) }
    if (known.size >= MOST_KNOWN) known.clear()
    known.set(path, parts)
  }
  return parts
}

/** Whether one of the directories that a path leads through has one of these names. */
export function isBelow(path: string, names: ReadonlySet<string>): boolean {
  return partsOf(path).directories.some((directory) => names.has(directory))
}

/** What files are called behind the dot that are something else, though an inventory may be meant by the name before it. */
const NO_INVENTORY: ReadonlySet<string> = new Set(
  'template orig old swp yml yaml json toml cfg conf env md rst adoc txt html css csv xml svg png lock sum log bak allow deny j2 jinja jinja2 tmpl tpl tf tfvars tfstate py rb go rs js mjs cjs ts tsx jsx vue java kt cs c h cpp php pl lua sql sh bash zsh fish ps1 service socket timer vault'.split(
    ' ',
  ),
)
/** What stands behind the name that a file is to be copied to. */
const SAMPLES: ReadonlySet<string> = new Set(['example', 'sample', 'dist'])
/** As https://docs.ansible.com/ansible/latest/tips_tricks/sample_setup.html calls the inventories beside its playbooks. */
const STAGES: ReadonlySet<string> = new Set(
  'production prod staging stage development dev testing test lab homelab'.split(' '),
)

/** Whether a file is called as inventories in INI are that have no ending of that kind: `hosts.prod`, `production` in the root. */
export function isInventoryName(path: string): boolean {
  const { directories, name } = partsOf(path.toLowerCase())
  if (directories.length === 0 && STAGES.has(name)) return true
  if (!name.startsWith('hosts') && !name.startsWith('inventory')) return false
  const { ending } = partsOf(isNamedSample(name) ? name.slice(0, name.lastIndexOf('.')) : name)
  return /^(?:hosts|inventory)(?:[._-][\w.-]*)?$/.test(name) && !NO_INVENTORY.has(ending)
}

/** Whether a file says by its ending that it is there to be copied: `hosts.ini.example`. */
export function isNamedSample(path: string): boolean {
  return SAMPLES.has(partsOf(path.toLowerCase()).ending)
}

/** What a file that says so by its name is to be copied to, without its directory: `hosts.ini.example` → `hosts.ini`. */
export function copyNamed(path: string): string | undefined {
  const { name } = partsOf(path)
  const copy = name.replace(SAMPLE_PART, '')
  return copy === name || copy === '' ? undefined : copy
}

const SAMPLE_PART = /^(?:example|sample|dist)[._-](?=[^.])|(?<=.)[._-](?:example|sample|dist)(?=[._-]|$)/i

/** Where Ansible reads a file whatever it is called: as variables, or by a lookup. */
const READS =
  /\b(?:vars_files|include_vars)\b|\b(?:lookup|query|q)\(\s*['"](?:ansible\.builtin\.)?(?:file|unvault|password|pipe|ini|csvfile)['"]/

/** What plays and tasks that read files may name, each without what leads up or to the top; directories with a `/` behind them. */
function filesNamedIn(text: string): readonly string[] {
  if (!READS.test(text)) return []
  const directories = [...text.matchAll(/\bdir:(.*)/g)].flatMap(([, rest = '']) => wordsIn(rest))
  return [...wordsIn(text), ...directories.map((word) => `${word.replace(/\/+$/, '')}/`)]
}

const wordsIn = (text: string): readonly string[] =>
  (text.match(/[\w.@+/-]+/g) ?? []).map((word) => word.replace(/^(?:\.{0,2}\/)+/, ''))

/** All that the YAML texts of a project name so. */
export function filesNamed(texts: ReadonlyMap<string, string>): ReadonlySet<string> {
  const found = new Set<string>()
  for (const [path, text] of texts)
    if (/\.ya?ml$/.test(path)) for (const name of filesNamedIn(text)) found.add(name)
  return found
}

/** Whether a path ends in one of such names, or leads through such a directory. */
export function isNamed(path: string, names: ReadonlySet<string>): boolean {
  if (names.size === 0) return false
  const parts = path.split('/')
  return parts.some(
    (_, from) =>
      names.has(parts.slice(from).join('/')) ||
      parts.some((_, to) => to > from && names.has(`${parts.slice(from, to).join('/')}/`)),
  )
}
