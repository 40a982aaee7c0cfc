import { readdirSync, readFileSync } from 'node:fs';

/** How finely waiting is looked at. */
const TICK_MS = 100;

/** Of each thread the time that it has waited for a processor, ms. */
type Waits = ReadonlyMap<string, number>;

/**
 * How long the machine kept the system under test and its torturer from working: the time that a thread was ready to run and had no processor (Linux;
 * elsewhere none is known of). A peer or a clock that is late by it is nobody's fault; a thread that is busy with its own work is not kept waiting.
 */
export class Starvation {
  readonly #system: number;
  readonly #timer: NodeJS.Timeout;
  #theirs: Waits;
  #ours: Waits;

  constructor(system: number) {
    this.#system = system;
    this.#theirs = waitsOf(system);
    this.#ours = waitsOf(process.pid);
    this.#timer = setInterval(() => {
      this.#theirs = waitsOf(system);
      this.#ours = waitsOf(process.pid);
    }, TICK_MS);
  }

  /** What to call to learn how long it has been since now, ms: the wait of the system's thread that waited longest, and of the torturer's own. */
  from(): () => number {
    const [theirs, ours] = [this.#theirs, this.#ours];
    const own = String(process.pid);
    return () => {
      const longest = Math.max(0, ...[...this.#theirs].map(([thread, waited]) => waited - (theirs.get(thread) ?? waited)));
      return longest + (this.#ours.get(own) ?? 0) - (ours.get(own) ?? 0);
    };
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#theirs = waitsOf(this.#system);
    this.#ours = waitsOf(process.pid);
  }
}

function waitsOf(pid: number): Waits {
  const folder = `/proc/${pid}/task`;
  const waits = new Map<string, number>();
  try {
    for (const thread of readdirSync(folder)) {
      const [, nanoseconds] = readFileSync(`${folder}/${thread}/schedstat`, 'latin1').split(' ');
      waits.set(thread, Number(nanoseconds) / 1e6);
    }
  } catch {
    // A thread that has just ended, or no such thing here.
  }
  return waits;
}
