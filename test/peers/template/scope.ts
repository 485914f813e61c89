import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TemplateScope } from '../../../src/ansible/template/index.ts'
import type { AnsibleValue } from '../../../src/ansible/value.ts'
import { parseYaml, yamlValue } from '../../../src/syntax/yaml.ts'

export const variablesText = readFileSync(join(import.meta.dirname, 'variables.yml'), 'utf8')

const { root } = parseYaml('variables.yml', variablesText)
if (root === undefined) throw new Error('variables.yml is empty')

/** The variables of the corpus, as k3seal's own reader finds them, for the one host `larch-host`. */
export const corpusScope: TemplateScope = {
  variables: new Map<string, AnsibleValue>([
    ...Object.entries(yamlValue(root) as Readonly<Record<string, AnsibleValue>>),
    ['inventory_hostname', 'larch-host'],
    ['groups', { all: ['larch-host'], ungrouped: ['larch-host'] }],
  ]),
  decrypt: () => {
    throw new Error('nothing in the corpus is vaulted')
  },
  hosts: { names: ['larch-host'], scopeOf: () => corpusScope },
}
