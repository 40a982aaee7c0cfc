import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { AssociateAC, AssociateRQ, UserInformation } from '../../../electron/dicom/network/pdu.ts';
import { decodePdu } from '../../../electron/dicom/network/pdu-decode.ts';
import {
  encodeAbort,
  encodeAssociateAC,
  encodeAssociateRJ,
  encodeAssociateRQ,
  encodeReleaseRP,
  encodeReleaseRQ,
  writePDataHeader,
} from '../../../electron/dicom/network/pdu-encode.ts';
import { PduReader } from '../../../electron/dicom/network/pdu-reader.ts';
import { PhosphorError } from '../../../shared/contract/index.ts';

const bytes = (...values: number[]) => Uint8Array.from(values);

const user: UserInformation = {
  maxPDULength: 131_072,
  implementationClassUID: '1.2.276.0',
  implementationVersionName: 'TEST_1',
  asynchronousOperations: { invoked: 3, performed: 5 },
  roles: [
    { sopClassUID: '1.2.3', scu: true, scp: true },
    { sopClassUID: '1.2.4', scu: false, scp: true },
  ],
  extendedNegotiation: [{ sopClassUID: '1.2.5', serviceClassApplicationInformation: bytes(1, 1, 0) }],
  commonExtendedNegotiation: [
    { sopClassUID: '1.2.6', serviceClassUID: '1.2.840.10008.4.2', relatedGeneralSOPClassUIDs: ['1.2.7', '1.2.88'] },
  ],
  userIdentity: { type: 2, primary: bytes(0x75), secondary: bytes(0x70, 0x77), positiveResponseRequested: true },
};

const rq: AssociateRQ = {
  protocolVersion: 1,
  calledAETitle: 'FAR',
  callingAETitle: 'NEAR WITH SPACE',
  applicationContext: '1.2.840.10008.3.1.1.1',
  contexts: [
    { id: 1, abstractSyntax: '1.2.840.10008.1.1', transferSyntaxes: ['1.2.840.10008.1.2', '1.2.840.10008.1.2.1'] },
    { id: 255, abstractSyntax: '1.2.3', transferSyntaxes: ['1.2.840.10008.1.2'] },
  ],
  userInformation: user,
};

const { userIdentity: _, ...answer } = user;
const ac: AssociateAC = {
  ...rq,
  contexts: [
    { id: 1, result: 0, transferSyntax: '1.2.840.10008.1.2' },
    { id: 255, result: 3, transferSyntax: '1.2.840.10008.1.2' },
  ],
  userInformation: { ...answer, userIdentityResponse: bytes(9, 8, 7) },
};

function decode(pdu: Uint8Array) {
  return decodePdu(pdu[0] ?? 0, pdu.subarray(6));
}

describe('what is encoded is decoded again', () => {
  test('A-ASSOCIATE-RQ with every sub-item', () => {
    expect(decode(encodeAssociateRQ(rq))).toEqual({ type: 1, associateRQ: rq });
  });

  test('A-ASSOCIATE-AC with every sub-item', () => {
    expect(decode(encodeAssociateAC(ac))).toEqual({ type: 2, associateAC: ac });
  });

  test('A-ASSOCIATE-RJ, A-RELEASE-RQ, A-RELEASE-RP, A-ABORT', () => {
    expect(decode(encodeAssociateRJ({ result: 2, source: 3, reason: 2 }))).toEqual({
      type: 3,
      rejection: { result: 2, source: 3, reason: 2 },
    });
    expect(decode(encodeReleaseRQ())).toEqual({ type: 5 });
    expect(decode(encodeReleaseRP())).toEqual({ type: 6 });
    expect(decode(encodeAbort(2, 6))).toEqual({ type: 7, source: 2, reason: 6 });
  });

  test('any association request', () => {
    const uid = fc.stringMatching(/^[0-9.]{1,64}$/);
    const title = fc.stringMatching(/^[A-Z0-9_]{1,16}$/);
    const contexts = fc.array(fc.record({ abstractSyntax: uid, transferSyntaxes: fc.array(uid, { maxLength: 5 }) }), { maxLength: 128 });
    fc.assert(
      fc.property(title, title, contexts, fc.nat(), (calledAETitle, callingAETitle, list, maxPDULength) => {
        const request: AssociateRQ = {
          ...rq,
          calledAETitle,
          callingAETitle,
          contexts: list.map((context, index) => ({ id: 2 * index + 1, ...context })),
          userInformation: { ...user, maxPDULength },
        };
        expect(decode(encodeAssociateRQ(request))).toEqual({ type: 1, associateRQ: request });
      }),
      { numRuns: 100 },
    );
  });
});

test('sub-items that nobody knows are skipped', () => {
  const pdu = Buffer.from(encodeAssociateRQ({ ...rq, contexts: [] }));
  const unknown = Buffer.from([0x77, 0, 0, 3, 1, 2, 3]);
  const patched = Buffer.concat([pdu, unknown]);
  expect(decode(patched)).toEqual({ type: 1, associateRQ: { ...rq, contexts: [] } });
});

test('characters that do not belong in an AE title never reach a log', () => {
  const pdu = encodeAssociateRQ({ ...rq, callingAETitle: 'A\n\u001b[31mB' });
  expect(decode(pdu)).toMatchObject({ associateRQ: { callingAETitle: 'A??[31mB' } });
});

test('an item too long for its length field is refused, not cut', () => {
  const userIdentity = { type: 5, primary: new Uint8Array(70_000), secondary: bytes(), positiveResponseRequested: false };
  expect(() => encodeAssociateRQ({ ...rq, userInformation: { ...user, userIdentity } })).toThrow('longer than 65,535');
});

const faults: [string, Uint8Array][] = [
  ['an even presentation context ID', encodeAssociateRQ({ ...rq, contexts: [{ id: 2, abstractSyntax: '1', transferSyntaxes: ['1'] }] })],
  [
    'a presentation context ID twice',
    encodeAssociateRQ({
      ...rq,
      contexts: [
        { id: 1, abstractSyntax: '1', transferSyntaxes: ['1'] },
        { id: 1, abstractSyntax: '2', transferSyntaxes: ['1'] },
      ],
    }),
  ],
  ['a request cut off', encodeAssociateRQ(rq).subarray(0, 200)],
  ['a header cut off', encodeAssociateRQ(rq).subarray(0, 30)],
];
for (const [name, pdu] of faults) {
  test(`${name} is answered with A-ABORT, invalid PDU parameter value`, () => {
    expect(() => decode(pdu)).toThrow(
      expect.objectContaining({ data: expect.objectContaining({ kind: 'protocol', upperLayer: { source: 2, reason: 6 } }) }),
    );
  });
}

/** Reads a stream in chunks of the given lengths; what it saw in a comparable form. */
function read(stream: Uint8Array, cuts: readonly number[], maxPDULength = 0) {
  const seen: unknown[] = [];
  let pdv = Buffer.alloc(0);
  const reader = new PduReader(
    {
      onPData: () => void seen.push('P-DATA-TF'),
      onFragment: (contextId, control, part, ends) => {
        pdv = Buffer.concat([pdv, part]);
        if (ends) {
          seen.push([contextId, control, pdv.toString('hex')]);
          pdv = Buffer.alloc(0);
        }
        return undefined;
      },
      onPdu: (type, body) => void seen.push([type, Buffer.from(body).toString('hex')]),
    },
    maxPDULength,
  );
  let at = 0;
  let turn = 0;
  while (at < stream.length) {
    const length = Math.max(1, cuts[turn++ % Math.max(1, cuts.length)] ?? stream.length);
    // A copy that is overwritten: nothing may be kept as a view.
    const chunk = new Uint8Array(stream.subarray(at, at + length));
    reader.push(chunk);
    chunk.fill(0xee);
    at += length;
  }
  return { seen, insidePdu: reader.insidePdu };
}

function pData(...pdvs: [contextId: number, control: number, data: Uint8Array][]): Uint8Array {
  const items = pdvs.map(([contextId, control, data]) => {
    const item = Buffer.alloc(6 + data.length);
    item.writeUInt32BE(2 + data.length);
    item[4] = contextId;
    item[5] = control;
    item.set(data, 6);
    return item;
  });
  const all = Buffer.concat(items);
  const header = Buffer.alloc(6);
  header[0] = 4;
  header.writeUInt32BE(all.length, 2);
  return Buffer.concat([header, all]);
}

describe('the PDU stream', () => {
  const stream = Buffer.concat([
    encodeAssociateRQ(rq),
    pData([1, 3, bytes(1, 2, 3, 4)], [3, 0, bytes()], [3, 2, bytes(5)]),
    encodeReleaseRQ(),
    encodeAbort(0, 0),
  ]);
  const whole = read(stream, []);

  test('several values in one PDU, empty ones too, are told apart', () => {
    expect(whole.seen.slice(1, 5)).toEqual(['P-DATA-TF', [1, 3, '01020304'], [3, 0, ''], [3, 2, '05']]);
    expect(whole.insidePdu).toBe(false);
  });

  test('reads the same however it is cut', () => {
    expect(read(stream, [1]).seen).toEqual(whole.seen);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 50 }), (cuts) => {
        expect(read(stream, cuts).seen).toEqual(whole.seen);
      }),
    );
  });

  const broken: [string, Uint8Array, number][] = [
    ['an unknown PDU type', bytes(0x09, 0, 0, 0, 0, 4, 0, 0, 0, 0), 1],
    ['a P-DATA-TF PDU without room for a value', bytes(4, 0, 0, 0, 0, 5, 0, 0, 0), 6],
    ['a value longer than its PDU', bytes(4, 0, 0, 0, 0, 8, 0, 0, 0, 5, 1, 3, 0, 0), 6],
    ['a value without its header', bytes(4, 0, 0, 0, 0, 8, 0, 0, 0, 1, 1, 3, 0, 0), 6],
    ['values that do not fill their PDU', bytes(4, 0, 0, 0, 0, 9, 0, 0, 0, 2, 1, 3, 0, 0, 0), 6],
    ['a release of another length', bytes(5, 0, 0, 0, 0, 8, 0, 0, 0, 0), 6],
    ['an association request of 4 GiB', bytes(1, 0, 0xff, 0xff, 0xff, 0xff), 6],
  ];
  for (const [name, pdu, reason] of broken) {
    for (const cut of [0, 1]) {
      test(`${name} is refused with A-ABORT reason ${reason}${cut ? ', byte by byte' : ''}`, () => {
        expect(() => read(pdu, [cut || pdu.length])).toThrow(
          expect.objectContaining({ data: expect.objectContaining({ kind: 'protocol', upperLayer: { source: 2, reason } }) }),
        );
      });
    }
  }

  test('a P-DATA-TF PDU longer than announced is refused at its header', () => {
    const header = new Uint8Array(12);
    writePDataHeader(header, 0, 1, 2, 1000);
    expect(() => read(header, [], 1005)).toThrow('longer than announced');
    expect(() => read(header, [], 1006)).not.toThrow();
  });

  test('what was announced but has not arrived takes no memory', () => {
    const readers = Array.from({ length: 500 }, () => new PduReader({ onPData() {}, onFragment: () => undefined, onPdu() {} }, 0));
    const before = process.memoryUsage().arrayBuffers;
    for (const reader of readers) reader.push(bytes(1, 0, 0, 0x0f, 0xff, 0xff, 1, 2, 3));
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16 << 20);
  });
});

test('whatever bytes come, decoding ends with a PDU or a typed error', () => {
  const seeds = [encodeAssociateRQ(rq), encodeAssociateAC(ac), encodeAbort(0, 0), pData([1, 3, bytes(1, 2)]), encodeReleaseRQ()];
  const mutated = fc
    .tuple(fc.constantFrom(...seeds), fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 8 }), fc.nat())
    .map(([seed, changes, cut]) => {
      const copy = seed.slice(0, 1 + (cut % (2 * seed.length)));
      for (const [at, value] of changes) copy[at % copy.length] = value;
      return copy;
    });
  const anything = fc.oneof(mutated, fc.uint8Array({ maxLength: 300 }));
  fc.assert(
    fc.property(anything, fc.integer({ min: 1, max: 64 }), (stream, cut) => {
      const reader = new PduReader(
        { onPData() {}, onFragment: () => undefined, onPdu: (type, body) => void decodePdu(type, body) },
        65_536,
      );
      try {
        for (let at = 0; at < stream.length; at += cut) reader.push(stream.subarray(at, at + cut));
      } catch (thrown) {
        expect(thrown).toBeInstanceOf(PhosphorError);
        expect(thrown).toMatchObject({ data: { kind: 'protocol' } });
      }
    }),
    { numRuns: 5000 },
  );
});
