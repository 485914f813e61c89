export type ArchiveFaultKind =
  /** It ends too early. */
  | 'truncated'
  /** A checksum or a structure in it is wrong. */
  | 'corrupt'
  /** Whatever it is, it is neither a tar archive nor a compressed one. */
  | 'no-archive'
  /** More entries than k3seal reads. */
  | 'too-many'
  /** Compressed in a way that k3seal can't undo here: nothing is wrong with it as far as is known. */
  | 'unsupported'

/** Why an archive can't be read to its end. Inside src/io: `readArchive` tells it as its result. */
export class ArchiveFault extends Error {
  override readonly name = 'ArchiveFault'
  readonly kind: ArchiveFaultKind
  /** The entry in which reading stopped, as it stands in the archive. */
  readonly entry: string | undefined

  constructor(kind: ArchiveFaultKind, message: string, entry?: string) {
    super(message)
    this.kind = kind
    this.entry = entry === '' ? undefined : entry
  }
}
