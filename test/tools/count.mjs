// `node test/tools/count.mjs RESULT.json STATUS` prints "PASSED FAILED" of one vitest run, and below it what
// failed: file, test and the beginning of what it said.
import { readFileSync } from 'node:fs'
import { relative } from 'node:path'

const [, , path, status] = process.argv
const { numPassedTests, numTotalTests, testResults } = JSON.parse(readFileSync(path, 'utf8'))
// A file that does not load has no tests of its own, and an unhandled error leaves every test green.
const brokenFiles = testResults.filter(
  ({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0,
).length
const failed = numTotalTests - numPassedTests + brokenFiles
const brokenRun = failed === 0 && status !== '0'
console.log(numPassedTests, brokenRun ? 1 : failed)
if (brokenRun) console.log('an error outside of every test: it stands in the log of this run')

const SHOWN_LINES = 12

function told(path, name, message = '') {
  const lines = message.split('\n').map((line) => `    ${line}`)
  return [`${relative('', path)}: ${name}`, ...lines.slice(0, SHOWN_LINES)].join('\n')
}

for (const file of testResults) {
  if (file.status === 'failed' && file.assertionResults.length === 0) {
    console.log(told(file.name, 'does not load', file.message))
  }
  for (const { status, fullName, failureMessages } of file.assertionResults) {
    if (status !== 'passed') console.log(told(file.name, fullName, failureMessages?.[0] ?? status))
  }
}
