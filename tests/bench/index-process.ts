import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Archive, openArchive } from '../../electron/archive/index.ts';
import { openForWriting } from '../../electron/archive/index-database.ts';
import { IndexFeed } from '../../electron/archive/index-feed.ts';
import { IndexStore } from '../../electron/archive/index-store.ts';
import type { CommandArgs } from '../../shared/contract/index.ts';
import { leaveInFlight } from '../support/in-flight.ts';
import { writeSeries } from '../support/instances.ts';
import { generatedEntry, INSTANCES_OF_STUDY } from './generated-entries.ts';
import type { IndexTasks } from './index-messages.ts';
import { watchCost } from './process-cost.ts';
import { SEARCHES } from './searches.ts';

// The archive with its threads, as a workstation has it, in a process of its own: told by the bench what to do, measured as a whole.

type Tasks = { [Name in keyof IndexTasks]: (args: IndexTasks[Name]['args']) => Promise<IndexTasks[Name]['result']> };

const PORTION = 100_000;
const BUILD_BATCH = 5_000;
/** A fast retrieve. */
const WRITTEN_PER_SECOND = 1_000;
const SEARCH_ROUNDS = 12;
/** In a part of the archive so small that its figures say nothing anyway. */
const FEW_ROUNDS = 3;
const FEW_INSTANCES = 100_000;
/** Instances that stand in the journal of the index only. */
const JOURNALED = 5_000;

const tasks: Tasks = {
  async 'index-insert'({ folder, instances }) {
    const archive = await opened(folder, true);
    const feed = new IndexFeed(archive.arrivalPort(), 'bench');
    const seconds: number[] = [];
    const portion = Math.min(PORTION, instances / 2);
    for (let n = 0; n < instances; ) {
      const started = performance.now();
      for (const end = n + portion; n < end; n += 1) {
        feed.send(generatedEntry(n));
        await feed.room();
      }
      seconds.push((performance.now() - started) / 1000);
    }
    const rest = performance.now();
    await feed.close();
    const total = seconds.reduce((sum, one) => sum + one, (performance.now() - rest) / 1000);
    const { instances: indexed } = await archive.stats();
    if (indexed !== instances) throw new Error(`${indexed} of ${instances} instances are in the index`);
    await archive.close();
    const rate = (one: number | undefined): number => Math.round(portion / (one ?? Number.NaN));
    return { instances, perSecond: Math.round(instances / total), firstPerSecond: rate(seconds[0]), lastPerSecond: rate(seconds.at(-1)) };
  },

  async 'fill-index'({ folder, instances }) {
    await (await opened(folder, false)).close();
    buildIndex(folder, instances);
    return {};
  },

  async 'search-1M'({ folder, instances }) {
    const archive = await opened(folder, false);
    const stop = new AbortController();
    const writing = write(archive, instances, stop.signal);
    const times = new Map<string, number[]>();
    for (let round = 0; round < (instances < FEW_INSTANCES ? FEW_ROUNDS : SEARCH_ROUNDS); round += 1) {
      for (const { kind, args } of SEARCHES(round, instances / INSTANCES_OF_STUDY)) {
        const started = performance.now();
        await archive.search(args);
        times.set(kind, [...(times.get(kind) ?? []), performance.now() - started]);
      }
    }
    stop.abort();
    const writtenPerSecond = await writing;
    const { studies, instances: held } = await archive.stats();
    await archive.close();
    const all = [...times.values()].flat();
    const kinds = Object.fromEntries([...times].map(([kind, list]) => [kind, rounded(percentile(list, 0.95))]));
    return {
      studies,
      instances: held,
      writtenPerSecond,
      p50Ms: rounded(percentile(all, 0.5)),
      p95Ms: rounded(percentile(all, 0.95)),
      maxMs: rounded(Math.max(...all)),
      kinds,
    };
  },

  async 'leave-killed'({ folder, instances, inFlight }) {
    const archive = await opened(folder, true);
    const { location } = archive;
    await archive.close();
    buildIndex(folder, instances);
    await leaveInFlight(location, { study: '1.2.826.0.1.3680043.10.97', count: inFlight, size: 272 });
    const { database } = openForWriting(join(folder, 'index.db'));
    new IndexStore(database, () => false).apply(Array.from({ length: JOURNALED }, (_, n) => generatedEntry(instances + n)));
    process.kill(process.pid, 'SIGKILL');
    return new Promise<never>(() => {});
  },

  async 'start-1M'({ folder, instances, inFlight }) {
    const times: number[] = [];
    for (let round = 0; round < 2; round += 1) {
      const started = performance.now();
      const archive = await opened(folder, true);
      const { total } = await archive.search({
        query: { studyInstanceUID: '1.2.826.0.1.3680043.10.97' },
        sort: { by: 'studyDate', descending: true },
        offset: 0,
        limit: 1,
      });
      times.push(performance.now() - started);
      await archive.settled();
      const { instances: held } = await archive.stats();
      if (total !== 1 || held !== instances + JOURNALED + inFlight) throw new Error(`${held} instances after the start`);
      await archive.close();
    }
    const [ms = Number.NaN, cleanMs = Number.NaN] = times;
    return { instances, inFlight, ms: rounded(ms), cleanMs: rounded(cleanMs) };
  },

  async 'open-5000'({ folder, slices }) {
    const study = '1.2.826.0.1.3680043.10.98';
    await writeSeries(join(folder, 'in'), { study, count: slices, size: 32 });
    const importing = await opened(folder, false);
    const job = importing.import([join(folder, 'in')]);
    job.onItems(() => job.acknowledge(1));
    await job.done;
    await importing.settled();
    const args: CommandArgs<'archive.manifest'> = { studyInstanceUID: study, seriesInstanceUID: `${study}.1` };
    // Described once, as it is soon after the arrival.
    await importing.manifest(args);
    await importing.settled();
    await delay(1_000);
    await importing.close();
    await forgetPeak();
    const archive = await opened(folder, false);
    // Until all its threads run: how long a start takes is another figure.
    await archive.settled();
    const times: number[] = [];
    let characters = 0;
    for (let round = 0; round < 8; round += 1) {
      const started = performance.now();
      const manifest = await archive.manifest(args);
      characters = JSON.stringify(manifest).length;
      times.push(performance.now() - started);
      if (manifest?.instances.length !== slices) throw new Error(`${manifest?.instances.length} of ${slices} slices`);
    }
    await archive.close();
    const [coldMs = Number.NaN, ...warm] = times;
    return { slices, ms: rounded(percentile(warm, 0.5)), coldMs: rounded(coldMs), megabytes: rounded(characters / 1e6) };
  },
};

function opened(folder: string, durable: boolean): Promise<Archive> {
  return openArchive({ directory: join(folder, 'archive'), databases: folder, durable });
}

/** The index of a large archive, written in large portions. */
function buildIndex(folder: string, instances: number): void {
  const { database } = openForWriting(join(folder, 'index.db'));
  database.exec('PRAGMA synchronous = OFF; PRAGMA cache_size = -100000; PRAGMA wal_autocheckpoint = 100000');
  const store = new IndexStore(database, () => false);
  for (let n = 0; n < instances; n += BUILD_BATCH) {
    store.apply(Array.from({ length: Math.min(BUILD_BATCH, instances - n) }, (_, i) => generatedEntry(n + i)));
  }
  database.close();
}

/** Instances of further studies, as a retrieve brings them. Resolves with how many a second came in. */
async function write(archive: Archive, from: number, signal: AbortSignal): Promise<number> {
  const feed = new IndexFeed(archive.arrivalPort(), 'bench');
  const started = performance.now();
  let n = from;
  while (!signal.aborted) {
    const due = from + ((performance.now() - started) / 1000) * WRITTEN_PER_SECOND;
    while (n < due) {
      feed.send(generatedEntry(n));
      n += 1;
    }
    await feed.room();
    await delay(5);
  }
  const seconds = (performance.now() - started) / 1000;
  await feed.close();
  return Math.round((n - from) / seconds);
}

/** What the preparation took is given back before what is measured begins. */
async function forgetPeak(): Promise<void> {
  globalThis.gc?.();
  await watchCost(process.pid);
}

function percentile(list: readonly number[], share: number): number {
  const sorted = [...list].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

const rounded = (value: number): number => Math.round(value * 100) / 100;

const [{ name, args }] = (await once(process, 'message')) as [{ name: keyof IndexTasks; args: never }];
try {
  const cost = await watchCost(process.pid);
  const result = await tasks[name](args);
  const { peakMB } = await cost();
  process.send?.({ result: { ...result, peakMB: Math.round(peakMB) } });
} catch (thrown) {
  process.send?.({ error: thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown) });
}
process.disconnect();
