import { readFile } from 'node:fs/promises';
import { PhosphorError, type Settings, systemCode, toErrorData } from '../../shared/contract/index.ts';
import type { Log } from '../actions/index.ts';
import { type IdentityRules, jwtKey } from '../dicom/services/index.ts';
import type { SecretStore } from './secrets.ts';

/** A key or a certificate with its chain, no more. */
const MAX_KEY_BYTES = 65_536;

/**
 * What callers of our receiver must show of themselves, by the settings and the stored passcodes. A key that cannot be used lets no token in, and is logged:
 * it is no reason to let everybody in, nor to close the receiver.
 */
export async function identityRules(
  { userIdentity, jwtKeyFile, jwtIssuer, jwtAudience }: Settings['callers'],
  secrets: Pick<SecretStore, 'passcodes'>,
  log: Log,
): Promise<IdentityRules | undefined> {
  if (userIdentity === 'ignored') return undefined;
  const { known, sealed } = secrets.passcodes();
  if (sealed > 0) log.warn({ callers: sealed }, 'passcodes of callers were sealed by the desktop and cannot be read here');
  const key = jwtKeyFile === '' ? undefined : await keyOf(jwtKeyFile, log);
  const jwt = key && {
    key,
    ...(jwtIssuer === '' ? {} : { issuer: jwtIssuer }),
    ...(jwtAudience === '' ? {} : { audience: jwtAudience }),
  };
  return { required: userIdentity === 'required', passcodes: known, ...(jwt ? { jwt } : {}) };
}

async function keyOf(path: string, log: Log): Promise<string | undefined> {
  try {
    const bytes = await readFile(path).catch((thrown: unknown) => {
      const code = systemCode(thrown);
      throw new PhosphorError('unreadable', 'the key file cannot be read', code === undefined ? {} : { code });
    });
    if (bytes.length > MAX_KEY_BYTES) throw new PhosphorError('limit-exceeded', 'the key file is too large to be one');
    const text = bytes.toString('utf8');
    jwtKey(text);
    return text;
  } catch (thrown) {
    log.warn({ error: toErrorData(thrown) }, 'JSON Web Tokens of callers are refused');
    return undefined;
  }
}
