import type { Rule } from '../lint/rule.ts'
import { isOverruled } from './common/defaults.ts'
import { literalsOf } from './common/literals.ts'

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
    for (const { site, inspection, placeholder } of literalsOf(analysis)) {
      const { weaknesses } = inspection.strength
      if (placeholder !== undefined || site.isFixture || site.retyped !== undefined) continue
      if (inspection.form.kind === 'malformed' || weaknesses.length === 0) continue
      if (site.carrier === 'variable' && isOverruled(analysis, site)) continue
      yield { at: site.at, message: `the token is weak: ${weaknesses.join('; ')}`, secrets: [site.at] }
    }
  },
}
