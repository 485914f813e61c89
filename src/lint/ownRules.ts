import type { Rule } from './rule.ts'

/** What reports and lists show of a rule. */
export type RuleInfo = Pick<Rule, 'id' | 'severity' | 'summary' | 'why' | 'fix' | 'see'>

/** What the runner itself reports. */
export const ownRules = [
  {
    id: 'file-unreadable',
    severity: 'error',
    summary: 'File that can not be read as it is meant',
    why: 'What stands in the file is not known, so nothing that depends on it was checked. Ansible, or the service that reads it, stumbles over the same place.',
    fix: 'put the file right where the finding says',
    see: [
      'https://docs.ansible.com/ansible/latest/reference_appendices/YAMLSyntax.html',
      'https://docs.ansible.com/ansible/latest/inventory_guide/intro_inventory.html',
    ],
  },
  {
    id: 'file-ambiguous',
    severity: 'warning',
    summary: 'File that is read in another way than it looks',
    why: 'The file can be used, but versions of Ansible read it differently, or a part of it is silently dropped.',
    fix: 'write it so that there is one reading',
    see: ['https://docs.ansible.com/ansible/latest/inventory_guide/intro_inventory.html'],
  },
  {
    id: 'suppression-unused',
    severity: 'warning',
    summary: 'Suppression that silences nothing',
    why: 'A comment that silences a rule outlived its finding, or names a rule that there is none of. Left in place it would silence the next real finding there.',
    fix: 'remove the comment, or name the rule that it is meant for',
    see: ['https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html'],
  },
] as const satisfies readonly RuleInfo[]

export type OwnRuleId = (typeof ownRules)[number]['id']
