import ignore from 'ignore'

/** Whether the lines of one .gitignore make git pass over a file. `path` is relative to that .gitignore, with `/`. */
export function isIgnored(text: string, path: string): boolean {
  return ignore({ allowRelativePaths: true }).add(text).ignores(path)
}

/** The text with a line for the path, and a comment that says why; unchanged where the path is ignored already. */
export function withIgnored(text: string | undefined, path: string, why: string): string {
  const before = text ?? ''
  if (isIgnored(before, path)) return before
  const lineBreak = /\r?\n/.exec(before)?.[0] ?? '\n'
  const gap = before === '' || before.endsWith('\n') ? '' : lineBreak
  const line = `/${path.replace(/[\\*?[\]]/g, '\\$&').replace(/ $/, '\\ ')}`
  return `${before}${gap}# ${why}${lineBreak}${line}${lineBreak}`
}
