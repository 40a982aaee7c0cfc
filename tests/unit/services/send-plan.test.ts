import { describe, expect, test } from 'vitest';
import { sendPlan } from '../../../electron/dicom/services/index.ts';

const CT = '1.2.840.10008.5.1.4.1.1.2';
const IMPLICIT = '1.2.840.10008.1.2';
const EXPLICIT = '1.2.840.10008.1.2.1';
const DEFLATED = '1.2.840.10008.1.2.1.99';
const BIG_ENDIAN = '1.2.840.10008.1.2.2';
const JPEG = '1.2.840.10008.1.2.4.70';

const item = (sopClassUID: string, transferSyntaxUID: string) => ({ sopClassUID, transferSyntaxUID });

describe('what a send proposes', () => {
  test('the stored transfer syntax and each uncompressed fall-back, in contexts of one transfer syntax each', () => {
    const [part, ...more] = sendPlan([item(CT, JPEG), item(CT, EXPLICIT), item(CT, JPEG)]);
    expect(more).toEqual([]);
    expect(part?.items).toHaveLength(3);
    const syntaxes = [JPEG, EXPLICIT, IMPLICIT, DEFLATED, BIG_ENDIAN];
    expect(part?.contexts).toEqual(syntaxes.map((uid) => ({ abstractSyntax: CT, transferSyntaxes: [uid] })));
  });

  test('where not every fall-back has room, the default transfer syntax for each SOP class before a second one for any', () => {
    const [part] = sendPlan(Array.from({ length: 60 }, (_, index) => item(`1.2.3.${index}`, JPEG)));
    const proposed = part?.contexts.flatMap(({ transferSyntaxes }) => transferSyntaxes) ?? [];
    const count = (uid: string) => proposed.filter((one) => one === uid).length;
    expect([count(JPEG), count(IMPLICIT), count(EXPLICIT), count(DEFLATED)]).toEqual([60, 60, 8, 0]);
  });

  test('with more than 128 stored forms, further associations, and no instance is lost or sent twice', () => {
    const items = Array.from({ length: 300 }, (_, index) => item(`1.2.3.${index % 150}`, index < 150 ? JPEG : EXPLICIT));
    const parts = sendPlan(items);
    expect(parts.map(({ contexts }) => contexts.length)).toEqual([128, 128, 128]);
    expect(parts.flatMap((part) => part.items)).toHaveLength(300);
    expect(new Set(parts.flatMap((part) => part.items))).toEqual(new Set(items));
    for (const { contexts, items: ofPart } of parts) {
      for (const { sopClassUID, transferSyntaxUID } of ofPart) {
        expect(contexts).toContainEqual({ abstractSyntax: sopClassUID, transferSyntaxes: [transferSyntaxUID] });
      }
    }
  });

  test('an instance goes with those of its kind, whatever comes between', () => {
    const kinds = Array.from({ length: 130 }, (_, index) => item(`1.2.3.${index}`, JPEG));
    const parts = sendPlan([...kinds, item('1.2.3.0', JPEG)]);
    expect(parts.map((part) => part.items.length)).toEqual([129, 2]);
  });

  test('of nothing is no association', () => {
    expect(sendPlan([])).toEqual([]);
  });
});
