import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { generateSyntheticStudies } from '../../electron/demo/phantom/index.ts';
import { type DcmtkServer, startStorescp } from '../support/dcmtk.ts';
import { startOrthanc } from '../support/orthanc.ts';
import { startOurSide } from './our-side.ts';
import { type Nagle, runTool } from './peer-tool.ts';
import { syncDisk } from './receive-data.ts';
import type { Bench, Comparison } from './side-by-side.ts';

const INSTANCES = 500;

/** The same files sent by us and by storescu to the same receiver, which is emptied in between. */
export const SEND_BENCHES: Readonly<Record<string, Bench>> = {
  'send-ct': (folder, part) => bothReceivers('send-ct', folder, 'no-delay', INSTANCES * part),
  'send-ct-default': (folder, part) => bothReceivers('send-ct-default', folder, 'defaults', INSTANCES * part),
};

function bothReceivers(name: string, folder: string, nagle: Nagle, count: number): ReturnType<Bench> {
  return [
    () => sendComparison(`${name}:storescp`, folder, nagle, count, startEmptyingStorescp),
    () => sendComparison(`${name}:orthanc`, folder, nagle, count, startEmptyingOrthanc),
  ];
}

interface EmptyingReceiver extends AsyncDisposable {
  readonly port: number;
  readonly aeTitle: string;
  /** The number of instances it held; it holds none then. */
  empty(): Promise<number>;
}

type StartReceiver = (folder: string, nagle: Nagle) => Promise<EmptyingReceiver>;

async function sendComparison(name: string, folder: string, nagle: Nagle, count: number, start: StartReceiver): Promise<Comparison> {
  const own = join(folder, name.replace(':', '-'));
  const shape = { patients: 1, studiesPerPatient: 1, seriesPerStudy: 1, instancesPerSeries: count, rows: 512, columns: 512, seed: 1 };
  const { files } = generateSyntheticStudies(shape, join(own, 'files'));
  const receiver = await start(join(own, 'receiver'), nagle);
  const us = await startOurSide();
  const peer = { port: receiver.port, calledAETitle: receiver.aeTitle };
  const emptied = async () => {
    const held = await receiver.empty();
    if (held !== count) throw new Error(`${held} of ${count} instances received`);
    await syncDisk();
  };
  return {
    name,
    against: 'storescu',
    ours: async () => {
      const { instances, ...run } = await us.call('send', { peer, files });
      if (instances !== count) throw new Error(`${instances} of ${count} instances sent`);
      await emptied();
      return run;
    },
    peer: async () => {
      const run = await runTool(nagle, 'storescu', '-aec', peer.calledAETitle, '127.0.0.1', String(peer.port), ...files);
      await emptied();
      return run;
    },
    [Symbol.asyncDispose]: async () => {
      await us[Symbol.asyncDispose]();
      await receiver[Symbol.asyncDispose]();
      await rm(own, { recursive: true });
    },
  };
}

async function startEmptyingStorescp(folder: string, nagle: Nagle): Promise<EmptyingReceiver> {
  const target = join(folder, 'in');
  await mkdir(folder, { recursive: true });
  // As a service that several callers may use at once, as every archive is.
  const server: DcmtkServer = await startStorescp(target, { args: ['--fork'], noDelay: nagle === 'no-delay' });
  return {
    port: server.port,
    aeTitle: server.aeTitle,
    empty: async () => {
      const files = await readdir(target);
      await Promise.all(files.map((file) => rm(join(target, file))));
      return files.length;
    },
    [Symbol.asyncDispose]: () => server.stop(),
  };
}

async function startEmptyingOrthanc(folder: string, nagle: Nagle): Promise<EmptyingReceiver> {
  const orthanc = await startOrthanc({ folder, noDelay: nagle === 'no-delay', configuration: { SyncStorageArea: true } });
  return {
    port: orthanc.dicomPort,
    aeTitle: orthanc.aeTitle,
    empty: async () => {
      const { instances } = await orthanc.statistics();
      const patients = (await (await fetch(`${orthanc.url}/patients`)).json()) as string[];
      for (const patient of patients) await fetch(`${orthanc.url}/patients/${patient}`, { method: 'DELETE' });
      return instances;
    },
    [Symbol.asyncDispose]: () => orthanc.stop(),
  };
}
