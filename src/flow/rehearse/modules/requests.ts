import { Dict, List } from '../../../ansible/template/values.ts'
import type { Call, Effect } from '../call.ts'
import { showing, shownTexts } from './facts.ts'

/**
 * What it returns names the URL. The rest of the request stands in its arguments alone, of which it keeps `url_password` to itself:
 * https://github.com/ansible/ansible/blob/v2.21.0/lib/ansible/modules/uri.py
 */
export function uri(call: Call): Effect {
  const url = call.argument('url')
  if (url !== undefined) showing(call, url, 'result')
  for (const name of ['body', 'headers']) {
    const sent = call.argument(name)
    if (sent !== undefined) showing(call, sent, 'argument')
  }
  return {}
}

const KEPT = ['data', 'stringData', 'binaryData']

/**
 * Returns the object as the cluster then has it: a cluster keeps all data of these kinds.
 * https://github.com/ansible-collections/kubernetes.core/blob/6.5.0/plugins/module_utils/k8s/runner.py
 */
export function k8s(call: Call): Effect {
  const definition = call.argument('resource_definition', 'definition', 'inline')
  if (definition === undefined) return {}
  showing(call, definition, 'argument')
  const isPresent = (call.argument('state')?.value ?? 'present') === 'present'
  if (!isPresent || call.argument('hidden_fields', 'label_selectors') !== undefined) return {}
  const value = call.evaluator.value(definition.value, definition.at)
  for (const object of value instanceof List ? value : [value]) {
    if (!(object instanceof Dict) || !['Secret', 'ConfigMap'].includes(String(object.get('kind')))) continue
    for (const name of KEPT)
      for (const text of shownTexts(call, object.get(name) ?? null)) call.use('result', text, definition.at)
  }
  return {}
}
