import { expect, test } from 'vitest'
import { mayTakeForever } from '../src/ansible/template/regexCost.ts'

test.each([
  '(a+)+$',
  '(a|a)*b',
  '(a|aa)+$',
  '(.*a){30}$',
  '(?:\\w+\\s*)+:',
  '([a-z]|\\w)*x',
  '((a+))*',
  '(a*)*',
  '((a|a)b?)*',
])('%s may', (pattern) => expect(mayTakeForever(pattern)).toBe(true))

test.each([
  '^K3S_TOKEN=.*$',
  '^(#\\s*)?token:\\s+(.*)$',
  '(\\w+\\.)*example',
  '(?:/[^/]+)+',
  '(a|b)*',
  '(\\s|#)*K3S',
  '([0-9]{1,3}\\.){3}[0-9]{1,3}',
  '^(?P<name>\\w+)=(?P<value>.*)$',
  '(.*a){2}',
  '[(+*]+',
  '\\(a+\\)+',
  '(?i)^token',
  '(?!x)+',
])('%s does not', (pattern) => expect(mayTakeForever(pattern)).toBe(false))
