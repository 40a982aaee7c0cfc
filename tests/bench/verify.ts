import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { generateSyntheticStudies } from '../../electron/demo/phantom/index.ts';
import { startOurSide } from './our-side.ts';
import { runTool } from './peer-tool.ts';
import { syncDisk } from './receive-data.ts';
import type { Bench, Comparison } from './side-by-side.ts';

const INSTANCES = 1000;

/** All files of an archive hashed and compared with the index, in the page cache, beside `sha256sum` of the same files. */
export const VERIFY_BENCHES: Readonly<Record<string, Bench>> = {
  verify: (folder) => [() => verifyComparison(folder)],
};

async function verifyComparison(folder: string): Promise<Comparison> {
  const shape = {
    patients: 1,
    studiesPerPatient: 1,
    seriesPerStudy: 2,
    instancesPerSeries: INSTANCES / 2,
    rows: 512,
    columns: 512,
    seed: 1,
  };
  generateSyntheticStudies(shape, join(folder, 'files'));
  const us = await startOurSide();
  await us.call('open', { folder });
  await us.call('import', { paths: [join(folder, 'files')] });
  await syncDisk();
  const stored = join(folder, 'archive', 'files');
  const names = (await readdir(stored, { recursive: true })).filter((name) => name.endsWith('.dcm'));
  const files = names.map((name) => join(stored, name));
  if (files.length !== INSTANCES) throw new Error(`${files.length} of ${INSTANCES} instances are in the archive`);
  return {
    name: 'verify',
    against: 'sha256sum',
    ours: async () => {
      const { instances, problems, ...run } = await us.call('verify', {});
      if (instances !== INSTANCES || problems !== 0) throw new Error(`${instances} instances checked, ${problems} problems`);
      return run;
    },
    peer: () => runTool('defaults', 'sha256sum', ...files),
    [Symbol.asyncDispose]: async () => {
      await us.call('close', {});
      await us[Symbol.asyncDispose]();
    },
  };
}
