import type { Setting, TokenUse } from './site.ts'
import { useByPath } from './use.ts'
import { readValue } from './value.ts'

const CONFIG = /(?:rancher|k3s|rke2)[^\n]{0,200}\/config\.ya?ml/
/** A file that is called a token, or named by a variable that says so: `{{ k3s_token_file }}`. */
const TOKEN_FILE =
  /(?:^|[{,])[ \t]*(?:dest|path):[ \t]*["']?(?:[^\n,]{0,300}token|\{\{[ \t]*\w{0,100}token_?(?:file|path)\w{0,100}[ \t]*\}\})["']?[ \t]*(?:$|,|\}(?!\}))/im
/** In a line of its own, in braces, or as `src=`. */
const SOURCE =
  /(?:^[ \t]*|[{,][ \t]*|- )src:[ \t]*["']?([^"'\n{},]+?)["']?[ \t]*(?:$|[,}])|\ssrc=["']?([^\s"'{}]+)/m

/** Names of the templates that tasks make a config.yaml of. */
export function configTemplatesIn(text: string): readonly string[] {
  if (!CONFIG.test(text)) return []
  return tasksOf(text).flatMap(({ text: task }) => {
    const [, written, source = written ?? ''] = SOURCE.exec(task) ?? []
    return source !== '' && CONFIG.test(task) ? [source.slice(source.lastIndexOf('/') + 1)] : []
  })
}

/** Tokens in what tasks write into a config.yaml line by line, or as the whole of a token file. */
export function* taskFileSettings(path: string, text: string): Generator<Setting> {
  if (!CONFIG.test(text) && !TOKEN_FILE.test(text)) return
  for (const { text: task, start } of tasksOf(text)) {
    if (CONFIG.test(task) && /\b(?:line|content|block):/.test(task))
      yield* configLines(path, text, task, start)
    if (!TOKEN_FILE.test(task)) continue
    const content = /(?:^|[{,])[ \t]*content:[ \t]*/m.exec(task)
    const value =
      content === null
        ? undefined
        : readValue(path, text, start + content.index + content[0].length, 'yaml', false)
    if (value?.written.hidden !== 'template') continue
    yield setting('token-file', 'token-file', useByPath(path), value)
  }
}

function* configLines(path: string, text: string, task: string, start: number): Generator<Setting> {
  for (const match of task.matchAll(
    /(?:^[ \t]*|(?:line|content):[ \t]*["']?|\v|\\n)(token|agent-token):[ \t]+/gm,
  )) {
    const value = readValue(path, text, start + match.index + match[0].length, 'yaml', false)
    if (value === undefined || /^[|>!&*]/.test(value.raw)) continue
    const name = match[1] ?? 'token'
    const own = useByPath(path)
    const use = name === 'agent-token' ? 'agent-token' : own === 'unknown' ? 'both' : own
    yield setting(name, 'config', use, value)
  }
}

function setting(
  name: string,
  carrier: Setting['carrier'],
  use: TokenUse,
  value: Pick<Setting, 'written' | 'raw'>,
): Setting {
  return { name, carrier, use, sink: undefined, isArgument: false, file: 'yaml', ...value }
}

/** The items of lists, at whatever depth: what stands between one dash and the next of the same column or before it. */
function tasksOf(text: string): readonly { readonly text: string; readonly start: number }[] {
  const dashes = [...text.matchAll(/^[ \t]*- (?=[\w"'{])/gm)]
  return dashes.map(({ index }, at) => ({
    text: text.slice(index, dashes[at + 1]?.index ?? text.length),
    start: index,
  }))
}
