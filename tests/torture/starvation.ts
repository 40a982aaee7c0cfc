import { readdirSync, readFileSync } from 'node:fs';

/** How finely waiting is looked at. */
const TICK_MS = 100;

/**
 * How long the machine kept processes from working: the time that their threads were ready to run and had no processor (Linux; elsewhere none is
 * known of). A peer or a clock that is late by it is nobody's fault; a thread that is busy with its own work is not kept waiting.
 */
export class Starvation {
  readonly #processes: readonly number[];
  readonly #waited = new Map<string, number>();
  readonly #timer: NodeJS.Timeout;
  #total = 0;

  constructor(processes: readonly number[]) {
    this.#processes = processes;
    this.#look();
    this.#total = 0;
    this.#timer = setInterval(() => this.#look(), TICK_MS);
  }

  /** In all, ms: of each tick the wait of the thread that waited longest. */
  get milliseconds(): number {
    return this.#total;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    let longest = 0;
    for (const pid of this.#processes) {
      for (const [thread, waited] of waits(pid)) {
        const key = `${pid}/${thread}`;
        longest = Math.max(longest, waited - (this.#waited.get(key) ?? waited));
        this.#waited.set(key, waited);
      }
    }
    this.#total += longest;
  }
}

/** Of each thread the time that it waited for a processor, ms. */
function waits(pid: number): (readonly [string, number])[] {
  const folder = `/proc/${pid}/task`;
  try {
    return readdirSync(folder).flatMap((thread) => {
      try {
        const [, nanoseconds] = readFileSync(`${folder}/${thread}/schedstat`, 'latin1').split(' ');
        return [[thread, Number(nanoseconds) / 1e6] as const];
      } catch {
        return [];
      }
    });
  } catch {
    return [];
  }
}
