import { parseYaml, type YamlNode } from '../../syntax/yaml.ts'
import { Dict, List, refused, type Value } from './values.ts'

/** Ansible's `from_yaml`. What comes out is no template, even where it looks like one. */
export function readYaml(text: string): Value {
  const { root, faults } = parseYaml('', text)
  if (faults.some(({ severity = 'error' }) => severity === 'error'))
    throw refused('from_yaml gets a text that is no YAML')
  return root === undefined ? null : fromNode(root)
}

/** Ansible's `from_json`. */
export function readJson(text: string): Value {
  try {
    JSON.parse(text)
  } catch (error) {
    // Its words may quote the text, which may be secret.
    if (error instanceof SyntaxError) throw refused('from_json gets a text that is no JSON')
    throw error
  }
  return readYaml(text)
}

function fromNode(node: YamlNode): Value {
  if (node.kind === 'scalar') return node.value
  if (node.kind === 'sequence') return new List(node.items.map(fromNode))
  return new Dict(
    [...node.entries.values()].map(({ key, value }) => [fromNode(key), fromNode(value)] as const),
  )
}
