import { containers } from '../../../facts/containers.ts'
import type { Call } from '../call.ts'

/** The program by which a command starts K3s in a container; k3d makes a whole cluster of them. */
export function startsContainer([program = '', ...given]: readonly string[]): string | undefined {
  const name = program.split('/').at(-1) ?? program
  if (name === 'k3d') return /^(?:cluster|node) create\b/.test(given.join(' ')) ? name : undefined
  const image = given.findIndex((word) => containers.image.test(word))
  if (image === -1 || !containers.programs.test(name)) return undefined
  const own = given.slice(0, image)
  const isRun = own.some((word) => word === 'run' || word === 'create')
  return isRun && !own.some((word) => word.startsWith('--entrypoint')) && isNode(given[image + 1])
    ? name
    : undefined
}

/** The program that a module stands for which starts K3s in a container. */
export function containerOf(call: Call): string | undefined {
  const program = containers.modules.get(call.task.action.module.split('.').at(-1) ?? '')
  if (program === undefined || /^(?:absent|stopped)$/.test(call.plain('state') ?? '')) return undefined
  const [image, command] = ['image', 'command'].map((name) => {
    const text = call.text(name)
    return typeof text === 'string' ? call.atoms.traced(text).text : undefined
  })
  const isK3s =
    image !== undefined && containers.image.test(image) && call.argument('entrypoint') === undefined
  return isK3s && isNode(command) ? program : undefined
}

/** Whether the first of the words that the image gets makes a node of it, or may. */
const isNode = (words = ''): boolean =>
  words.trim() === '' || /^[\s["']*(?:(?:server|agent)\b|[\u{f0000}-\u{ffffd}])/u.test(words)
