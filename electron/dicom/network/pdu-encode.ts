import { ByteWriter } from './bytes.ts';
import { type AssociateAC, type AssociateRQ, ItemType, PduType, type UserInformation } from './pdu.ts';
import type { Rejection } from './types.ts';

/** A-ASSOCIATE-RQ (PS3.8 §9.3.2). Throws PhosphorError `invalid-arguments` where an item would overflow its 16-bit length. */
export function encodeAssociateRQ(rq: AssociateRQ): Uint8Array {
  const body = new ByteWriter();
  associateHeader(body, rq);
  for (const context of rq.contexts) {
    body.item(ItemType.presentationContextRQ, () => {
      body.u8(context.id).zeros(3);
      body.item(ItemType.abstractSyntax, () => body.ascii(context.abstractSyntax));
      for (const uid of context.transferSyntaxes) body.item(ItemType.transferSyntax, () => body.ascii(uid));
    });
  }
  userInformation(body, rq.userInformation);
  return pdu(PduType.associateRQ, body.finish());
}

/** A-ASSOCIATE-AC (PS3.8 §9.3.3). */
export function encodeAssociateAC(ac: AssociateAC): Uint8Array {
  const body = new ByteWriter();
  associateHeader(body, ac);
  for (const context of ac.contexts) {
    body.item(ItemType.presentationContextAC, () => {
      body.u8(context.id).u8(0).u8(context.result).u8(0);
      // Not significant with a rejection, but the sub-item has to be there (PS3.8 §9.3.3.2).
      body.item(ItemType.transferSyntax, () => body.ascii(context.transferSyntax));
    });
  }
  userInformation(body, ac.userInformation);
  return pdu(PduType.associateAC, body.finish());
}

/** A-ASSOCIATE-RJ (PS3.8 §9.3.4). */
export function encodeAssociateRJ(rejection: Rejection): Uint8Array {
  return Uint8Array.of(PduType.associateRJ, 0, 0, 0, 0, 4, 0, rejection.result, rejection.source, rejection.reason);
}

/** A-RELEASE-RQ (PS3.8 §9.3.6). */
export function encodeReleaseRQ(): Uint8Array {
  return Uint8Array.of(PduType.releaseRQ, 0, 0, 0, 0, 4, 0, 0, 0, 0);
}

/** A-RELEASE-RP (PS3.8 §9.3.7). */
export function encodeReleaseRP(): Uint8Array {
  return Uint8Array.of(PduType.releaseRP, 0, 0, 0, 0, 4, 0, 0, 0, 0);
}

/** A-ABORT (PS3.8 §9.3.8). */
export function encodeAbort(source: number, reason: number): Uint8Array {
  return Uint8Array.of(PduType.abort, 0, 0, 0, 0, 4, 0, 0, source, reason);
}

/** Bytes of a P-DATA-TF header with the header of its only PDV (PS3.8 §9.3.5): PDU 6, PDV item 4 + 2. */
export const PDATA_HEADER = 12;

/** PDV message control header (PS3.8 annex E.2). */
export const PdvControl = { command: 1, last: 2 } as const;

/** Writes the headers of a P-DATA-TF PDU that carries one fragment of `length` bytes to `target[at…at + 12]`. */
export function writePDataHeader(target: Uint8Array, at: number, contextId: number, control: number, length: number): void {
  const item = length + 2;
  const all = item + 4;
  target[at] = PduType.pDataTF;
  target[at + 1] = 0;
  target[at + 2] = all >>> 24;
  target[at + 3] = all >>> 16;
  target[at + 4] = all >>> 8;
  target[at + 5] = all;
  target[at + 6] = item >>> 24;
  target[at + 7] = item >>> 16;
  target[at + 8] = item >>> 8;
  target[at + 9] = item;
  target[at + 10] = contextId;
  target[at + 11] = control;
}

function pdu(type: number, body: Uint8Array): Uint8Array {
  return new ByteWriter().u8(type).u8(0).u32(body.length).bytes(body).finish();
}

function associateHeader(body: ByteWriter, pdu: AssociateRQ | AssociateAC): void {
  body.u16(pdu.protocolVersion).u16(0).aeTitle(pdu.calledAETitle).aeTitle(pdu.callingAETitle).zeros(32);
  body.item(ItemType.applicationContext, () => body.ascii(pdu.applicationContext));
}

/** User information (PS3.8 annex D, PS3.7 annex D.3.3). */
function userInformation(body: ByteWriter, user: UserInformation): void {
  body.item(ItemType.userInformation, () => {
    body.item(ItemType.maximumLength, () => body.u32(user.maxPDULength));
    body.item(ItemType.implementationClassUID, () => body.ascii(user.implementationClassUID));
    const window = user.asynchronousOperations;
    if (window) body.item(ItemType.asynchronousOperationsWindow, () => body.u16(window.invoked).u16(window.performed));
    for (const role of user.roles) {
      body.item(ItemType.roleSelection, () => {
        body
          .sized16(() => body.ascii(role.sopClassUID))
          .u8(role.scu ? 1 : 0)
          .u8(role.scp ? 1 : 0);
      });
    }
    if (user.implementationVersionName !== '') {
      body.item(ItemType.implementationVersionName, () => body.ascii(user.implementationVersionName.slice(0, 16)));
    }
    for (const extended of user.extendedNegotiation) {
      body.item(ItemType.extendedNegotiation, () => {
        body.sized16(() => body.ascii(extended.sopClassUID)).bytes(extended.serviceClassApplicationInformation);
      });
    }
    for (const common of user.commonExtendedNegotiation) {
      body.item(ItemType.commonExtendedNegotiation, () => {
        body.sized16(() => body.ascii(common.sopClassUID)).sized16(() => body.ascii(common.serviceClassUID));
        body.sized16(() => {
          for (const uid of common.relatedGeneralSOPClassUIDs) body.sized16(() => body.ascii(uid));
        });
      });
    }
    const identity = user.userIdentity;
    if (identity) {
      body.item(ItemType.userIdentityRQ, () => {
        body.u8(identity.type).u8(identity.positiveResponseRequested ? 1 : 0);
        body.sized16(() => body.bytes(identity.primary)).sized16(() => body.bytes(identity.secondary));
      });
    }
    const response = user.userIdentityResponse;
    if (response) body.item(ItemType.userIdentityAC, () => body.sized16(() => body.bytes(response)));
  });
}
