import { ByteReader, trimmed } from './bytes.ts';
import { AbortReason, pduError } from './errors.ts';
import { LIMITS } from './limits.ts';
import { type AssociateAC, type AssociateRQ, ItemType, type Pdu, PduType, type UserInformation } from './pdu.ts';

/**
 * Decodes the variable field of a PDU other than P-DATA-TF. Items and sub-items that are not known are skipped (PS3.8 §9.3.1). Throws
 * PhosphorError `protocol` whose `upperLayer` is the A-ABORT to answer with.
 */
export function decodePdu(type: number, body: Uint8Array): Pdu {
  const reader = new ByteReader(body);
  switch (type) {
    case PduType.associateRQ:
      return { type, associateRQ: decodeAssociateRQ(reader) };
    case PduType.associateAC:
      return { type, associateAC: decodeAssociateAC(reader) };
    case PduType.associateRJ:
      return { type, rejection: { result: reader.skip(1).u8(), source: reader.u8(), reason: reader.u8() } };
    case PduType.releaseRQ:
    case PduType.releaseRP:
      reader.skip(4);
      return { type };
    case PduType.abort:
      return { type, source: reader.skip(2).u8(), reason: reader.u8() };
    default:
      throw pduError('unrecognized PDU', AbortReason.unrecognizedPDU);
  }
}

function decodeAssociateRQ(reader: ByteReader): AssociateRQ {
  const rq: AssociateRQ = { ...header(reader), contexts: [] };
  const ids = new Set<number>();
  eachItem(reader, (type, item) => {
    if (type === ItemType.applicationContext) rq.applicationContext = item.uid(item.left);
    else if (type === ItemType.userInformation) decodeUserInformation(item, rq.userInformation);
    else if (type === ItemType.presentationContextRQ) {
      const context = { id: contextId(item, ids), abstractSyntax: '', transferSyntaxes: [] as string[] };
      eachItem(item.skip(3), (subType, sub) => {
        if (subType === ItemType.abstractSyntax) context.abstractSyntax = sub.uid(sub.left);
        else if (subType === ItemType.transferSyntax) {
          if (context.transferSyntaxes.length >= LIMITS.transferSyntaxesPerContext) throw pduError('too many transfer syntaxes');
          context.transferSyntaxes.push(sub.uid(sub.left));
        }
      });
      rq.contexts.push(context);
    }
  });
  return rq;
}

function decodeAssociateAC(reader: ByteReader): AssociateAC {
  const ac: AssociateAC = { ...header(reader), contexts: [] };
  const ids = new Set<number>();
  eachItem(reader, (type, item) => {
    if (type === ItemType.applicationContext) ac.applicationContext = item.uid(item.left);
    else if (type === ItemType.userInformation) decodeUserInformation(item, ac.userInformation);
    else if (type === ItemType.presentationContextAC) {
      const context = { id: contextId(item, ids), result: item.skip(1).u8(), transferSyntax: '' };
      eachItem(item.skip(1), (subType, sub) => {
        if (subType === ItemType.transferSyntax) context.transferSyntax = sub.uid(sub.left);
      });
      ac.contexts.push(context);
    }
  });
  return ac;
}

function header(reader: ByteReader): Omit<AssociateRQ, 'contexts'> {
  const protocolVersion = reader.u16();
  const calledAETitle = decodeAETitle(reader.skip(2).text(16));
  const callingAETitle = decodeAETitle(reader.text(16));
  reader.skip(32);
  const userInformation: UserInformation = {
    maxPDULength: 0,
    implementationClassUID: '',
    implementationVersionName: '',
    roles: [],
    extendedNegotiation: [],
    commonExtendedNegotiation: [],
  };
  return { protocolVersion, calledAETitle, callingAETitle, applicationContext: '', userInformation };
}

/** AE titles come into logs: what is not printable ASCII becomes `?`. */
export function decodeAETitle(text: string): string {
  return trimmed(text).replace(/[^\x20-\x7e]/g, '?');
}

function contextId(item: ByteReader, seen: Set<number>): number {
  const id = item.u8();
  if (id % 2 === 0) throw pduError('a presentation context ID is even');
  if (seen.has(id)) throw pduError('a presentation context ID is used twice');
  seen.add(id);
  return id;
}

function eachItem(reader: ByteReader, visit: (type: number, item: ByteReader) => void): void {
  while (reader.left > 0) {
    const type = reader.u8();
    const length = reader.skip(1).u16();
    visit(type, reader.sub(length));
  }
}

function decodeUserInformation(reader: ByteReader, user: UserInformation): void {
  eachItem(reader, (type, item) => SUB_ITEMS[type]?.(item, user));
}

type SubItemDecoder = (item: ByteReader, user: UserInformation) => void;

const SUB_ITEMS: Readonly<Record<number, SubItemDecoder>> = {
  [ItemType.maximumLength]: (item, user) => {
    user.maxPDULength = item.u32();
  },
  [ItemType.implementationClassUID]: (item, user) => {
    user.implementationClassUID = item.uid(item.left);
  },
  [ItemType.implementationVersionName]: (item, user) => {
    user.implementationVersionName = decodeAETitle(item.text(item.left));
  },
  [ItemType.asynchronousOperationsWindow]: (item, user) => {
    user.asynchronousOperations = { invoked: item.u16(), performed: item.u16() };
  },
  [ItemType.roleSelection]: (item, user) => {
    const sopClassUID = item.uid(item.u16());
    push(user.roles, { sopClassUID, scu: item.u8() === 1, scp: item.u8() === 1 });
  },
  [ItemType.extendedNegotiation]: (item, user) => {
    const sopClassUID = item.uid(item.u16());
    push(user.extendedNegotiation, { sopClassUID, serviceClassApplicationInformation: item.copy(item.left) });
  },
  [ItemType.commonExtendedNegotiation]: (item, user) => {
    const sopClassUID = item.uid(item.u16());
    const serviceClassUID = item.uid(item.u16());
    const related = item.sub(item.u16());
    const relatedGeneralSOPClassUIDs: string[] = [];
    while (related.left > 0) push(relatedGeneralSOPClassUIDs, related.uid(related.u16()));
    push(user.commonExtendedNegotiation, { sopClassUID, serviceClassUID, relatedGeneralSOPClassUIDs });
  },
  [ItemType.userIdentityRQ]: (item, user) => {
    const type = item.u8();
    const positiveResponseRequested = item.u8() === 1;
    const primary = item.copy(item.u16());
    const secondary = item.copy(item.u16());
    user.userIdentity = { type, primary, secondary, positiveResponseRequested };
  },
  [ItemType.userIdentityAC]: (item, user) => {
    user.userIdentityResponse = item.copy(item.u16());
  },
};

function push<T>(list: T[], value: T): void {
  if (list.length >= LIMITS.subItems) throw pduError('too many user information sub-items');
  list.push(value);
}
