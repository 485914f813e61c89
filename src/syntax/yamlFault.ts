import type { Span } from '../span.ts'
import type { Fault } from './value.ts'

interface Wording {
  readonly message: string
  readonly fix: string
}

/** The yaml package's error codes in the words of somebody who has to mend the file. */
const WORDINGS: Readonly<Record<string, Wording>> = {
  BAD_ALIAS: { message: 'this alias has no usable name', fix: 'write * and the name of an anchor' },
  BAD_DIRECTIVE: { message: 'this YAML directive is not known', fix: 'remove the line that starts with %' },
  BAD_DQ_ESCAPE: {
    message: 'a backslash in double quotes starts an escape that YAML does not know',
    fix: 'double the backslash, or use single quotes',
  },
  BAD_INDENT: {
    message: 'the indentation does not fit the lines around it',
    fix: 'indent it like its neighbours, with spaces',
  },
  BAD_SCALAR_START: {
    message: 'an unquoted value can not start with this character',
    fix: 'quote the value',
  },
  BLOCK_AS_IMPLICIT_KEY: {
    message: 'two entries on one line, or an unquoted value that holds a colon and a space',
    fix: 'put each entry on a line of its own, or quote the value',
  },
  BLOCK_IN_FLOW: {
    message: 'a block stands inside { } or [ ]',
    fix: 'write it on one line, or leave the brackets out',
  },
  KEY_OVER_1024_CHARS: { message: 'a name is longer than 1024 characters', fix: 'shorten it' },
  MISSING_CHAR: {
    message: 'a closing character is missing',
    fix: 'look for an unclosed quote or bracket, or for an entry without its colon, at or before this place',
  },
  MULTILINE_IMPLICIT_KEY: {
    message: 'a name reaches over several lines',
    fix: 'look for a missing colon on the line before',
  },
  MULTIPLE_ANCHORS: { message: 'one node has two anchors', fix: 'keep one of them' },
  MULTIPLE_TAGS: { message: 'one node has two tags', fix: 'keep one of them' },
  TAB_AS_INDENT: { message: 'a tab is used for indentation', fix: 'use spaces' },
  TAG_RESOLVE_FAILED: {
    message: 'this tag can not be read',
    fix: 'remove it; Ansible knows !vault and !unsafe',
  },
  UNEXPECTED_TOKEN: {
    message: 'this does not belong here',
    fix: 'check quotes, brackets and indentation around it',
  },
}

/** Of these codes the text behind is most often read otherwise than it is meant. */
export const hidesRest: ReadonlySet<string> = new Set([
  'BAD_INDENT',
  'BLOCK_AS_IMPLICIT_KEY',
  'BLOCK_IN_FLOW',
  'IMPOSSIBLE',
  'MISSING_CHAR',
  'MULTILINE_IMPLICIT_KEY',
  'TAB_AS_INDENT',
  'UNEXPECTED_TOKEN',
])

/** What the yaml package says of lists and entries that are indented neither as their neighbours nor as what is around these. */
export const isMisplaced = (message: string): boolean =>
  /^A block sequence may not be used as an implicit map key|^Sequence item without - indicator/.test(message)

/** `message` is the yaml package's own, for a code that has no wording here. */
export function syntaxFault(at: Span, code: string, message: string): Fault {
  // An unclosed bracket shows only by the line after it, which is then indented too little.
  const isUnclosed = / end with a [\]}]/.test(message)
  const known = WORDINGS[isUnclosed ? 'MISSING_CHAR' : isMisplaced(message) ? 'BAD_INDENT' : code]
  return { at, ...(known ?? { message, fix: 'check quotes, brackets and indentation around this place' }) }
}

// What PyYAML's reader lets pass: https://github.com/yaml/pyyaml/blob/6.0.2/lib/yaml/reader.py#L136
const FORBIDDEN = /[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u

/** At most one fault for each thing that is wrong with the text as characters. */
export function characterFaults(path: string, text: string): readonly Fault[] {
  const faults: Fault[] = []
  const report = (index: number, wording: Wording, severity: 'error' | 'warning' = 'error'): void => {
    if (index !== -1) faults.push({ at: { path, start: index, end: index + 1 }, ...wording, severity })
  }
  const control = text.search(FORBIDDEN)
  const code = (text.codePointAt(control) ?? 0).toString(16).toUpperCase().padStart(4, '0')
  report(control, {
    message: `the character U+${code} must not stand in a YAML file`,
    fix: 'remove it; a file full of them is binary, or in UTF-16',
  })
  report(
    text.indexOf('\ufffd'),
    { message: 'the file is not UTF-8 here', fix: 'save it as UTF-8' },
    'warning',
  )
  report(text.search(/\r(?!\n)/), {
    message: 'a line ends with a carriage return alone',
    fix: 'save the file with line feeds (LF) or with CRLF',
  })
  return faults
}
