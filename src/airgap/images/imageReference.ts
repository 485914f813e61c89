/**
 * The full name of an image, as containerd stores it: registry and `library/` filled in, `latest` where nothing else is said.
 * `undefined`: no reference, such as a tag alone. https://github.com/distribution/reference/blob/main/normalize.go
 */
export function fullReference(name: string): string | undefined {
  const text = name.trim()
  if (!/^[\w./:@-]+$/.test(text) || text.length > 512) return undefined
  const slash = text.indexOf('/')
  const first = slash === -1 ? '' : text.slice(0, slash)
  const hasRegistry = /[.:]/.test(first) || first === 'localhost' || first !== first.toLowerCase()
  const registry = hasRegistry ? (first === 'index.docker.io' ? 'docker.io' : first) : 'docker.io'
  const rest = hasRegistry ? text.slice(slash + 1) : text
  const path = registry === 'docker.io' && !rest.includes('/') ? `library/${rest}` : rest
  const repository = path.replace(/@.*$/, '').replace(/:[^/]*$/, '')
  if (!/^[a-z0-9]+(?:[._/-]+[a-z0-9]+)*$/.test(repository)) return undefined
  return `${registry}/${path}${/[:@]/.test(path) ? '' : ':latest'}`
}

/** The images that `k3s-images.txt` lists, in full, in its order; and the lines that are none. */
export function readImageList(text: string): {
  readonly images: readonly string[]
  readonly faults: readonly number[]
} {
  const images = new Set<string>()
  const faults: number[] = []
  for (const [index, line] of text.split('\n').entries()) {
    const name = line.trim()
    if (name === '' || name.startsWith('#')) continue
    const full = fullReference(name)
    if (full === undefined) faults.push(index + 1)
    else images.add(full)
  }
  return { images: [...images], faults }
}
