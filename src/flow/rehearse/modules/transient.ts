import { type Hop, hasMark } from '../../atoms.ts'
import type { PaperFile } from '../../files.ts'

/** Options of systemd-run that take a value, in the next word where none stands behind `=`. */
const WITH_VALUE =
  /^(?:-[puEHM]|--(?:property|unit|setenv|description|slice|uid|gid|nice|expand-environment|working-directory|service-type|machine|host|on-\w+|timer-property|path-property|socket-property))$/

/** The first of its short options, up to one that takes the rest of the word as its value, that there is none of. */
function strangeLetter(word: string): string | undefined {
  const [, letter] = /^-[hrtPqGdSv]*(.)/u.exec(word) ?? []
  return letter === undefined || /[-hrtPqGdSvpuECHM]/.test(letter) || hasMark(letter) ? undefined : letter
}

/**
 * The unit that `systemd-run` makes and starts, where what it runs is K3s; `text` writes the known atoms of a word out.
 * The manager expands variables in the words of a service, as in ExecStart=, but not specifiers; in those of a scope nobody
 * does unless that is asked for. `refused`: why it starts nothing.
 * https://www.freedesktop.org/software/systemd/man/latest/systemd-run.html
 */
export function transientUnit(
  marked: readonly string[],
  text: (word: string) => string,
  hop: Hop,
):
  | { readonly service: string; readonly path: string; readonly file: PaperFile }
  | { readonly refused: string }
  | undefined {
  const directives: string[] = []
  let service: string | undefined
  let isScope = false
  let expands: boolean | undefined
  let at = 1
  for (; at < marked.length; at += 1) {
    const word = text(marked[at] ?? '')
    if (word === '--') {
      at += 1
      break
    }
    if (!word.startsWith('-')) break
    const strange = strangeLetter(word)
    if (strange !== undefined) return { refused: `systemd-run has no option -${strange}` }
    const [, option = word, joined] = /^(--[\w-]+)=([\s\S]*)$/.exec(word) ?? []
    const short = /^-([puE])(.+)$/.exec(word)
    const name = short === null ? option : `-${short[1]}`
    const value = short?.[2] ?? joined ?? (WITH_VALUE.test(name) ? text(marked[++at] ?? '') : '')
    if (name === '-u' || name === '--unit') service = value.replace(/\.service$/, '')
    if (name === '-p' || name === '--property') directives.push(value)
    if (name === '-E' || name === '--setenv') directives.push(`Environment=${quoted(value, false)}`)
    if (name === '--scope') isScope = true
    if (name === '--expand-environment') expands = /^(?:1|yes|y|true|t|on)$/i.test(value)
  }
  const command = marked.slice(at)
  if (!/(?:^|\s|\/)k3s\s+(?:server|agent)\b/.test(command.slice(0, 4).map(text).join(' '))) return undefined
  const [program = ''] = command.map(text)
  if (/\s/.test(program) && !hasMark(program))
    return {
      refused:
        'systemd-run finds no program whose name has blanks: it is told all of the command as one word',
    }
  const words = command.map((word) => quoted(word, !(expands ?? !isScope)))
  const content = ['[Service]', ...directives, `ExecStart=${words.join(' ')}`, ''].join('\n')
  const name = service ?? 'run-k3s'
  return {
    service: name,
    path: `/run/systemd/transient/${name}.service`,
    file: { kind: 'file', content, mode: 0o644, owner: 'root', hops: [hop] },
  }
}

/** A word that a unit says as it stands, with `$` too where the manager would expand what is behind it. */
const quoted = (word: string, withDollars: boolean): string =>
  `"${word.replace(/["\\]/g, '\\$&').replace(withDollars ? /[%$]/g : /%/g, '$&$&')}"`
