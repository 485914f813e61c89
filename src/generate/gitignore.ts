/**
 * Whether the lines of one .gitignore make git pass over a file, by the rules of gitignore(5).
 * `path` is relative to that .gitignore, with `/`; the last line that speaks of it, or of a directory above it, decides.
 */
export function isIgnored(text: string, path: string): boolean {
  const parts = path.split('/')
  // A directory that is ignored takes what is below it along, whatever later lines say of that.
  for (let depth = 1; depth <= parts.length; depth += 1)
    if (decides(text, parts.slice(0, depth).join('/'), depth < parts.length)) return true
  return false
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

function decides(text: string, path: string, isDirectory: boolean): boolean {
  let ignored = false
  for (const raw of text.split(/\r?\n/)) {
    const line = raw.replace(/(?<!\\)[ \t]+$/, '')
    if (line === '' || line.startsWith('#')) continue
    const negated = line.startsWith('!')
    const pattern = negated ? line.slice(1) : line
    if (pattern.endsWith('/') && !isDirectory) continue
    if (patternRegExp(pattern.replace(/\/$/, '')).test(path)) ignored = !negated
  }
  return ignored
}

/** A pattern with a slash in it starts at the .gitignore; one without is looked for in every directory. */
function patternRegExp(pattern: string): RegExp {
  const anchored = pattern.includes('/')
  let source = ''
  for (const [token] of pattern
    .replace(/^\//, '')
    .matchAll(/\*\*\/|\/\*\*$|\*+|\?|\[!?\]?[^\]]*\]|\\.|[\s\S]/g))
    source += glob(token)
  return new RegExp(`^${anchored ? '' : '(?:.*/)?'}${source}$`, 's')
}

function glob(token: string): string {
  if (token === '**/') return '(?:.*/)?'
  if (token === '/**') return '/.+'
  if (/^\*+$/.test(token)) return '[^/]*'
  if (token === '?') return '[^/]'
  if (/^\[.+\]$/.test(token)) return `[${token.slice(1, -1).replace(/^!/, '^').replace(/\\/g, '\\\\')}]`
  return (token.startsWith('\\') && token.length > 1 ? token.slice(1) : token).replace(
    /[\\^$.*+?()[\]{}|/]/g,
    '\\$&',
  )
}
