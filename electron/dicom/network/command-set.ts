import { PhosphorError } from '../../../shared/contract/phosphor-error.ts';
import { trimmed } from './bytes.ts';
import { dimseError } from './errors.ts';
import { LIMITS } from './limits.ts';
import type { CommandSet } from './types.ts';

/** Command Field values of requests (PS3.7 annex E.1); the response's is the request's | 8000H. */
export const CommandField = {
  cStoreRQ: 0x0001,
  cGetRQ: 0x0010,
  cFindRQ: 0x0020,
  cMoveRQ: 0x0021,
  cEchoRQ: 0x0030,
  cCancelRQ: 0x0fff,
  nEventReportRQ: 0x0100,
  nGetRQ: 0x0110,
  nSetRQ: 0x0120,
  nActionRQ: 0x0130,
  nCreateRQ: 0x0140,
  nDeleteRQ: 0x0150,
} as const;

export const RESPONSE = 0x8000;

/** Priority (PS3.7 §9.1.1.1.4). */
export const Priority = { medium: 0, high: 1, low: 2 } as const;

const NO_DATA_SET = 0x0101;
/** Any value but 0101H says that a data set follows. */
const DATA_SET = 0x0001;

const COMMAND_DATA_SET_TYPE = 0x0800;
const ELEMENT_HEADER = 8;

/**
 * Encodes a command set (PS3.7 §6.3.1: implicit VR little endian, with its group length, elements in the order of annex E.1).
 *
 * @param before bytes that are left free in front of it, for what carries it
 * @throws PhosphorError `invalid-arguments` for what cannot be encoded
 */
export function encodeCommandSet(command: Readonly<CommandSet>, before = 0): Uint8Array {
  const out = new CommandSetWriter();
  out.text(0x0002, command.affectedSOPClassUID, NUL);
  out.text(0x0003, command.requestedSOPClassUID, NUL);
  out.number(0x0100, command.commandField);
  out.number(0x0110, command.messageID);
  out.number(0x0120, command.messageIDBeingRespondedTo);
  out.text(0x0600, command.moveDestination, SPACE);
  out.number(0x0700, command.priority);
  out.number(COMMAND_DATA_SET_TYPE, command.hasDataSet ? DATA_SET : NO_DATA_SET);
  out.number(0x0900, command.status);
  out.tags(0x0901, command.offendingElements);
  out.text(0x0902, command.errorComment, SPACE);
  out.number(0x0903, command.errorID);
  out.text(0x1000, command.affectedSOPInstanceUID, NUL);
  out.text(0x1001, command.requestedSOPInstanceUID, NUL);
  out.number(0x1002, command.eventTypeID);
  out.tags(0x1005, command.attributeIdentifierList);
  out.number(0x1008, command.actionTypeID);
  out.number(0x1020, command.numberOfRemainingSuboperations);
  out.number(0x1021, command.numberOfCompletedSuboperations);
  out.number(0x1022, command.numberOfFailedSuboperations);
  out.number(0x1023, command.numberOfWarningSuboperations);
  out.text(0x1030, command.moveOriginatorAETitle, SPACE);
  out.number(0x1031, command.moveOriginatorMessageID);
  return out.finish(before);
}

/**
 * Decodes a command set. Elements that PS3.7 does not know are skipped, those of other groups included, values of a wrong length are left out. Throws PhosphorError `protocol` where it is no command set.
 */
export function decodeCommandSet(bytes: Uint8Array): CommandSet {
  const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const command: CommandSet = { commandField: 0, hasDataSet: false };
  let sawField = false;
  let at = 0;
  while (at < data.length) {
    if (data.length - at < ELEMENT_HEADER) throw dimseError('a command set is cut off');
    const group = data.readUInt16LE(at);
    const element = data.readUInt16LE(at + 2);
    const length = data.readUInt32LE(at + 4);
    at += ELEMENT_HEADER;
    if (length > data.length - at) throw dimseError('a command set cannot be read');
    const end = at + length;
    if (group === 0) {
      decodeElement(command, element, data, at, end);
      if (element === COMMAND_FIELD && length >= 2) sawField = true;
    } else if (group === 0x0008 && element === 0x0058 && length > 0) {
      // Orthanc puts the Failed SOP Instance UID List of a C-GET in here instead of into the identifier (PS3.4 C.4.3.1.3.2).
      command.failedSOPInstanceUIDs = text(data, at, end).split('\\');
    }
    at = end;
  }
  if (!sawField) throw dimseError('a command set without a command field');
  return command;
}

const COMMAND_FIELD = 0x0100;

/** One element of group 0000 whose value is `data[at…end]`. */
function decodeElement(command: CommandSet, element: number, data: Buffer, at: number, end: number): void {
  switch (element) {
    case 0x0002:
      command.affectedSOPClassUID = text(data, at, end);
      return;
    case 0x0003:
      command.requestedSOPClassUID = text(data, at, end);
      return;
    case 0x0600:
      command.moveDestination = text(data, at, end);
      return;
    case 0x0901:
      command.offendingElements = tags(data, at, end);
      return;
    case 0x0902:
      command.errorComment = text(data, at, end);
      return;
    case 0x1000:
      command.affectedSOPInstanceUID = text(data, at, end);
      return;
    case 0x1001:
      command.requestedSOPInstanceUID = text(data, at, end);
      return;
    case 0x1005:
      command.attributeIdentifierList = tags(data, at, end);
      return;
    case 0x1030:
      command.moveOriginatorAETitle = text(data, at, end);
      return;
    default:
      if (end - at >= 2) decodeNumber(command, element, data.readUInt16LE(at));
  }
}

function decodeNumber(command: CommandSet, element: number, value: number): void {
  switch (element) {
    case COMMAND_FIELD:
      command.commandField = value;
      return;
    case 0x0110:
      command.messageID = value;
      return;
    case 0x0120:
      command.messageIDBeingRespondedTo = value;
      return;
    case 0x0700:
      command.priority = value;
      return;
    case COMMAND_DATA_SET_TYPE:
      command.hasDataSet = value !== NO_DATA_SET;
      return;
    case 0x0900:
      command.status = value;
      return;
    case 0x0903:
      command.errorID = value;
      return;
    case 0x1002:
      command.eventTypeID = value;
      return;
    case 0x1008:
      command.actionTypeID = value;
      return;
    case 0x1020:
      command.numberOfRemainingSuboperations = value;
      return;
    case 0x1021:
      command.numberOfCompletedSuboperations = value;
      return;
    case 0x1022:
      command.numberOfFailedSuboperations = value;
      return;
    case 0x1023:
      command.numberOfWarningSuboperations = value;
      return;
    case 0x1031:
      command.moveOriginatorMessageID = value;
      return;
  }
}

function text(data: Buffer, at: number, end: number): string {
  return trimmed(data.toString('latin1', at, end));
}

function tags(data: Buffer, at: number, end: number): string[] {
  const found: string[] = [];
  for (let place = at; place + 4 <= end; place += 4) {
    found.push(hex4(data.readUInt16LE(place)) + hex4(data.readUInt16LE(place + 2)));
  }
  return found;
}

function hex4(value: number): string {
  return value.toString(16).padStart(4, '0');
}

/** UIDs are padded with NUL, text with a space (PS3.5 §6.2). */
const NUL = 0x00;
const SPACE = 0x20;

/** Group length: its own element, which it does not count. */
const GROUP_LENGTH = ELEMENT_HEADER + 4;
// Encoding is synchronous, so that one buffer serves all command sets of a thread until they are copied out.
const scratch = Buffer.alloc(LIMITS.commandSet);

/** Puts the elements of one command set one behind the other; `undefined` = absent. */
class CommandSetWriter {
  #at = GROUP_LENGTH;

  number(element: number, value: number | undefined): void {
    if (value === undefined) return;
    scratch.writeUInt16LE(value & 0xffff, this.#header(element, 2));
  }

  text(element: number, value: string | undefined, padding: number): void {
    if (value === undefined) return;
    const { length } = value;
    const at = this.#header(element, length + (length & 1));
    scratch.write(value, at, length, 'latin1');
    if (length & 1) scratch[at + length] = padding;
  }

  tags(element: number, value: readonly string[] | undefined): void {
    if (value === undefined) return;
    let at = this.#header(element, 4 * value.length);
    for (const tag of value) {
      scratch.writeUInt16LE(Number.parseInt(tag.slice(0, 4), 16) || 0, at);
      at = scratch.writeUInt16LE(Number.parseInt(tag.slice(4, 8), 16) || 0, at + 2);
    }
  }

  /** A copy behind `before` free bytes. */
  finish(before: number): Uint8Array {
    const length = this.#at;
    scratch.writeUInt32LE(0, 0);
    scratch.writeUInt32LE(4, 4);
    scratch.writeUInt32LE(length - GROUP_LENGTH, ELEMENT_HEADER);
    const copy = Buffer.allocUnsafe(before + length);
    scratch.copy(copy, before, 0, length);
    return copy;
  }

  /** Where the value of `length` bytes begins. */
  #header(element: number, length: number): number {
    const at = this.#at;
    this.#at = at + ELEMENT_HEADER + length;
    if (this.#at > LIMITS.commandSet) throw new PhosphorError('invalid-arguments', 'a command set would be longer than 64 KiB');
    scratch.writeUInt16LE(0, at);
    scratch.writeUInt16LE(element, at + 2);
    return scratch.writeUInt32LE(length, at + 4);
  }
}
