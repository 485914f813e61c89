import { guessable } from '../flow/rehearse/modules/generated.ts'
import type { Analysis } from '../lint/analysis.ts'
import type { RuleFinding } from '../lint/finding.ts'
import type { Rule } from '../lint/rule.ts'
import { isOverruled } from './common/defaults.ts'
import { isToken, tokenTasks } from './common/leaks.ts'
import { literalsOf } from './common/literals.ts'
import { once } from './common/once.ts'

export const tokenWeak: Rule = {
  id: 'token-weak',
  severity: 'warning',
  summary: 'Join token that can be guessed',
  why: 'A server answers everybody who reaches port 6443 and tells whether a token is right; it neither locks out nor slows down who tries. K3s takes a token of one character.',
  fix: 'make a new one: k3seal token new',
  see: ['https://docs.k3s.io/cli/token', 'https://docs.k3s.io/security/hardening-guide'],
  bad: [
    {
      title: 'words that everybody tries',
      files: {
        'group_vars/k3s_cluster.yml': `
k3s_version: v1.31.2+k3s1
token: homelab-k3s-server
       ^^^^^^^^^^^^^^^^^^ the token is weak: at least half of it is words that everybody tries; it has 30 bits at most; 64 are the least
`,
      },
    },
    {
      title: 'a digest, which is no better than what it is made of',
      files: {
        'inventory.yml': `
harbour:
  hosts:
    quay-1:
`,
        'site.yml': `
- hosts: harbour
  become: true
  tasks:
    - ansible.builtin.shell: date +%s | sha256sum | head -c 32
      ^^^^^^^^^^^^^^^^^^^^^ the token is weak: it is made of the second in which the play ran, which others can tell
      register: dice
      no_log: true
    - ansible.builtin.command: /usr/local/bin/k3s-install.sh server
      no_log: true
      environment:
        K3S_TOKEN: "{{ dice.stdout }}"
`,
      },
    },
  ],
  good: [
    {
      title: 'an empty token and one of other software',
      files: {
        'group_vars/k3s_cluster.yml': `
k3s_version: v1.31.2+k3s1
token: ""
git_token: abc
`,
      },
    },
  ],
  *check(analysis) {
    for (const { site, inspection, placeholder, isToCopy } of literalsOf(analysis)) {
      const { weaknesses } = inspection.strength
      if (placeholder !== undefined || site.isFixture || isToCopy || site.retyped !== undefined) continue
      if (inspection.form.kind === 'malformed' || weaknesses.length === 0) continue
      if (site.carrier === 'variable' && isOverruled(analysis, site)) continue
      if (analysis.rehearsal.isUnused(site.at.path)) continue
      yield { at: site.at, message: `the token is weak: ${weaknesses.join('; ')}`, secrets: [site.at] }
    }
    yield* once(madeOfLittle(analysis))
  },
}

/** Tasks that make the token of what others know. */
function* madeOfLittle(analysis: Analysis): Generator<RuleFinding> {
  for (const { at, uses } of tokenTasks(analysis))
    for (const { atom, where } of uses) {
      const why = where === 'result' && atom.root === atom ? guessable.get(atom.what) : undefined
      if (why !== undefined && isToken(analysis, atom)) yield { at, message: `the token is weak: ${why}` }
    }
}
