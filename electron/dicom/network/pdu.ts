import type { CommonExtendedNegotiation, ExtendedNegotiation, Rejection, Roles, UserIdentity } from './types.ts';

/** PDU types (PS3.8 §9.3.1). */
export const PduType = {
  associateRQ: 0x01,
  associateAC: 0x02,
  associateRJ: 0x03,
  pDataTF: 0x04,
  releaseRQ: 0x05,
  releaseRP: 0x06,
  abort: 0x07,
} as const;

/** Item and sub-item types (PS3.8 §9.3.2, annex D; PS3.7 annex D.3.3). */
export const ItemType = {
  applicationContext: 0x10,
  presentationContextRQ: 0x20,
  presentationContextAC: 0x21,
  abstractSyntax: 0x30,
  transferSyntax: 0x40,
  userInformation: 0x50,
  maximumLength: 0x51,
  implementationClassUID: 0x52,
  asynchronousOperationsWindow: 0x53,
  roleSelection: 0x54,
  implementationVersionName: 0x55,
  extendedNegotiation: 0x56,
  commonExtendedNegotiation: 0x57,
  userIdentityRQ: 0x58,
  userIdentityAC: 0x59,
} as const;

/** DICOM application context name (PS3.7 annex A.2.1). */
export const APPLICATION_CONTEXT = '1.2.840.10008.3.1.1.1';

/** Result of a proposed presentation context (PS3.8 table 9-18). */
export const ContextResult = {
  acceptance: 0,
  userRejection: 1,
  noReason: 2,
  abstractSyntaxNotSupported: 3,
  transferSyntaxesNotSupported: 4,
} as const;

export interface UserInformation {
  /** 0 = no limit; also where the sub-item is absent. */
  maxPDULength: number;
  implementationClassUID: string;
  implementationVersionName: string;
  asynchronousOperations?: { invoked: number; performed: number };
  roles: (Roles & { sopClassUID: string })[];
  extendedNegotiation: ExtendedNegotiation[];
  commonExtendedNegotiation: CommonExtendedNegotiation[];
  userIdentity?: UserIdentity;
  userIdentityResponse?: Uint8Array;
}

export interface AssociateRQ {
  protocolVersion: number;
  calledAETitle: string;
  callingAETitle: string;
  applicationContext: string;
  contexts: { id: number; abstractSyntax: string; transferSyntaxes: string[] }[];
  userInformation: UserInformation;
}

export interface AssociateAC {
  protocolVersion: number;
  calledAETitle: string;
  callingAETitle: string;
  applicationContext: string;
  contexts: { id: number; result: number; transferSyntax: string }[];
  userInformation: UserInformation;
}

/** What a PDU other than P-DATA-TF says. */
export type Pdu =
  | { readonly type: typeof PduType.associateRQ; readonly associateRQ: AssociateRQ }
  | { readonly type: typeof PduType.associateAC; readonly associateAC: AssociateAC }
  | { readonly type: typeof PduType.associateRJ; readonly rejection: Rejection }
  | { readonly type: typeof PduType.releaseRQ }
  | { readonly type: typeof PduType.releaseRP }
  | { readonly type: typeof PduType.abort; readonly source: number; readonly reason: number };
