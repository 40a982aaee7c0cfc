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

type Kind = 'UI' | 'AE' | 'LO' | 'US' | 'AT';
type Key = Exclude<keyof CommandSet, 'hasDataSet'>;

/** Elements of group 0000 in ascending order (PS3.7 annex E.1); Command Data Set Type (0000,0800) stands between them. */
const ELEMENTS: readonly (readonly [number, Kind, Key])[] = [
  [0x0002, 'UI', 'affectedSOPClassUID'],
  [0x0003, 'UI', 'requestedSOPClassUID'],
  [0x0100, 'US', 'commandField'],
  [0x0110, 'US', 'messageID'],
  [0x0120, 'US', 'messageIDBeingRespondedTo'],
  [0x0600, 'AE', 'moveDestination'],
  [0x0700, 'US', 'priority'],
  [0x0900, 'US', 'status'],
  [0x0901, 'AT', 'offendingElements'],
  [0x0902, 'LO', 'errorComment'],
  [0x0903, 'US', 'errorID'],
  [0x1000, 'UI', 'affectedSOPInstanceUID'],
  [0x1001, 'UI', 'requestedSOPInstanceUID'],
  [0x1002, 'US', 'eventTypeID'],
  [0x1005, 'AT', 'attributeIdentifierList'],
  [0x1008, 'US', 'actionTypeID'],
  [0x1020, 'US', 'numberOfRemainingSuboperations'],
  [0x1021, 'US', 'numberOfCompletedSuboperations'],
  [0x1022, 'US', 'numberOfFailedSuboperations'],
  [0x1023, 'US', 'numberOfWarningSuboperations'],
  [0x1030, 'AE', 'moveOriginatorAETitle'],
  [0x1031, 'US', 'moveOriginatorMessageID'],
];

const COMMAND_DATA_SET_TYPE = 0x0800;
const BY_ELEMENT: ReadonlyMap<number, readonly [Kind, Key]> = new Map(ELEMENTS.map(([element, kind, key]) => [element, [kind, key]]));

/** Encodes a command set (PS3.7 §6.3.1: implicit VR little endian, with its group length). Throws `invalid-arguments` for what cannot be encoded. */
export function encodeCommandSet(command: Readonly<CommandSet>): Uint8Array {
  const parts: [element: number, kind: Kind, value: string | number | readonly string[], length: number][] = [];
  let length = 12 + 10;
  for (const [element, kind, key] of ELEMENTS) {
    const value = command[key];
    if (value === undefined) continue;
    const bytes = lengthOf(kind, value);
    parts.push([element, kind, value, bytes]);
    length += 8 + bytes;
  }
  if (length > LIMITS.commandSet) throw new PhosphorError('invalid-arguments', 'a command set would be longer than 64 KiB');
  const out = Buffer.alloc(length);
  let at = header(out, 0, 0x0000, 4);
  at = out.writeUInt32LE(length - 12, at);
  let typeWritten = false;
  for (const [element, kind, value, bytes] of parts) {
    if (!typeWritten && element > COMMAND_DATA_SET_TYPE) {
      at = dataSetType(out, at, command.hasDataSet);
      typeWritten = true;
    }
    at = header(out, at, element, bytes);
    writeValue(out, at, kind, value, bytes);
    at += bytes;
  }
  if (!typeWritten) dataSetType(out, at, command.hasDataSet);
  return out;
}

/**
 * Decodes a command set. Elements that PS3.7 does not know are skipped, those of other groups included, values of a wrong length are left out. Throws PhosphorError `protocol` where it is no command set.
 */
export function decodeCommandSet(bytes: Uint8Array): CommandSet {
  const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const command: CommandSet = { commandField: 0, hasDataSet: false };
  const fields: { [K in Key]?: string | number | readonly string[] | undefined } = command;
  let sawField = false;
  let at = 0;
  while (at < data.length) {
    if (data.length - at < 8) throw dimseError('a command set is cut off');
    const group = data.readUInt16LE(at);
    const element = data.readUInt16LE(at + 2);
    const length = data.readUInt32LE(at + 4);
    at += 8;
    if (length > data.length - at) throw dimseError('a command set cannot be read');
    if (group !== 0) {
      // Orthanc puts the Failed SOP Instance UID List of a C-GET in here instead of into the identifier (PS3.4 C.4.3.1.3.2).
      if (group === 0x0008 && element === 0x0058 && length > 0) {
        command.failedSOPInstanceUIDs = trimmed(data.toString('latin1', at, at + length)).split('\\');
      }
      at += length;
      continue;
    }
    if (element === COMMAND_DATA_SET_TYPE && length >= 2) command.hasDataSet = data.readUInt16LE(at) !== NO_DATA_SET;
    const known = BY_ELEMENT.get(element);
    if (known !== undefined) {
      const value = readValue(data, at, known[0], length);
      if (value !== undefined) fields[known[1]] = value;
      if (known[1] === 'commandField' && value !== undefined) sawField = true;
    }
    at += length;
  }
  if (!sawField) throw dimseError('a command set without a command field');
  return command;
}

function header(out: Buffer, at: number, element: number, length: number): number {
  out.writeUInt16LE(0, at);
  out.writeUInt16LE(element, at + 2);
  return out.writeUInt32LE(length, at + 4);
}

function dataSetType(out: Buffer, at: number, hasDataSet: boolean): number {
  return out.writeUInt16LE(hasDataSet ? DATA_SET : NO_DATA_SET, header(out, at, COMMAND_DATA_SET_TYPE, 2));
}

function lengthOf(kind: Kind, value: string | number | readonly string[]): number {
  if (kind === 'US') return 2;
  if (kind === 'AT') return 4 * (value as readonly string[]).length;
  const { length } = value as string;
  return length + (length & 1);
}

function writeValue(out: Buffer, at: number, kind: Kind, value: string | number | readonly string[], bytes: number): void {
  if (kind === 'US') {
    out.writeUInt16LE((value as number) & 0xffff, at);
  } else if (kind === 'AT') {
    let place = at;
    for (const tag of value as readonly string[]) {
      out.writeUInt16LE(Number.parseInt(tag.slice(0, 4), 16) || 0, place);
      place = out.writeUInt16LE(Number.parseInt(tag.slice(4, 8), 16) || 0, place + 2);
    }
  } else {
    const text = value as string;
    out.write(text, at, 'latin1');
    // UIDs are padded with NUL (the buffer is zeroed), text with a space.
    if (text.length < bytes && kind !== 'UI') out[at + text.length] = 0x20;
  }
}

function readValue(data: Buffer, at: number, kind: Kind, length: number): string | number | string[] | undefined {
  if (kind === 'US') return length >= 2 ? data.readUInt16LE(at) : undefined;
  if (kind === 'AT') {
    const tags: string[] = [];
    for (let place = at; place + 4 <= at + length; place += 4) {
      tags.push(hex4(data.readUInt16LE(place)) + hex4(data.readUInt16LE(place + 2)));
    }
    return tags;
  }
  return trimmed(data.toString('latin1', at, at + length));
}

function hex4(value: number): string {
  return value.toString(16).padStart(4, '0');
}
