import { placeOf, type Report } from './report.ts'

/** A test suite for each file with findings, a failed case for each finding; without any, one case that passed. */
export function junitReport(report: Report): string {
  const byPath = new Map<string, Report['findings'][number][]>()
  for (const finding of report.findings) {
    const own = byPath.get(finding.at.path)
    if (own === undefined) byPath.set(finding.at.path, [finding])
    else own.push(finding)
  }
  const suites = [...byPath].map(([path, findings]) => {
    const cases = findings.map(({ at, rule, severity, message, scenario, cure, hops = [] }) => {
      const { from } = placeOf(report, at)
      const body = [
        `${path}:${from.line}:${from.column}  ${severity}  ${message}`,
        ...hops.map((hop) => `  ${hop.at.path}:${placeOf(report, hop.at).from.line}  ${hop.what}`),
        ...(scenario === undefined ? [] : [`when: ${scenario}`]),
        `cure: ${cure}`,
      ].join('\n')
      return [
        `    <testcase classname="${xml(path)}" name="${xml(`${rule} at ${from.line}:${from.column}`)}">`,
        `      <failure type="${severity}" message="${xml(message)}">${xml(body)}</failure>`,
        '    </testcase>',
      ].join('\n')
    })
    const count = findings.length
    return `  <testsuite name="${xml(path)}" tests="${count}" failures="${count}" errors="0">\n${cases.join('\n')}\n  </testsuite>`
  })
  const clean =
    '  <testsuite name="k3seal lint" tests="1" failures="0" errors="0">\n    <testcase classname="k3seal" name="lint"/>\n  </testsuite>'
  const total = report.findings.length
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="k3seal lint" tests="${Math.max(1, total)}" failures="${total}" errors="0">`,
    ...(suites.length === 0 ? [clean] : suites),
    '</testsuites>',
    '',
  ].join('\n')
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\n': '&#10;',
  '\t': '&#9;',
}

function xml(text: string): string {
  return text
    .replace(/[&<>"\n\t]/g, (character) => ENTITIES[character] ?? character)
    .replace(
      // What XML 1.0 has no way to write. https://www.w3.org/TR/xml/#charsets
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what XML can't hold
      /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g,
      '\ufffd',
    )
}
