import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { generateSyntheticStudies } from '../../electron/demo/phantom/index.ts';
import { freePort } from '../support/free-port.ts';
import { type Orthanc, startOrthanc } from '../support/orthanc.ts';
import { startOurSide } from './our-side.ts';
import { type Nagle, runTool } from './peer-tool.ts';
import { syncDisk } from './receive-data.ts';
import type { Bench, Comparison } from './side-by-side.ts';

const INSTANCES = 500;
/** A workstation has retrieved before: this study goes first, into the same archive and outside the timed part. */
const EARLIER_INSTANCES = 60;

type Way = 'get' | 'move';

/** The same study from the same Orthanc, into our archive (with SHA-256, file and index) and by DCMTK's tool into a folder. */
export const RETRIEVE_BENCHES: Readonly<Record<string, Bench>> = {
  'get-ct': (folder, part) => [() => retrieveComparison('get-ct', folder, 'get', 'no-delay', INSTANCES * part)],
  'move-ct': (folder, part) => [() => retrieveComparison('move-ct', folder, 'move', 'no-delay', INSTANCES * part)],
  'get-ct-default': (folder, part) => [() => retrieveComparison('get-ct-default', folder, 'get', 'defaults', INSTANCES * part)],
  'move-ct-default': (folder, part) => [() => retrieveComparison('move-ct-default', folder, 'move', 'defaults', INSTANCES * part)],
};

async function retrieveComparison(name: string, folder: string, way: Way, nagle: Nagle, wanted: number): Promise<Comparison> {
  const [receiverPort, toolPort] = [await freePort(), await freePort()];
  const { orthanc, study, earlier } = await loadedOrthanc(folder, nagle, wanted);
  await orthanc.setModality('PHOSPHOR', '127.0.0.1', receiverPort);
  await orthanc.setModality('MOVESCU', '127.0.0.1', toolPort);
  const us = await startOurSide();
  const peer = { port: orthanc.dicomPort, calledAETitle: orthanc.aeTitle };
  const target = join(folder, 'tool');
  return {
    name,
    against: way === 'get' ? 'getscu' : 'movescu',
    prepare: async () => {
      const own = join(folder, 'archive');
      await mkdir(target);
      await us.call('open', { folder: own, ...(way === 'move' ? { receiverPort } : {}) });
      await us.call(way, { peer, studyInstanceUID: earlier });
      await syncDisk();
      return {
        [Symbol.asyncDispose]: async () => {
          await us.call('close', {});
          await Promise.all([own, target].map((path) => rm(path, { recursive: true })));
        },
      };
    },
    ours: async () => {
      const { instances, ...run } = await us.call(way, { peer, studyInstanceUID: study });
      if (instances !== wanted) throw new Error(`${instances} of ${wanted} instances stored`);
      return run;
    },
    peer: async () => {
      const run = await runTool(nagle, ...toolCall(way, orthanc, study, target, toolPort));
      const { length } = await readdir(target);
      if (length !== wanted) throw new Error(`${length} of ${wanted} instances retrieved by the tool`);
      return run;
    },
    [Symbol.asyncDispose]: async () => {
      await us[Symbol.asyncDispose]();
      await orthanc.stop();
    },
  };
}

function toolCall(way: Way, orthanc: Orthanc, study: string, target: string, port: number): [string, ...string[]] {
  const keys = ['-S', '-k', '0008,0052=STUDY', '-k', `0020,000d=${study}`];
  const common = ['-aec', orthanc.aeTitle, '-od', target];
  const address = ['127.0.0.1', String(orthanc.dicomPort)];
  if (way === 'get') return ['getscu', ...common, ...keys, ...address];
  return ['movescu', ...common, '-aet', 'MOVESCU', '-aem', 'MOVESCU', '--port', String(port), ...keys, ...address];
}

/** Two studies of 0.5 MB images, loaded once for all rounds. */
async function loadedOrthanc(folder: string, nagle: Nagle, wanted: number): Promise<{ orthanc: Orthanc; study: string; earlier: string }> {
  const orthanc = await startOrthanc({
    folder: join(folder, 'orthanc'),
    noDelay: nagle === 'no-delay',
    configuration: { SyncStorageArea: true },
  });
  const uids: string[] = [];
  for (const [seed, instancesPerSeries] of [wanted, EARLIER_INSTANCES].entries()) {
    const made = join(folder, `made-${seed}`);
    const shape = { patients: 1, studiesPerPatient: 1, seriesPerStudy: 1, instancesPerSeries, rows: 512, columns: 512, seed: seed + 1 };
    const { files, studies } = generateSyntheticStudies(shape, made);
    await orthanc.upload(files);
    await rm(made, { recursive: true });
    uids.push(studies[0]?.studyInstanceUID ?? '');
  }
  return { orthanc, study: uids[0] ?? '', earlier: uids[1] ?? '' };
}
