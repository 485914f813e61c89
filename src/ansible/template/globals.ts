import { inOrder } from './arguments.ts'
import {
  Callable,
  Dict,
  isInteger,
  List,
  Namespace,
  omit,
  refused,
  TemplateFault,
  Undefined,
  unsupported,
  type Value,
} from './values.ts'

const longestRange = 100_000

function range(bounds: readonly Value[]): List {
  const numbers = bounds.map((bound) => {
    if (!isInteger(bound)) throw refused('range wants integers')
    return Number(bound)
  })
  const [start = 0, end = 0, step = 1] = numbers.length === 1 ? [0, ...numbers] : numbers
  if (step === 0) throw refused('the step of range is not 0')
  const count = Math.max(0, Math.ceil((end - start) / step))
  if (count > longestRange) throw refused(`a range has more than ${longestRange} numbers`)
  return new List(Array.from({ length: count }, (_, index) => start + index * step))
}

const lookup = (name: string): Callable =>
  new Callable(name, () => {
    throw new TemplateFault(
      `${name}(…) is not supported by k3seal: what a lookup finds depends on the machine that Ansible runs on`,
      'put the value into a variable of the inventory (vaulted, if it is secret)',
    )
  })

/** Functions that every template may call. A variable of the same name hides one. */
export const globals: ReadonlyMap<string, Value> = new Map<string, Value>([
  ['range', new Callable('range', ({ positional }) => range(positional))],
  [
    'dict',
    new Callable('dict', ({ positional, named }) => {
      const [first] = positional
      if (first !== undefined && !(first instanceof Dict))
        throw unsupported('dict of something that is no dict')
      return new Dict([...(first?.entries() ?? []), ...named])
    }),
  ],
  [
    'namespace',
    new Callable('namespace', ({ positional, named }) => {
      const made = new Namespace()
      const [first] = positional
      if (first instanceof Dict)
        for (const [key, value] of first.entries()) made.attributes.set(String(key), value)
      for (const [key, value] of named) made.attributes.set(key, value)
      return made
    }),
  ],
  [
    'undef',
    new Callable('undef', (given) => {
      const [hint] = inOrder('undef', given, ['hint'])
      return new Undefined(
        typeof hint === 'string' && hint !== '' ? hint : 'a mandatory variable has not been overridden',
      )
    }),
  ],
  ['omit', omit],
  ['lookup', lookup('lookup')],
  ['query', lookup('query')],
  ['q', lookup('q')],
  [
    'now',
    new Callable('now', () => {
      throw unsupported('now(), which yields another text at every run,')
    }),
  ],
])
