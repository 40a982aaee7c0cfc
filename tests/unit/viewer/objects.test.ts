import { beforeAll, describe, expect, it } from 'vitest';
import { namedDifferences } from '../../conformance/listed.ts';
import { objectFindings } from '../../conformance/objects.ts';
import { countFindings } from '../../conformance/reference.ts';
import { provideWasmFromPackages } from '../../support/wasm.ts';

const ROOT = process.env.DICOM_TEST_DATA;
const folder = ROOT ?? '';

describe.skipIf(ROOT === undefined)('objects that are no pictures', () => {
  beforeAll(provideWasmFromPackages);

  it('hold the waves, contours, doses, documents and reports that others read in them', async () => {
    const count = await countFindings(objectFindings(folder));
    expect(namedDifferences(count)).toEqual([]);
    expect(count.equal).toBeGreaterThan(10);
  });
});
