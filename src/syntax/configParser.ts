/**
 * The grammar of Python's `configparser.ConfigParser(inline_comment_prefixes=(';',))`, which reads ansible.cfg
 * (ansible-core, config/manager.py), with offsets. https://docs.python.org/3/library/configparser.html
 */

/** A half-open range of offsets. */
export interface Range {
  readonly start: number
  readonly end: number
}

export interface ConfigOption {
  readonly section: string
  /** In lower case, as configparser compares it. */
  readonly key: string
  readonly keyRange: Range
  /** Lines joined with `\n`, comments and surrounding white space taken away. Interpolation (`%`) is off. */
  readonly value: string
  /** One range for each line of the value, the first one right behind the delimiter where that line is empty. */
  readonly fragments: readonly [Range, ...Range[]]
  /** Columns before the key: what stands further right below it continues its value. */
  readonly indentation: string
}

export interface ConfigSection {
  /** As written between the brackets, case and spaces kept. */
  readonly name: string
  readonly range: Range
}

export interface ConfigFault {
  readonly range: Range
  readonly message: string
}

export interface ConfigText {
  readonly sections: readonly ConfigSection[]
  readonly options: readonly ConfigOption[]
  /** Any of them makes Python refuse the whole file. */
  readonly faults: readonly ConfigFault[]
}

/** What `str.strip` of Python takes away; `trim` would take U+FEFF too. */
const space = '[\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]'
const leadingSpace = new RegExp(`^${space}*`)
const trailingSpace = new RegExp(`${space}+$`)
const inlineComment = new RegExp(`(?:^|${space});`)

/** `text` without the white space that Python's `str.strip` removes. */
export function strip(text: string): string {
  return text.replace(leadingSpace, '').replace(trailingSpace, '')
}

interface OpenOption {
  readonly section: string
  readonly key: string
  readonly keyRange: Range
  readonly lines: string[]
  readonly fragments: [Range, ...Range[]]
  readonly indentation: string
}

/** Never throws: what can't be read is a fault. */
export function parseConfigText(text: string): ConfigText {
  const sections: ConfigSection[] = []
  const options: OpenOption[] = []
  const faults: ConfigFault[] = []
  const seen = new Set<string>()
  let section: string | undefined
  let option: OpenOption | undefined
  let start = 0

  for (const line of text.split('\n')) {
    const lineStart = start
    start += line.length + 1
    const stripped = strip(line)
    const isComment = stripped.startsWith('#') || stripped.startsWith(';')
    const comment = inlineComment.exec(line)
    const commentAt = comment === null ? line.length : comment.index + comment[0].length - 1
    const content = isComment ? '' : strip(line.slice(0, commentAt))
    if (content === '') {
      // An empty line is part of the value around it, a comment is not.
      if (!isComment && comment === null) option?.lines.push('')
      continue
    }
    const indentation = leadingSpace.exec(line)?.[0] ?? ''
    const at = { start: lineStart + indentation.length, end: lineStart + indentation.length + content.length }

    if (option !== undefined && indentation.length > option.indentation.length) {
      option.lines.push(content)
      option.fragments.push(at)
      continue
    }

    const header = /^\[([^\n]+)\]/.exec(content)?.[1]
    if (header !== undefined) {
      if (sections.some(({ name }) => name === header && name !== 'DEFAULT'))
        faults.push({ range: at, message: `the section [${header}] stands here a second time` })
      sections.push({ name: header, range: at })
      section = header
      option = undefined
      continue
    }
    if (section === undefined) {
      faults.push({ range: at, message: 'this line stands before any [section]' })
      continue
    }
    const delimiter = content.search(/[=:]/)
    const name = strip(content.slice(0, Math.max(0, delimiter)))
    if (delimiter === -1 || name === '') {
      faults.push({ range: at, message: 'this line is neither a [section] nor key = value' })
      continue
    }
    const key = name.toLowerCase()
    const value = strip(content.slice(delimiter + 1))
    const valueStart = value === '' ? at.start + delimiter + 1 : at.end - value.length
    const keyRange = { start: at.start, end: at.start + name.length }
    if (seen.has(JSON.stringify([section, key])))
      faults.push({ range: keyRange, message: `${key} is set a second time in [${section}]` })
    seen.add(JSON.stringify([section, key]))
    option = {
      section,
      key,
      keyRange,
      lines: [value],
      fragments: [{ start: valueStart, end: at.end }],
      indentation,
    }
    options.push(option)
  }

  return {
    sections,
    faults,
    options: options.map(({ lines, ...kept }) => ({
      ...kept,
      value: lines.join('\n').replace(trailingSpace, ''),
    })),
  }
}
