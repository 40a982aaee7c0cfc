import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { generateSyntheticStudies } from '../../electron/demo/phantom/index.ts';
import { startOrthanc } from '../support/orthanc.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { phosphor } from '../support/workstation.ts';
import { type Latency, latency, latencyOf, openViewerBench } from './viewer-page.ts';

const LOCAL = 200;
/** Inputs between two looks at whether the retrieve goes on; those during which it ended do not count. */
const AT_ONCE = 5;
/** Inputs before it scrolls back. */
const WAY = 20;

/** Scrolling through a series that is loaded while the workstation stores what a PACS sends it as fast as it can. */
export async function scrollWhileRetrieving(instances: number): Promise<object> {
  await using folder = await temporaryFolder('bench-viewer');
  const shape = { patients: 1, studiesPerPatient: 1, seriesPerStudy: 1, rows: 512, columns: 512 };
  const here = join(folder.path, 'here');
  generateSyntheticStudies({ ...shape, instancesPerSeries: LOCAL, seed: 23 }, here);
  const there = generateSyntheticStudies({ ...shape, instancesPerSeries: instances, seed: 24 }, join(folder.path, 'there'));
  const orthanc = await startOrthanc({ folder: join(folder.path, 'orthanc'), noDelay: true });
  try {
    await orthanc.upload(there.files);
    await using bench = await openViewerBench(folder.path, here);
    const { page, profile } = bench;
    await orthanc.setModality('PHOSPHOR', '127.0.0.1', bench.port);
    const node = ['--host', '127.0.0.1', '--port', String(orthanc.dicomPort), '--ae', orthanc.aeTitle];
    const added = await phosphor(['node', 'add', 'MAIN', ...node, '--profile', profile]);
    if (added.code !== 0) throw new Error(`phosphor node add: ${added.stderr}`);
    await page.locator('.study-row').first().dblclick();
    await page.waitForFunction(`document.querySelector('.viewer-pane')?.dataset.loaded === '${LOCAL}'`, undefined, { timeout: 60_000 });
    await page.locator('.viewer-pane').first().hover();
    const study = there.studies[0]?.studyInstanceUID ?? '';
    const retrieving = phosphor(['retrieve', 'MAIN', '--study', study, '--profile', profile]);
    let going = true;
    const ended = retrieving.finally(() => {
      going = false;
    });
    while (going && (await stored(profile)) <= LOCAL) await delay(20);
    const started = { at: performance.now(), stored: await stored(profile) };
    let last = { at: started.at, stored: started.stored };
    const times: Latency['times'][number][] = [];
    for (let notches = 0; going; notches += AT_ONCE) {
      const way = notches % (2 * WAY) < WAY ? 100 : -100;
      const scroll = await latencyOf(page, 1, AT_ONCE, () => page.mouse.wheel(0, way));
      if (!going) break;
      times.push(...scroll.times);
      last = { at: performance.now(), stored: await stored(profile) };
    }
    const { code, stderr } = await ended;
    if (code !== 0) throw new Error(`phosphor retrieve: ${stderr}`);
    if (times.length === 0) throw new Error('the retrieve was over before anything was scrolled');
    const { p50, p95, pageP95 } = latency(times);
    const rounded = (value: number) => Math.round(10 * value) / 10;
    return {
      'scroll.p50': rounded(p50),
      'scroll.p95': rounded(p95),
      'scroll.pageP95': rounded(pageP95),
      inputs: times.length,
      instancesPerSecond: Math.round((last.stored - started.stored) / ((last.at - started.at) / 1000)),
    };
  } finally {
    await orthanc.stop();
  }
}

async function stored(profile: string): Promise<number> {
  return (await readdir(join(profile, 'archive'), { recursive: true })).filter((path) => path.endsWith('.dcm')).length;
}
