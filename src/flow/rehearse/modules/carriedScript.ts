import type { PaperFile } from '../../files.ts'
import type { Call } from '../call.ts'
import { fileOrigin } from '../context.ts'
import { onControlNode } from '../controlNode.ts'
import { unknownContent } from './files.ts'

/** A script of the control node that is on the node for as long as it runs. */
export interface CarriedScript {
  /** As the task names it. */
  readonly source: string
  /** Where it is then. */
  readonly path: string
  readonly file: PaperFile
  /** What a shell gets to run it. Marked. */
  readonly line: string
}

/**
 * What `script` carries, and the command line that it makes of its text; `undefined` where the name is not known.
 * https://docs.ansible.com/ansible/latest/collections/ansible/builtin/script_module.html
 */
export function carriedScript(call: Call, marked: string): CarriedScript | undefined {
  const text = marked.trim()
  const [word = ''] = /^(?:"[^"]*"|'[^']*'|[^\s"'])+/.exec(text) ?? []
  const source = call.atoms.plain(word)?.replace(/["']/g, '')
  if (source === undefined || source === '') return undefined
  const { content } = call.context.stage
  const found = content.findFile('files', source, fileOrigin(call.context))
  const written = found === undefined ? onControlNode(call.context, call.world, source) : undefined
  const path = `${DIRECTORY}/${source.slice(source.lastIndexOf('/') + 1)}`
  const executable = call.text('executable')
  return {
    source,
    path,
    file: {
      kind: 'file',
      content:
        (found === undefined ? written?.content : content.text(found)) ??
        unknownContent('a file of the control node'),
      mode: 0o700,
      owner: undefined,
      hops: [...(written?.hops ?? []), call.hop(`carries ${source} to the node`)],
    },
    line: `${typeof executable === 'string' ? `${executable} ` : ''}${path}${text.slice(word.length)}`,
  }
}

/** One that is made for each task. */
const DIRECTORY = '/tmp/.ansible-script'
