import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { provideWasmFromPackages } from '../support/wasm.ts';
import { characterSetFindings, importFindings } from './archive-tables.ts';
import { startChromiumViewer } from './chromium-viewer.ts';
import { extraFindings } from './extra.ts';
import { geometryFindings } from './geometry.ts';
import { objectFindings } from './objects.ts';
import { type Count, countFindings, type Finding } from './reference.ts';

const USAGE = 'npm run conformance -- --data DIR [--json]: DIR holds images and tables such as REFERENCE.tsv\n';

/** Compares what the viewer and the archive make of a folder of images with its tables. Resolves with the exit code: 0 when nothing differs and nothing is refused. */
export async function conformance(): Promise<number> {
  const { values } = parseArgs({ options: { data: { type: 'string' }, json: { type: 'boolean' } } });
  const folder = values.data;
  if (folder === undefined || !existsSync(folder)) {
    process.stderr.write(USAGE);
    return 1;
  }
  provideWasmFromPackages();
  const viewer = await startChromiumViewer();
  try {
    const tables: readonly (readonly [name: string, findings: () => AsyncIterable<Finding>])[] = [
      ['pixels', () => viewer.pixels(folder, 'REFERENCE.tsv', ['gdcm_pixels_sha256', 'dcmtk_pixels_sha256'])],
      ['pictures', () => viewer.pictures(folder)],
      ['series', () => viewer.pixels(folder, 'SERIES-REFERENCE.tsv', ['decoded_sha256'])],
      ['extra', () => extraFindings(folder)],
      ['objects', () => objectFindings(folder)],
      ['geometry', () => geometryFindings(folder)],
      ['import', () => importFindings(folder)],
      ['character sets', () => characterSetFindings(folder)],
    ];
    let failed = false;
    for (const [name, findings] of tables) {
      const count = await countFindings(findings());
      failed ||= count.different.length + count.refused.length > 0;
      process.stdout.write(values.json === true ? `${JSON.stringify({ table: name, ...count })}\n` : `${lineOf(name, count)}\n`);
    }
    return failed ? 2 : 0;
  } finally {
    await viewer.close();
  }
}

function lineOf(name: string, { files, equal, within, different, refused }: Count): string {
  const names = (findings: readonly Finding[]) =>
    findings.length === 0 ? '' : ` (${findings.map((finding) => `${finding.name}: ${finding.outcome.detail}`).join('; ')})`;
  return `${name}: ${files} files, ${equal} equal, ${within} within tolerance, ${different.length} different${names(different)}, ${refused.length} refused${names(refused)}`;
}
