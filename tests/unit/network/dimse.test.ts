import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeCommandSet, encodeCommandSet } from '../../../electron/dicom/network/command-set.ts';
import type { CommandSet } from '../../../electron/dicom/network/index.ts';
import { CollectingSink, MessageReader } from '../../../electron/dicom/network/message-reader.ts';
import { PhosphorError } from '../../../shared/contract/index.ts';

const store: CommandSet = {
  commandField: 1,
  hasDataSet: true,
  affectedSOPClassUID: '1.2.840.10008.5.1.4.1.1.2',
  messageID: 7,
  priority: 0,
  affectedSOPInstanceUID: '1.2.3.4',
  moveOriginatorAETitle: 'ORIGIN',
  moveOriginatorMessageID: 65_535,
};

const response: CommandSet = {
  commandField: 0x8021,
  hasDataSet: false,
  affectedSOPClassUID: '1.2.840.10008.5.1.4.1.2.2.2',
  messageIDBeingRespondedTo: 7,
  status: 0xb000,
  offendingElements: ['00100010', '0008103e'],
  errorComment: 'odd',
  numberOfRemainingSuboperations: 0,
  numberOfCompletedSuboperations: 498,
  numberOfFailedSuboperations: 1,
  numberOfWarningSuboperations: 1,
};

describe('command sets', () => {
  test('are decoded as they were encoded', () => {
    expect(decodeCommandSet(encodeCommandSet(store))).toEqual(store);
    expect(decodeCommandSet(encodeCommandSet(response))).toEqual(response);
  });

  test('that hold the failed list, as those of Orthanc do, are read with it', () => {
    const failedList = Buffer.from('080058000e000000312e322e3832362e33312e312e3200', 'hex').subarray(0, 22);
    const failedSOPInstanceUIDs = ['1.2.826.31.1.2'];
    expect(decodeCommandSet(Buffer.concat([encodeCommandSet(response), failedList]))).toEqual({ ...response, failedSOPInstanceUIDs });
    const empty = Buffer.from('0800580000000000', 'hex');
    expect(decodeCommandSet(Buffer.concat([encodeCommandSet(response), empty]))).toEqual(response);
    expect(() => decodeCommandSet(Buffer.concat([encodeCommandSet(response), failedList.subarray(0, 20)]))).toThrow(PhosphorError);
  });

  test('that hold an element of another group are read without it', () => {
    const patientId = Buffer.from('100020000200000041420000', 'hex').subarray(0, 10);
    expect(decodeCommandSet(Buffer.concat([encodeCommandSet(response), patientId]))).toEqual(response);
  });

  test('stand in implicit VR little endian, ascending, with the right group length', () => {
    const bytes = Buffer.from(encodeCommandSet(store));
    expect(bytes.subarray(0, 8).toString('hex')).toBe('0000000004000000');
    expect(bytes.readUInt32LE(8)).toBe(bytes.length - 12);
    const elements: number[] = [];
    for (let at = 0; at < bytes.length; at += 8 + bytes.readUInt32LE(at + 4)) {
      expect(bytes.readUInt16LE(at)).toBe(0);
      expect(bytes.readUInt32LE(at + 4) % 2).toBe(0);
      elements.push(bytes.readUInt16LE(at + 2));
    }
    expect(elements).toEqual([0, 2, 0x100, 0x110, 0x700, 0x800, 0x1000, 0x1030, 0x1031]);
  });

  test('an empty Move Originator is written where the caller asks for it, else not at all', () => {
    const { moveOriginatorAETitle: _, moveOriginatorMessageID: __, ...plain } = store;
    const empty = { ...plain, moveOriginatorAETitle: '', moveOriginatorMessageID: 0 };
    expect(encodeCommandSet(empty).length - encodeCommandSet(plain).length).toBe(8 + 10);
    expect(decodeCommandSet(encodeCommandSet(empty))).toEqual(empty);
  });

  test('elements that nobody knows are skipped, odd values left out', () => {
    const unknown = Buffer.from('0000341202000000ffff', 'hex');
    const shortStatus = Buffer.from('000000090100000000', 'hex');
    expect(decodeCommandSet(Buffer.concat([encodeCommandSet(store), unknown, shortStatus]))).toEqual(store);
  });

  test('padding with spaces and NULs does not belong to a value', () => {
    const padded = Buffer.concat([
      encodeCommandSet({ commandField: 1, hasDataSet: false }),
      Buffer.from('00003010080000002041452020000000', 'hex'),
    ]);
    expect(decodeCommandSet(padded).moveOriginatorAETitle).toBe('AE');
  });

  test('whatever bytes come, decoding ends with a command set or a typed error', () => {
    const seed = encodeCommandSet(response);
    const mutated = fc.array(fc.tuple(fc.nat(seed.length - 1), fc.nat(255)), { maxLength: 6 }).map((changes) => {
      const copy = seed.slice();
      for (const [at, value] of changes) copy[at] = value;
      return copy;
    });
    fc.assert(
      fc.property(fc.oneof(mutated, fc.uint8Array({ maxLength: 200 })), (bytes) => {
        try {
          decodeCommandSet(bytes);
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(PhosphorError);
          expect(thrown).toMatchObject({ data: { kind: 'protocol' } });
        }
      }),
      { numRuns: 3000 },
    );
  });
});

describe('messages out of fragments', () => {
  function reader() {
    const commands: CommandSet[] = [];
    const dataSets: string[] = [];
    const messages = new MessageReader({
      hasContext: (id) => id === 1 || id === 3,
      onCommand: (_, command) => {
        commands.push(command);
        return new CollectingSink((bytes) => {
          dataSets.push(Buffer.from(bytes).toString('hex'));
          return undefined;
        });
      },
    });
    return { messages, commands, dataSets };
  }

  test('commands and data sets come together from fragments of any size', () => {
    const { messages, commands, dataSets } = reader();
    const command = encodeCommandSet(store);
    for (let at = 0; at < command.length; at++) {
      const last = at === command.length - 1;
      messages.fragment(1, last ? 3 : 1, command.slice(at, at + 1), true);
    }
    messages.fragment(1, 0, Uint8Array.of(1, 2), false);
    messages.fragment(1, 0, Uint8Array.of(3), true);
    messages.fragment(1, 2, Uint8Array.of(4), false);
    messages.fragment(1, 2, Uint8Array.of(5), true);
    expect(commands).toEqual([store]);
    expect(dataSets).toEqual(['0102030405']);
  });

  const command = encodeCommandSet(store);
  const wrong: [string, (messages: MessageReader) => void][] = [
    ['a data set without a command', (messages) => messages.fragment(1, 2, Uint8Array.of(1), true)],
    ['a presentation context that was not accepted', (messages) => messages.fragment(5, 3, command, true)],
    [
      'a command in the middle of a data set',
      (messages) => {
        messages.fragment(1, 3, command, true);
        messages.fragment(1, 3, command, true);
      },
    ],
    [
      'a data set in another context than its command',
      (messages) => {
        messages.fragment(1, 3, command, true);
        messages.fragment(3, 2, Uint8Array.of(1), true);
      },
    ],
    [
      'a command set without end',
      (messages) => {
        for (let sent = 0; sent <= 64 << 10; sent += 1024) messages.fragment(1, 1, new Uint8Array(1024), true);
      },
    ],
  ];
  for (const [name, send] of wrong) {
    test(`${name} breaks the protocol`, () => {
      expect(() => send(reader().messages)).toThrow(expect.objectContaining({ data: expect.objectContaining({ kind: 'protocol' }) }));
    });
  }

  test('an identifier without end is refused at our own bound, told apart from a broken rule', () => {
    const { messages } = reader();
    messages.fragment(1, 3, command, true);
    expect(() => {
      for (let sent = 0; sent <= 16 << 20; sent += 1 << 20) messages.fragment(1, 0, new Uint8Array(1 << 20), true);
    }).toThrow(expect.objectContaining({ data: expect.objectContaining({ kind: 'limit-exceeded' }) }));
  });
});
