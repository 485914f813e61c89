import type { Rule } from '../lint/rule.ts'
import { agentHoldsServerToken } from './agent-holds-server-token.ts'
import { agentTokenMissing } from './agent-token-missing.ts'
import { airgapArchMissing } from './airgap-arch-missing.ts'
import { airgapArtefactMissing } from './airgap-artefact-missing.ts'
import { airgapChecksumFileInImages } from './airgap-checksum-file-in-images.ts'
import { airgapVersionMismatch } from './airgap-version-mismatch.ts'
import { duplicateNodeName } from './duplicate-node-name.ts'
import { envFileNotRead } from './env-file-not-read.ts'
import { evenServerCount } from './even-server-count.ts'
import { serverTokenMissing } from './server-token-missing.ts'
import { serverUrlMissing } from './server-url-missing.ts'
import { serviceStartedBeforeToken } from './service-started-before-token.ts'
import { tokenDroppedByInstaller } from './token-dropped-by-installer.ts'
import { tokenEmpty } from './token-empty.ts'
import { tokenInArguments } from './token-in-arguments.ts'
import { tokenInWorldReadableUnit } from './token-in-world-readable-unit.ts'
import { tokenKindWrong } from './token-kind-wrong.ts'
import { tokenLogged } from './token-logged.ts'
import { tokenMalformed } from './token-malformed.ts'
import { tokenMaskedByConfig } from './token-masked-by-config.ts'
import { tokenMultiline } from './token-multiline.ts'
import { tokenPlaceholder } from './token-placeholder.ts'
import { tokenPlaintext } from './token-plaintext.ts'
import { tokenRegexpUnescaped } from './token-regexp-unescaped.ts'
import { tokenRetypedByYaml } from './token-retyped-by-yaml.ts'
import { tokenUndefined } from './token-undefined.ts'
import { tokenUnsafeInSink } from './token-unsafe-in-sink.ts'
import { tokenVariableWrong } from './token-variable-wrong.ts'
import { tokenWeak } from './token-weak.ts'
import { tokenWorldReadable } from './token-world-readable.ts'
import { tokensDiffer } from './tokens-differ.ts'
import { vaultFileNotEncrypted } from './vault-file-not-encrypted.ts'
import { vaultMalformed } from './vault-malformed.ts'
import { vaultValueWrittenAsCiphertext } from './vault-value-written-as-ciphertext.ts'
import { vaultVariableNotEncrypted } from './vault-variable-not-encrypted.ts'

/** Every rule, in the order of the ids. */
export const rules: readonly Rule[] = [
  agentHoldsServerToken,
  agentTokenMissing,
  airgapArchMissing,
  airgapArtefactMissing,
  airgapChecksumFileInImages,
  airgapVersionMismatch,
  duplicateNodeName,
  envFileNotRead,
  evenServerCount,
  serverTokenMissing,
  serverUrlMissing,
  serviceStartedBeforeToken,
  tokenDroppedByInstaller,
  tokenEmpty,
  tokenInArguments,
  tokenInWorldReadableUnit,
  tokenKindWrong,
  tokenLogged,
  tokenMalformed,
  tokenMaskedByConfig,
  tokenMultiline,
  tokenPlaceholder,
  tokenPlaintext,
  tokenRegexpUnescaped,
  tokenRetypedByYaml,
  tokenUndefined,
  tokenUnsafeInSink,
  tokenVariableWrong,
  tokenWeak,
  tokenWorldReadable,
  tokensDiffer,
  vaultFileNotEncrypted,
  vaultMalformed,
  vaultValueWrittenAsCiphertext,
  vaultVariableNotEncrypted,
]
