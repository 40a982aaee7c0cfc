import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { extraFindings } from '../../conformance/extra.ts';
import { geometryFindings } from '../../conformance/geometry.ts';
import { listedDifferences, namedDifferences } from '../../conformance/listed.ts';
import { countFindings, referencePictures, referencePixels, seriesPixels } from '../../conformance/reference.ts';
import { viewFile } from '../../conformance/viewed-file.ts';
import { provideWasmFromPackages } from '../../support/wasm.ts';

const ROOT = process.env.DICOM_TEST_DATA;
const folder = ROOT ?? '';

describe.skipIf(ROOT === undefined)('real files on the way of the viewer', { timeout: 300_000 }, () => {
  beforeAll(provideWasmFromPackages);

  it('decode to the stored values that GDCM and DCMTK give, but for those listed with a reason', async () => {
    const count = await countFindings(referencePixels(folder));
    expect(namedDifferences(count)).toEqual(listedDifferences('pixels'));
    expect(count.equal).toBeGreaterThan(500);
  });

  it('are drawn as DCMTK draws them, but for those listed with a reason', async () => {
    const count = await countFindings(referencePictures(folder));
    expect(namedDifferences(count)).toEqual(listedDifferences('pictures'));
    expect(count.equal + count.within).toBeGreaterThan(500);
  });

  it('of two CT series decode exactly', async () => {
    const count = await countFindings(seriesPixels(folder));
    expect(namedDifferences(count)).toEqual([]);
    expect(count.equal).toBeGreaterThan(150);
  });

  it('lie where others measured them, with the same Hounsfield units at every probe', async () => {
    const count = await countFindings(geometryFindings(folder));
    expect(namedDifferences(count)).toEqual([]);
    expect(count.equal).toBeGreaterThan(30);
  });

  it('that one decoder alone can read are what its twin holds', async () => {
    const count = await countFindings(extraFindings(folder));
    expect(namedDifferences(count)).toEqual([]);
    expect(count.equal).toBeGreaterThan(5);
  });

  it('of 32 bits in big endian hold the values of their little-endian twin', async () => {
    const files = ['rtdose.dcm', 'rtdose_expb.dcm'].map((name) => viewFile(join(folder, 'pydicom/test_files', name)));
    const [little, big] = await Promise.all(files.map((file) => file.stored(0)));
    expect(big?.samples).toEqual(little?.samples);
  });
});
