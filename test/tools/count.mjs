// `node test/tools/count.mjs RESULT.json STATUS` prints "PASSED FAILED" of one vitest run.
import { readFileSync } from 'node:fs'

const [, , path, status] = process.argv
const { numPassedTests, numTotalTests, testResults } = JSON.parse(readFileSync(path, 'utf8'))
// A file that does not load has no tests of its own, and an unhandled error leaves every test green.
const brokenFiles = testResults.filter(
  ({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0,
).length
const failed = numTotalTests - numPassedTests + brokenFiles
console.log(numPassedTests, failed === 0 && status !== '0' ? 1 : failed)
