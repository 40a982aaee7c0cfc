import { createHash } from 'node:crypto';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { locateInstance } from '../../electron/archive/index.ts';
import { type AssociationPool, createAssociationPool, type SentInstance } from '../../electron/associations/index.ts';
import { readPart10Meta } from '../../electron/dicom/dataset/index.ts';
import { clocks } from '../support/clocks.ts';
import { writeSeries } from '../support/instances.ts';
import type { System } from './system.ts';

export interface BesideFigures {
  readonly instances: number;
  readonly echoes: number;
  /** Association, C-STOREs of one series and release, per instance, ms. */
  readonly storeMs: Spread;
  /** C-ECHO-RQ to its response, ms. */
  readonly echoMs: Spread;
  /** Refused for want of room and tried again (only where a torture fills the listener). */
  readonly triedAgain: number;
}

type Failure = Extract<Awaited<ReturnType<AssociationPool['echo']>['done']>, { ok: false }>;

interface Spread {
  readonly median: number;
  readonly p99: number;
  readonly max: number;
}

const BATCH = 8;

/**
 * The honest peer beside the torture: series after series and one echo a second, over a pool in this process. Every instance must be
 * acknowledged and stand in the archive with the bytes that were sent.
 */
export class Beside {
  readonly failures: string[] = [];
  readonly #system: System;
  readonly #folder: string;
  readonly #retryWhenFull: boolean;
  readonly #pool = createAssociationPool({ workers: 1 });
  readonly #store: number[] = [];
  readonly #echo: number[] = [];
  #instances = 0;
  #triedAgain = 0;
  #stopped = false;
  #done: Promise<unknown> = Promise.resolve();

  /** @param retryWhenFull being turned away for want of room is allowed, and answered by asking again */
  constructor(system: System, folder: string, retryWhenFull: boolean) {
    this.#system = system;
    this.#folder = folder;
    this.#retryWhenFull = retryWhenFull;
  }

  start(): void {
    this.#done = Promise.all([this.#storeOnAndOn(), this.#echoEverySecond()]);
  }

  async stop(): Promise<BesideFigures> {
    this.#stopped = true;
    await this.#done;
    await this.#pool.close();
    return {
      instances: this.#instances,
      echoes: this.#echo.length,
      storeMs: spread(this.#store),
      echoMs: spread(this.#echo),
      triedAgain: this.#triedAgain,
    };
  }

  async #storeOnAndOn(): Promise<void> {
    for (let round = 1; !this.#stopped; round += 1) {
      const folder = join(this.#folder, `beside-${round}`);
      await mkdir(folder, { recursive: true });
      const instances = await writeSeries(folder, { study: `1.2.826.0.1.5.${round}`, count: BATCH, size: round % 8 === 0 ? 512 : 96 });
      const sent: SentInstance[] = [];
      const started = performance.now();
      await this.#until('C-STORE', async () => {
        sent.length = 0;
        const request = {
          ...this.#peer(),
          files: instances.map(({ path }) => path),
          onSent: (some: SentInstance[]) => void sent.push(...some),
        };
        return await this.#pool.store(request).done;
      });
      this.#store.push((performance.now() - started) / BATCH);
      for (const { path, sopInstanceUID } of instances) {
        const status = sent.find((instance) => instance.path === path)?.status;
        if (status === 0) this.#instances += 1;
        else this.#fail(`an instance was answered with ${status?.toString(16) ?? 'nothing'}`);
        if (status === 0 && !(await this.#isStored(path, sopInstanceUID)))
          this.#fail('an acknowledged instance is not in the archive as it was sent');
      }
      await rm(folder, { recursive: true });
      await pause(200);
    }
  }

  async #echoEverySecond(): Promise<void> {
    while (!this.#stopped) {
      await this.#until('C-ECHO', async () => {
        const result = await this.#pool.echo(this.#peer()).done;
        if (result.ok) this.#echo.push(result.latencyMs);
        return result;
      });
      await pause(1000);
    }
  }

  async #until(what: string, attempt: () => Promise<{ readonly ok: true } | Failure>): Promise<void> {
    const started = performance.now();
    for (;;) {
      const result = await attempt();
      if (result.ok) return;
      const mayRetry = this.#retryWhenFull && performance.now() - started < 30_000;
      if (!mayRetry) return this.#fail(`${what}: ${result.error.kind} ${result.error.message}`);
      this.#triedAgain += 1;
      await pause(50);
    }
  }

  async #isStored(path: string, sopInstanceUID: string): Promise<boolean> {
    const location = { directory: this.#system.archive, databases: '', durable: false };
    try {
      return (await dataSetHash(path)) === (await dataSetHash(locateInstance(location, sopInstanceUID)));
    } catch {
      return false;
    }
  }

  #peer() {
    const peer = { host: '127.0.0.1', port: this.#system.port, calledAETitle: 'PHOSPHOR', callingAETitle: 'BESIDE' };
    return { peer, clocks: clocks() };
  }

  #fail(what: string): void {
    if (this.failures.length < 20) this.failures.push(`beside: ${what}`);
  }
}

async function dataSetHash(path: string): Promise<string> {
  const bytes = await readFile(path);
  return createHash('sha256')
    .update(bytes.subarray(readPart10Meta(bytes).dataSetOffset))
    .digest('hex');
}

function spread(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (fraction: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * fraction))] ?? 0;
  return { median: at(0.5), p99: at(0.99), max: sorted.at(-1) ?? 0 };
}
