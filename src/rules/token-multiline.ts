import type { Rule } from '../lint/rule.ts'
import { literalsOf } from './common/literals.ts'

export const tokenMultiline: Rule = {
  id: 'token-multiline',
  severity: 'error',
  summary: 'Join token of more than one line',
  why: 'A token is one word. Environment files and units end a value at the line break, token files are trimmed and YAML folds lines into blanks, so that the same text arrives as another one on each node. openssl rand -base64 64 prints two lines.',
  fix: 'write it on one line, or make one of one line: k3seal token new',
  see: [
    'https://yaml.org/spec/1.1/#id926836',
    'https://github.com/k3s-io/k3s-ansible/blob/281554e2522ab370014526ad734e0ec53b023e7c/inventory-sample.yml',
  ],
  bad: [
    {
      title: 'both lines of openssl rand -base64 64 in quotes',
      files: {
        'group_vars/k3s_cluster.yml': `
k3s_version: v1.31.2+k3s1
token: >-
       ^^ YAML folds the lines of the token into one with blanks in it
  Q2hhbmdlZCBieSB0aGUgdGlkZSBhbmQgdGhlIG1vb24gYW5kIHRoZSB3aW5kIGF0
  bmlnaHQgaW4gdGhlIGhhcmJv
`,
      },
    },
    {
      title: 'a block that keeps its last line break',
      files: {
        'group_vars/k3s_cluster.yml': `
k3s_version: v1.31.2+k3s1
token: |
       ^ the block keeps its last line break, which becomes a part of the token
  f3a9c07e51b24d8896cc01d2ab7743fe
`,
      },
    },
    {
      title: 'a block of two lines, and an escaped line break',
      files: {
        'group_vars/k3s_cluster.yml': `
k3s_version: v1.31.2+k3s1
token: |-
       ^^ the token has more than one line, of which most places keep the first only
  f3a9c07e51b24d8896
  cc01d2ab7743fe0c4d
k3s_agent_token: "f3a9c07e51b24d8896cc01d2ab7743fe\\nf3a9c07e"
                  ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ the token has more than one line, of which most places keep the first only
`,
      },
    },
  ],
  good: [
    {
      title: 'a vaulted block, and a template on lines of its own',
      files: {
        'group_vars/k3s_cluster.yml': `
k3s_version: v1.31.2+k3s1
token: >-
  {{ vault_k3s_token
     | default(omit) }}
`,
      },
    },
  ],
  *check(analysis) {
    for (const { site, text } of literalsOf(analysis)) {
      const message = fault(
        text.reveal(),
        site.style === 'block',
        analysis.project.get(site.at.path)?.slice(site.at.start, site.at.end) ?? '',
      )
      if (message === undefined) continue
      const header =
        site.style === 'block'
          ? /^[|>][-+0-9]*/.exec(analysis.project.get(site.at.path)?.slice(site.at.start) ?? '')?.[0].length
          : undefined
      yield {
        at: header === undefined ? site.at : { ...site.at, end: site.at.start + header },
        message,
        secrets: [site.at],
      }
    }
  },
}

function fault(text: string, isBlock: boolean, raw: string): string | undefined {
  const trimmed = text.trim()
  if (/[\r\n]/.test(trimmed))
    return 'the token has more than one line, of which most places keep the first only'
  if (/\S[^\S\n]*\n\s*\S/.test(isBlock ? raw.replace(/^.*\n/, '') : raw) && /\s/.test(trimmed))
    return 'YAML folds the lines of the token into one with blanks in it'
  if (isBlock && /\n$/.test(text))
    return 'the block keeps its last line break, which becomes a part of the token'
  return undefined
}
