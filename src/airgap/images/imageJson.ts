import { isRecord } from '../json.ts'
/** As image-spec has it: https://github.com/opencontainers/image-spec/blob/main/descriptor.md */
export interface Descriptor {
  readonly digest: string
  /** Bytes. */
  readonly size: number | undefined
  readonly platform: Platform | undefined
  readonly annotations: Readonly<Record<string, string | undefined>>
}

export interface Platform {
  readonly os: string
  readonly architecture: string
  readonly variant?: string
}

/** Of what nothing tells. */
export const UNKNOWN: Platform = { os: 'unknown', architecture: 'unknown' }

export function textsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []
}

export function descriptorOf(value: unknown): Descriptor | undefined {
  if (!isRecord(value) || typeof value.digest !== 'string' || !/^[a-z0-9+._-]+:[0-9a-f]+$/.test(value.digest))
    return undefined
  const annotations = isRecord(value.annotations) ? value.annotations : {}
  return {
    digest: value.digest,
    size: typeof value.size === 'number' ? value.size : undefined,
    platform: platformOf(value.platform),
    annotations: Object.fromEntries(
      Object.entries(annotations).filter((pair): pair is [string, string] => typeof pair[1] === 'string'),
    ),
  }
}

/** Of a descriptor's `platform`, or of the config of an image. */
export function platformOf(value: unknown): Platform | undefined {
  if (!isRecord(value) || typeof value.os !== 'string' || typeof value.architecture !== 'string')
    return undefined
  const { os, architecture, variant } = value
  return { os, architecture, ...(typeof variant === 'string' && variant !== '' ? { variant } : {}) }
}
