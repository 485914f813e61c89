import { join } from 'node:path'
import { type FileWrite, writeAll } from '../../io/write.ts'
import type { Finding } from '../../lint/finding.ts'
import { applyFixes } from '../../lint/fix.ts'
import { Secret } from '../../secret.ts'
import { unifiedDiff } from '../../wizard/diff.ts'
import type { Checked } from './engine.ts'
import { namesOf, type ReadProject } from './project.ts'

/** One fix may make room for the next; no real file needs more rounds. */
const ROUNDS = 10

export interface FixedProject {
  readonly project: ReadProject
  /** What is found in the fixed texts. */
  readonly checked: Checked
  /** The texts that changed, as they were. */
  readonly before: ReadonlyMap<string, string>
  readonly applied: number
}

/** Applies fixes, on paper, until none is left, so that a second run has nothing to do. */
export async function fixed(
  project: ReadProject,
  check: (project: ReadProject) => Promise<Checked>,
  isReported: (finding: Finding) => boolean,
): Promise<FixedProject> {
  const before = new Map<string, string>()
  let [now, checked, applied] = [project, await check(project), 0]
  for (let round = 0; round < ROUNDS; round += 1) {
    const mine = checked.findings.filter((finding) => isReported(finding) && isInside(finding, project))
    const { texts, applied: count } = applyFixes(now.texts, mine)
    if (texts.size === 0) break
    for (const path of texts.keys()) if (!before.has(path)) before.set(path, project.texts.get(path) ?? '')
    applied += count
    const under = [...texts].flatMap(([path, text]) =>
      namesOf(path, project.links).map((name) => [name, text] as const),
    )
    now = { ...now, texts: new Map([...now.texts, ...under]) }
    checked = await check(now)
  }
  return { project: now, checked, before, applied }
}

/** A file outside of the project may belong to somebody else. */
function isInside({ fix }: Finding, { outside }: ReadProject): boolean {
  const isOutside = (path: string): boolean =>
    path.startsWith('../') || path.startsWith('/') || outside.has(path)
  return fix?.edits.every(({ at }) => !isOutside(at.path)) ?? false
}

export async function writeFixed({ project, before }: FixedProject): Promise<void> {
  const writes: FileWrite[] = [...before].map(([path, text]) => ({
    path: join(project.root, path),
    content: project.texts.get(path) ?? '',
    // Never used: each of the files is there, and keeps its mode.
    mode: 0o644,
    before: text,
  }))
  await writeAll(project.root, writes)
}

/** The changes as `git apply` takes them, tokens aside. */
export function fixDiff(
  { project, before, checked }: FixedProject,
  rename: (path: string) => string,
  color: boolean,
): string {
  const secrets = [...checked.secrets, ...checked.secretWords].map((secret) => new Secret(secret))
  return [...before]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([path, text]) =>
      unifiedDiff(
        { path: rename(path), before: text, after: project.texts.get(path) ?? '', mode: 0o644 },
        secrets,
        { color },
      ),
    )
    .join('')
}
