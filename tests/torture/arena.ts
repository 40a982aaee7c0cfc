import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { ListenerTLS } from '../../electron/associations/tls-profile.ts';
import { certificateMaker, OPENSSL_MISSING } from '../support/certificates.ts';
import { clocks } from '../support/clocks.ts';
import { freePort } from '../support/free-port.ts';
import { ScriptedPeer } from '../support/scripted-peer.ts';
import { temporaryFolder } from '../support/temporary.ts';
import type { CaseReport } from './archive-arena.ts';
import { Beside, type BesideFigures } from './beside.ts';
import { type Conversation, recordConversations } from './conversations.ts';
import { RawConnection } from './raw-connection.ts';
import { replay } from './replay.ts';
import { Starvation } from './starvation.ts';
import { System } from './system.ts';

/** No case may last longer, whatever is done to it; what the machine kept the system or the torturer waiting for a processor does not count. */
const DEADLINE_MS = 5000;
/** Seconds: all of them so short that a case that hangs is told from one that waits for its clock. */
const CLOCKS = clocks({
  connect: 1.5,
  tlsHandshake: 1.5,
  association: 1.5,
  release: 0.5,
  dimseResponse: 1.5,
  pduReceive: 2,
  writeProgress: 2,
  idle: 2,
  cancelGrace: 0.5,
  retrieveStall: 1,
  retrieveStallThirdParty: 1,
  retrieveTotal: 2,
});
const SAMPLE_MS = 400;
/** Growth of resident memory from the first half of a run to the second. */
const GROWTH = 0.05;
/** Part of a run before the first half begins. */
const WARM_UP = 1 / 3;
/** Descriptors of two threads: the codec worker of each receiving thread starts when the same instance comes in two encodings, and stays. */
const THREAD_DESCRIPTORS = 10;

export interface TortureRun {
  readonly name: string;
  readonly seed: number;
  /** 1 = the full form. */
  readonly scale: number;
  /** Honest peers may be told that there is no room. */
  readonly fillsTheListener?: boolean;
  readonly torture: (arena: Arena) => Promise<void>;
}

export interface Report extends CaseReport {
  /** Time that the machine kept the system or the torturer from working. */
  readonly starvedMs: number;
  readonly memory: { readonly firstMB: number; readonly secondMB: number; readonly peakMB: number };
  readonly descriptors: { readonly before: number; readonly after: number };
  readonly beside: BesideFigures;
}

/** What a torture works with, and what it tells. */
export interface Arena {
  readonly seed: number;
  readonly scale: number;
  readonly folder: string;
  readonly system: System;
  readonly conversations: readonly Conversation[];
  /** Port of a peer that takes connections and says nothing. */
  readonly silentPort: number;
  /** The listener's port for TLS, where there is openssl to make a certificate. */
  readonly securePort: number | undefined;
  /** Runs one case under the deadline and counts its outcome; what it throws is a failure of the torture. */
  attempt(label: string, run: () => Promise<string>): Promise<string>;
  /** So many of something, for the report. */
  count(what: string, by?: number): void;
  fail(what: string): void;
}

/** Sets the stage, runs one torture, and judges what is left. */
export async function runTorture(run: TortureRun): Promise<Report> {
  await using folder = await temporaryFolder(`torture-${run.name}`);
  await using sink = await ScriptedPeer.listen(takeEverything);
  await using silent = await ScriptedPeer.listen(async () => undefined);
  const at = (port: number) => ({ host: '127.0.0.1', port });
  const destinations = { SINK: at(sink.port), SILENT: at(silent.port), NOBODY: at(await freePort()) };
  const tls = OPENSSL_MISSING === undefined ? await ownTLS(folder.path) : undefined;
  const system = await System.start({ folder: folder.path, clocks: CLOCKS, destinations, ...(tls === undefined ? {} : { tls }) });
  try {
    const conversations = await recordConversations(system, folder.path, sink.port);
    const beside = new Beside(system, folder.path, run.fillsTheListener === true);
    await warmUp(system, folder.path, conversations);
    const before = await settledDescriptors(system);
    const starvation = new Starvation(system.pid);
    const starved = starvation.from();
    const { arena, tally } = stage(
      run,
      { folder: folder.path, system, conversations, silentPort: silent.port, securePort: tls?.port },
      starvation,
    );
    const memory = watchMemory(system);
    const started = performance.now();
    beside.start();
    let besideFigures: BesideFigures;
    try {
      await run.torture(arena);
    } finally {
      besideFigures = await beside.stop();
      starvation.stop();
    }
    const seconds = (performance.now() - started) / 1000;
    const samples = await memory.stop();
    const after = await judge(system, before, arena);
    const halves = halvesOf(samples, seconds);
    if (halves.secondMB > halves.firstMB * (1 + GROWTH)) {
      arena.fail(
        `resident memory grew from ${halves.firstMB.toFixed(0)} MB in the first half to ${halves.secondMB.toFixed(0)} MB in the second`,
      );
    }
    const failures = [...tally.failures, ...beside.failures];
    const { name, seed, scale } = run;
    const { cases, outcomes, figures, longestMs, longest } = tally;
    const descriptors = { before: before.length, after: after.length };
    const ok = failures.length === 0;
    return {
      name,
      seed,
      scale,
      seconds,
      cases,
      outcomes,
      figures,
      longestMs,
      longest,
      starvedMs: starved(),
      memory: halves,
      descriptors,
      beside: besideFigures,
      failures,
      ok,
    };
  } finally {
    await system.close();
  }
}

async function ownTLS(folder: string): Promise<ListenerTLS> {
  const { certificate, privateKey } = certificateMaker(folder)('ours');
  return { port: await freePort(), certificate, privateKey, minimumVersion: '1.2', clientCertificates: 'none' };
}

interface Tally {
  cases: number;
  longestMs: number;
  longest: string;
  readonly outcomes: Record<string, number>;
  readonly figures: Record<string, number>;
  readonly failures: string[];
}

function stage(
  { seed, scale }: TortureRun,
  given: Pick<Arena, 'folder' | 'system' | 'conversations' | 'silentPort' | 'securePort'>,
  starvation: Starvation,
): { arena: Arena; tally: Tally } {
  const tally: Tally = { cases: 0, longestMs: 0, longest: '', outcomes: {}, figures: {}, failures: [] };
  const fail = (what: string) => {
    if (tally.failures.length < 50) tally.failures.push(what);
  };
  const attempt = async (label: string, run: () => Promise<string>) => {
    const started = performance.now();
    const starved = starvation.from();
    // Waiting beside a clock that runs delays nothing, so never more than half of it is believed.
    const lasted = () => {
      const elapsed = performance.now() - started;
      return elapsed - Math.min(starved(), elapsed / 2);
    };
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<string>((resolve) => {
      const look = () => {
        const left = DEADLINE_MS - lasted();
        if (left <= 0) resolve('HANG');
        else timer = setTimeout(look, Math.max(left, 100));
      };
      look();
    });
    let outcome: string;
    try {
      outcome = await Promise.race([run(), late]);
    } catch (thrown) {
      outcome = 'FAILED';
      fail(`${label}: ${String(thrown)}`);
    }
    clearTimeout(timer);
    const milliseconds = lasted();
    tally.cases += 1;
    tally.outcomes[outcome] = (tally.outcomes[outcome] ?? 0) + 1;
    if (milliseconds > tally.longestMs) Object.assign(tally, { longestMs: milliseconds, longest: label });
    if (outcome === 'HANG') fail(`${label}: not over after ${DEADLINE_MS} ms`);
    if (/\b(internal|worker-died)\b/.test(outcome)) fail(`${label}: ${outcome}`);
    return outcome;
  };
  const count = (what: string, by = 1) => {
    tally.figures[what] = (tally.figures[what] ?? 0) + by;
  };
  return { arena: { seed, scale, ...given, attempt, count, fail }, tally };
}

/** Every thread is up and every database open before descriptors are counted. */
async function warmUp(system: System, folder: string, conversations: readonly Conversation[]): Promise<void> {
  const port = await freePort();
  const find = conversations.find(({ kind, caller }) => kind === 'find' && caller === 'dcmtk')?.entries ?? [];
  // The first of them start the receiving threads, the others come to each of these.
  for (let round = 0; round < 2; round += 1) {
    await Promise.all(
      [1, 2, 3, 4].map(async (number) => {
        const connection = await RawConnection.open(system.port, `127.0.0.${1 + number}`);
        await replay(connection, find, 'scu', { patienceMs: 5000 });
        connection.reset();
      }),
    );
    await quiet(system);
  }
  await Promise.all([1, 2, 3, 4].map(() => system.call('operate', { kind: 'echo', port })));
  await system.call('manifests', {});
  const beside = new Beside(system, join(folder, 'warm-up'), false);
  beside.start();
  await beside.stop();
}

async function settledDescriptors(system: System): Promise<string[]> {
  await quiet(system);
  return system.descriptors();
}

/** Waits until nothing is open any more; what is left after that is left for good. */
async function quiet(system: System): Promise<string | undefined> {
  const until = performance.now() + 2 * DEADLINE_MS;
  for (;;) {
    const { open, operations } = await system.call('state', {});
    const parts = leftIn(join(system.archive, 'incoming')).filter((name) => name.endsWith('.part'));
    if (open === 0 && operations === 0 && parts.length === 0) return undefined;
    if (performance.now() > until) return `${open} associations and ${operations} operations are open, ${parts.length} temp files are left`;
    await pause(50);
  }
}

async function judge(system: System, before: readonly string[], arena: Arena): Promise<string[]> {
  if (system.ended !== undefined) {
    arena.fail(`the system under test crashed: ${system.ended} ${system.complaints}`);
    return [];
  }
  const open = await quiet(system);
  if (open !== undefined) arena.fail(open);
  await system.call('settle', {});
  for (const [folder, path] of [
    ['incoming/', join(system.archive, 'incoming')],
    ['the temporary folder', system.temporary],
  ] as const) {
    const left = leftIn(path);
    if (left.length > 0) arena.fail(`${left.length} files are left in ${folder}`);
  }
  const { restarts, threadsEnded, refused } = await system.call('state', {});
  if (restarts > 0) arena.fail(`the listener was restarted ${restarts} times`);
  if (threadsEnded > 0) arena.fail(`${threadsEnded} threads ended`);
  if (refused.internal !== undefined) arena.fail(`${refused.internal} C-STOREs ended in an internal error`);
  if (system.complaints !== '') arena.fail(`standard error: ${system.complaints}`);
  let after = system.descriptors();
  for (const until = performance.now() + DEADLINE_MS; after.length > before.length && performance.now() < until; ) {
    await pause(100);
    after = system.descriptors();
  }
  if (after.length > before.length) {
    const more = [...Map.groupBy(after, (link) => link)].flatMap(([link, some]) => {
      const extra = some.length - before.filter((it) => it === link).length;
      return extra > 0 ? [`${extra} × ${link.startsWith('/') ? 'file' : link}`] : [];
    });
    const leaked = after.length - before.length > THREAD_DESCRIPTORS || more.some((link) => /socket|file/.test(link));
    if (leaked) arena.fail(`${after.length - before.length} descriptors more than before: ${more.join(', ')}`);
  }
  return after;
}

function leftIn(folder: string): string[] {
  return readdirSync(folder);
}

interface Sample {
  readonly seconds: number;
  readonly megabytes: number;
}

/** Resident memory again and again, each time after a collection. */
function watchMemory(system: System): { stop(): Promise<Sample[]> } {
  const samples: Sample[] = [];
  const started = performance.now();
  let stopped = false;
  const watching = (async () => {
    while (!stopped && system.ended === undefined) {
      await system.call('collect', {}).catch(() => undefined);
      samples.push({ seconds: (performance.now() - started) / 1000, megabytes: system.residentMB() });
      await pause(SAMPLE_MS);
    }
  })();
  return {
    stop: async () => {
      stopped = true;
      await watching;
      return samples;
    },
  };
}

/** Mean resident memory of the two halves after the warm-up. */
function halvesOf(samples: readonly Sample[], seconds: number): Report['memory'] {
  const begin = seconds * WARM_UP;
  const middle = (begin + seconds) / 2;
  const mean = (some: readonly Sample[]) => some.reduce((sum, { megabytes }) => sum + megabytes, 0) / Math.max(1, some.length);
  return {
    firstMB: mean(samples.filter((sample) => sample.seconds >= begin && sample.seconds < middle)),
    secondMB: mean(samples.filter((sample) => sample.seconds >= middle)),
    peakMB: Math.max(0, ...samples.map(({ megabytes }) => megabytes)),
  };
}

/** A storage SCP that answers every request with success, until the peer has enough. */
async function takeEverything(connection: Parameters<Parameters<typeof ScriptedPeer.listen>[0]>[0]): Promise<void> {
  try {
    connection.acceptAssociate(await connection.readAssociateRQ(), { maxPDULength: 131_072 });
    for (;;) {
      const message = await connection.readMessage();
      connection.respond(message, { status: 0 });
    }
  } catch {
    // A-RELEASE-RQ, A-ABORT or the end of the connection.
    connection.sendPDU(6, Buffer.alloc(4));
    connection.socket.end();
  }
}

/** `work` for 0, 1, 2 … until it says that there is no more, so many at a time. */
export async function inParallel(lanes: number, work: (index: number, lane: number) => Promise<boolean>): Promise<void> {
  let next = 0;
  await Promise.all(
    Array.from({ length: lanes }, async (_, lane) => {
      for (;;) {
        const index = next;
        next += 1;
        if (!(await work(index, lane))) return;
      }
    }),
  );
}
