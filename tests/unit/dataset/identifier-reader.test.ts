import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  Dataset,
  decodeDataset,
  encodeDataset,
  IdentifierReader,
  type IdentifierValues,
  Tag,
} from '../../../electron/dicom/dataset/index.ts';

const SYNTAXES = {
  implicit: '1.2.840.10008.1.2',
  explicit: '1.2.840.10008.1.2.1',
  'big endian': '1.2.840.10008.1.2.2',
} as const;

const ASKED = [
  Tag.SpecificCharacterSet,
  Tag.StudyDate,
  Tag.AccessionNumber,
  Tag.ModalitiesInStudy,
  Tag.ReferringPhysicianName,
  Tag.StudyDescription,
  Tag.PatientName,
  Tag.PatientID,
  Tag.StudyInstanceUID,
  Tag.NumberOfStudyRelatedInstances,
  Tag.SeriesNumber,
  Tag.Rows,
  0x00081110,
];

function valuesOf(identifier: IdentifierValues) {
  return ASKED.map((tag) => ({
    tag,
    string: identifier.string(tag),
    strings: identifier.strings(tag),
    uid: identifier.uid(tag),
    number: identifier.number(tag),
    name: identifier.personName(tag),
  }));
}

/** By both readers. */
function bothWays(bytes: Uint8Array, syntax: string) {
  const read = (by: () => IdentifierValues) => {
    try {
      return valuesOf(by());
    } catch (error) {
      return String(error);
    }
  };
  return { quick: read(() => new IdentifierReader(syntax).read(bytes)), whole: read(() => decodeDataset(bytes, syntax)) };
}

const text = fc.oneof(
  fc.string({ maxLength: 20 }),
  fc.constantFrom('', ' ', '  CT  ', 'CT\\SR', '\\', 'Doe^Jane ', 'Åström^Göran', '山田^太郎', 'a=b=c', '^^', 'x\0\0', '12 ', ' 7', '1e3'),
);

const identifiers = fc.record({
  SpecificCharacterSet: fc.constantFrom(
    '',
    'ISO_IR 100',
    'ISO_IR 192',
    'ISO_IR 13',
    '\\ISO 2022 IR 87',
    'ISO-IR 100',
    'ISO_IR 144',
    'nonsense',
  ),
  StudyDate: text,
  AccessionNumber: text,
  ModalitiesInStudy: text,
  ReferringPhysicianName: text,
  StudyDescription: text,
  PatientName: text,
  PatientID: text,
  StudyInstanceUID: text,
  NumberOfStudyRelatedInstances: text,
  SeriesNumber: text,
  Rows: fc.nat(65_535),
  ReferencedStudySequence: fc.constantFrom([], [Dataset.of({ PatientID: 'inside' })]),
});

describe.each(Object.entries(SYNTAXES))('an identifier in %s', (_, syntax) => {
  test('gives the values that the whole reader gives, whatever they are', () => {
    fc.assert(
      fc.property(identifiers, (values) => {
        const { quick, whole } = bothWays(encodeDataset(Dataset.of(values), syntax), syntax);
        expect(quick).toEqual(whole);
      }),
      { numRuns: 400, seed: 7 },
    );
  });

  test('gives them also when bytes of it are wrong; a broken sequence that nobody asks for spoils nothing', () => {
    fc.assert(
      fc.property(identifiers, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 3 }), (values, flips) => {
        const bytes = encodeDataset(Dataset.of(values), syntax).slice();
        for (const [at, byte] of flips) bytes[at % bytes.length] = byte;
        const { quick, whole } = bothWays(bytes, syntax);
        if (typeof whole !== 'string' || typeof quick === 'string') expect(quick).toEqual(whole);
      }),
      { numRuns: 1500, seed: 11 },
    );
  });
});

test('one reader serves many identifiers: nothing of one is left in the next', () => {
  const reader = new IdentifierReader(SYNTAXES.explicit);
  const encode = (values: Parameters<typeof Dataset.of>[0]) => encodeDataset(Dataset.of(values), SYNTAXES.explicit);
  expect(reader.read(encode({ SpecificCharacterSet: 'ISO_IR 13', PatientID: 'A', StudyDescription: 'Head' })).string(Tag.PatientID)).toBe(
    'A',
  );
  const second = reader.read(encode({ PatientID: 'B' }));
  expect([second.string(Tag.PatientID), second.string(Tag.StudyDescription), second.strings(Tag.SpecificCharacterSet)]).toEqual([
    'B',
    '',
    [],
  ]);
});

describe('the character set of a node', () => {
  const name = Buffer.from([0xb8, 0xd2, 0xd0, 0xdd, 0xde, 0xd2]); // Иванов by ISO 8859-5
  const answer = (declared: string | undefined): Uint8Array => {
    const dataset = Dataset.of({ PatientName: 'PLACE1' });
    if (declared !== undefined) dataset.set('SpecificCharacterSet', declared);
    const bytes = Buffer.from(encodeDataset(dataset, SYNTAXES.explicit));
    name.copy(bytes, bytes.indexOf('PLACE1'));
    return bytes;
  };
  const by = (bytes: Uint8Array, fallback: string) => [
    new IdentifierReader(SYNTAXES.explicit, {}, fallback).read(bytes).string(Tag.PatientName),
    decodeDataset(bytes, SYNTAXES.explicit, {}, fallback).string(Tag.PatientName),
  ];

  test.each([undefined, '', 'ISO_IR 6', 'ISO_IR 999', 'CYRILLIC'])('reads what declares %j', (declared) => {
    expect(by(answer(declared), 'ISO_IR 144')).toEqual(['Иванов', 'Иванов']);
  });

  test.each(['ISO_IR 100', 'ISO 2022 IR 6\\ISO 2022 IR 100', 'ISO 8859-1'])('leaves alone what declares %j', (declared) => {
    expect(by(answer(declared), 'ISO_IR 144')).toEqual(by(answer(declared), ''));
  });
});
