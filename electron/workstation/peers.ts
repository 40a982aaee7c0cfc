import { type NodeUserIdentity, type PacsNode, PhosphorError, type Settings } from '../../shared/contract/index.ts';
import type { Peer } from '../associations/types.ts';
import { type UserIdentityInput, userIdentity } from '../dicom/services/index.ts';
import type { SecretStore } from './secrets.ts';
import type { TLSFiles } from './tls-files.ts';

/**
 * How a node is called: under our title, with what it wants to see of us.
 * @throws PhosphorError `not-found` (`SECRET_MISSING`), `unsupported` (`SECRET_SEALED`), `invalid-arguments` (`USERNAME_MISSING`, `SECRET_UNUSABLE`),
 * `tls` (`OWN_TLS_FILES`)
 */
export async function peerOf(
  node: PacsNode,
  { aeTitle, maxPDULength }: Settings,
  secrets: Pick<SecretStore, 'ofNode'>,
  tlsFiles: Pick<TLSFiles, 'peer'>,
): Promise<Peer> {
  const tls = await tlsFiles.peer(node);
  return {
    host: node.host,
    port: node.port,
    calledAETitle: node.aeTitle,
    callingAETitle: aeTitle,
    maxPDULength: node.maxPDULength ?? maxPDULength,
    ...(node.userIdentity === undefined ? {} : { userIdentity: sendable(identityOf(node.nodeId, node.userIdentity, secrets)) }),
    ...(tls === undefined ? {} : { tls }),
  };
}

/** A Kerberos ticket is stored as base64, since it is no text. */
function identityOf(nodeId: string, identity: NodeUserIdentity, secrets: Pick<SecretStore, 'ofNode'>): UserIdentityInput {
  const { type, positiveResponseRequested } = identity;
  switch (type) {
    case 'username':
      return { type, username: usernameOf(identity), positiveResponseRequested };
    case 'passcode':
      return { type, username: usernameOf(identity), passcode: secretOf(nodeId, secrets), positiveResponseRequested };
    case 'kerberos':
      return { type, token: Buffer.from(secretOf(nodeId, secrets), 'base64'), positiveResponseRequested };
    case 'saml':
    case 'jwt':
      return { type, token: secretOf(nodeId, secrets), positiveResponseRequested };
  }
}

/** The field of the user identity sub-item has 16 bits for its length; base64 that is none decodes to nothing. */
function sendable(identity: UserIdentityInput): UserIdentityInput {
  try {
    userIdentity(identity);
    return identity;
  } catch {
    throw new PhosphorError('invalid-arguments', 'The secret that this PACS wants to see cannot be sent: it is empty or too long.', {
      code: 'SECRET_UNUSABLE',
    });
  }
}

function usernameOf({ username }: NodeUserIdentity): string {
  if (username !== undefined) return username;
  throw new PhosphorError('invalid-arguments', 'The user identity of this PACS has no user name; edit the PACS.', {
    code: 'USERNAME_MISSING',
  });
}

function secretOf(nodeId: string, secrets: Pick<SecretStore, 'ofNode'>): string {
  const secret = secrets.ofNode(nodeId);
  if (secret !== undefined) return secret;
  throw new PhosphorError('not-found', 'The secret that this PACS wants to see is not stored; `phosphor node secret NAME` stores it.', {
    code: 'SECRET_MISSING',
  });
}
