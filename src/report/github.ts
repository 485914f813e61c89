import { placeOf, type Report } from './report.ts'

/**
 * Workflow commands, which GitHub shows beside the changed lines.
 * https://docs.github.com/actions/reference/workflow-commands-for-github-actions
 */
export function githubReport(report: Report): string {
  return report.findings
    .map(({ severity, at, rule, message, scenario, cure, hops = [] }) => {
      const { path, from, to } = placeOf(report, at)
      const place = {
        file: path,
        line: from.line,
        endLine: to.line,
        // Columns of another line than the first would be taken for columns of the first.
        ...(to.line === from.line ? { col: from.column, endColumn: to.column } : { col: from.column }),
        title: rule,
      }
      const properties = Object.entries(place).map(([name, value]) => `${name}=${property(String(value))}`)
      const lines = [
        message,
        ...hops.map((hop) => `  ${hop.at.path}:${placeOf(report, hop.at).from.line}  ${hop.what}`),
        ...(scenario === undefined ? [] : [`when: ${scenario}`]),
        `cure: ${cure}`,
      ]
      return `::${severity} ${properties.join(',')}::${data(lines.join('\n'))}\n`
    })
    .join('')
}

function data(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
}

function property(text: string): string {
  return data(text).replaceAll(':', '%3A').replaceAll(',', '%2C')
}
