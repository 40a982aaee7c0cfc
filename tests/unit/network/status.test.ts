import { describe, expect, test } from 'vitest';
import { isPending, Status, statusOf } from '../../../electron/dicom/network/index.ts';
import type { StatusService } from '../../../electron/dicom/network/status.ts';

/** Every documented code, a line each: code (x = any digit), category, words of its meaning, what may come with it. */
const DOCUMENTED: Readonly<Record<string, string>> = {
  // PS3.7 annex C, for every service that has no narrower meaning of its own.
  general: `
    0001 warning | optional attributes |
    0105 failure | No such attribute | attributeIdentifierList
    0106 failure | Invalid attribute value |
    0107 warning | Attribute list error | affectedSOPClassUID affectedSOPInstanceUID attributeIdentifierList
    0110 failure | Processing failure | affectedSOPClassUID affectedSOPInstanceUID errorComment errorID
    0111 failure | Duplicate SOP Instance | affectedSOPInstanceUID
    0112 failure | No such SOP Instance | affectedSOPInstanceUID
    0113 failure | No such event type | affectedSOPClassUID eventTypeID
    0114 failure | No such argument | actionTypeID affectedSOPClassUID eventTypeID
    0115 failure | Invalid argument value | actionTypeID affectedSOPClassUID affectedSOPInstanceUID eventTypeID
    0116 warning | out of range |
    0117 failure | Invalid SOP Instance | affectedSOPInstanceUID
    0118 failure | No such SOP Class | affectedSOPClassUID
    0119 failure | conflict | affectedSOPClassUID affectedSOPInstanceUID
    0120 failure | Missing attribute | attributeIdentifierList
    0121 failure | Missing attribute value |
    0122 failure | SOP Class not supported | errorComment
    0123 failure | No such action type | actionTypeID affectedSOPClassUID
    0124 failure | not authorized | errorComment
    0210 failure | Duplicate invocation |
    0211 failure | Unrecognized operation |
    0212 failure | Mistyped argument |
    0213 failure | Resource limitation |`,
  storage: `
    0000 success | Success |
    A7xx failure | out of resources | errorComment
    A9xx failure | does not match SOP Class | errorComment offendingElements
    Cxxx failure | cannot understand | errorComment offendingElements
    B000 warning | Coercion | errorComment offendingElements
    B006 warning | discarded | errorComment offendingElements
    B007 warning | does not match SOP Class | errorComment offendingElements`,
  find: `
    0000 success | Success |
    A700 failure | out of resources | errorComment
    A900 failure | does not match SOP Class | errorComment offendingElements
    B001 warning | response limit | errorComment
    Cxxx failure | unable to process | errorComment offendingElements
    FE00 cancel | terminated |
    FF00 pending | continuing | identifier
    FF01 pending | optional keys | identifier`,
  worklist: `
    0000 success | Success |
    A700 failure | out of resources | errorComment
    A900 failure | does not match SOP Class | errorComment offendingElements
    Cxxx failure | unable to process | errorComment offendingElements
    FE00 cancel | terminated |
    FF00 pending | continuing | identifier
    FF01 pending | optional keys | identifier`,
  move: `
    0000 success | complete | counts
    A701 failure | number of matches | errorComment
    A702 failure | perform sub-operations | counts failedSOPInstanceUIDs
    A801 failure | destination unknown | errorComment
    A900 failure | does not match SOP Class | errorComment offendingElements
    B000 warning | one or more failures | counts failedSOPInstanceUIDs
    Cxxx failure | unable to process | errorComment offendingElements
    FE00 cancel | terminated | counts failedSOPInstanceUIDs
    FF00 pending | continuing | counts`,
  get: `
    0000 success | complete | counts
    A701 failure | number of matches | errorComment
    A702 failure | perform sub-operations | counts failedSOPInstanceUIDs
    A900 failure | does not match SOP Class | errorComment offendingElements
    B000 warning | one or more failures | counts failedSOPInstanceUIDs
    Cxxx failure | unable to process | errorComment offendingElements
    FE00 cancel | terminated | counts failedSOPInstanceUIDs
    FF00 pending | continuing | counts`,
  verification: '0000 success | Success |',
  'storage-commitment': '0000 success | Success |',
  'n-service': '0000 success | Success |',
};

const SERVICES = Object.keys(DOCUMENTED).filter((name): name is StatusService => name !== 'general');

function linesOf(text: string | undefined): { codes: number[]; category: string; meaning: string; fields: string }[] {
  return (text ?? '')
    .trim()
    .split('\n')
    .map((line) => {
      const [head = '', meaning = '', fields = ''] = line.split('|').map((part) => part.trim());
      const [code = '', category = ''] = head.split(' ');
      const [from, to] = ['0', 'F'].map((digit) => Number.parseInt(code.replaceAll('x', digit), 16));
      return { codes: [...new Set([from ?? 0, ((from ?? 0) + (to ?? 0)) >> 1, to ?? 0])], category, meaning, fields };
    });
}

for (const service of SERVICES) {
  describe(`statuses of ${service}`, () => {
    for (const { codes, category, meaning, fields } of [...linesOf(DOCUMENTED[service]), ...linesOf(DOCUMENTED.general)]) {
      for (const code of codes) {
        test(`${code.toString(16).padStart(4, '0').toUpperCase()} is ${category}: ${meaning}`, () => {
          const known = statusOf(service, code);
          expect(known.category).toBe(category);
          expect(known.meaning).toContain(meaning);
          expect([...known.fields].sort().join(' ')).toBe(fields);
        });
      }
    }
  });
}

test('a code that no table knows is sorted by its class (PS3.7 annex C)', () => {
  const category = (code: number) => statusOf('verification', code);
  expect(category(0xb123)).toMatchObject({ category: 'warning', meaning: 'Unknown status' });
  for (const code of [0x0199, 0x02ff, 0xa123, 0xc001, 0x9999]) {
    expect(category(code)).toMatchObject({ category: 'failure', meaning: 'Unknown status' });
  }
});

test('only the move knows an unknown destination', () => {
  expect(statusOf('get', 0xa801).meaning).toBe('Unknown status');
});

test('only FF00 and FF01 are pending', () => {
  const pending = Array.from({ length: 0x10000 }, (_, code) => code).filter(isPending);
  expect(pending).toEqual([Status.pending, Status.pendingWithWarning]);
});

test('every code that our own code names is documented', () => {
  for (const code of Object.values(Status)) {
    expect(SERVICES.some((service) => statusOf(service, code).meaning !== 'Unknown status')).toBe(true);
  }
});
