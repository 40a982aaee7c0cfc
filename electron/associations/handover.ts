import { Socket } from 'node:net';
import { MessageChannel, type MessagePort, receiveMessageOnPort } from 'node:worker_threads';

// Connections on their way from the thread that has the port to the threads beside it (docs/adr/0009-several-receiving-threads.md).

/** The port's thread → a thread beside it. */
export type ToThreadBeside =
  | { readonly type: 'connection'; readonly id: string; readonly address: string; readonly socket: Socket }
  | { readonly type: 'place'; readonly id: string; readonly isKept: boolean };

/** A thread beside → the port's thread. */
export type FromThreadBeside =
  /** It is up, with these connections: the thread that had the port before gave them. */
  | { readonly type: 'ready'; readonly connections: readonly MovedConnection[] }
  | { readonly type: 'takePlace' | 'leavePlace' | 'closed'; readonly id: string };

export interface MovedConnection {
  readonly id: string;
  readonly address: string;
  /** It has a place for an association. */
  readonly hasPlace: boolean;
}

/** A connection waits so long, unread, for a thread that is being started; then it is attended to where it is. */
const START_MS = 1000;
/** So many connections at most wait for it: in a crowd nobody is to be held up. */
const MAX_HELD = 8;

export interface HandoverOptions {
  /** So many threads there may be beside this one. */
  readonly threads: number;
  /** Distinguishes the connections that this thread gives from those of its predecessors. */
  readonly name: string;
  readonly askForThread: () => void;
  /** Whether one more association from this address may be opened now. */
  readonly hasRoom: (address: string) => boolean;
  /** Places were taken or left. */
  readonly onPlaces: () => void;
  /** No other thread takes it. */
  readonly onKept: (socket: Socket, address: string) => void;
}

interface Line {
  readonly port: MessagePort;
  readonly connections: Map<string, { readonly address: string; hasPlace: boolean }>;
}

interface Held {
  readonly socket: Socket;
  readonly address: string;
  readonly timer: NodeJS.Timeout;
}

/** The side of the thread that has the port: gives connections away from which nothing has been read, and keeps book of them. */
export class Handover {
  readonly #options: HandoverOptions;
  readonly #lines = new Set<Line>();
  readonly #held = new Set<Held>();
  #threads: number;
  /** Threads that were asked for and are not there yet. */
  #starting = 0;
  #isProven = false;
  #count = 0;

  constructor(options: HandoverOptions) {
    this.#options = options;
    this.#threads = options.threads;
  }

  /** Of each connection that another thread has, or is to have. */
  *connections(): Generator<{ readonly address: string; readonly hasPlace: boolean }> {
    for (const line of this.#lines) yield* line.connections.values();
    for (const { address } of this.#held) yield { address, hasPlace: false };
  }

  /** A thread has started, or this one has after it. */
  add(port: MessagePort): void {
    const line: Line = { port, connections: new Map() };
    port.on('message', (message: FromThreadBeside) => this.#receive(line, message));
    port.on('close', () => {
      // The thread is gone, and its connections with it.
      this.#lines.delete(line);
      this.#options.onPlaces();
    });
  }

  /** There will be no more threads than there are. */
  noMore(): void {
    this.#threads = this.#lines.size;
    this.#starting = 0;
    this.#assignHeld();
  }

  /**
   * Gives the connection to the thread that has the fewest. False: that is this one, with so many of its own.
   *
   * @param socket nothing has been read from it
   */
  give(socket: Socket, address: string, own: number): boolean {
    if (this.#threads === 0) return false;
    let others = this.#held.size;
    for (const line of this.#lines) others += line.connections.size;
    if (own + others === 0) return false;
    let moving = socket;
    if (!this.#isProven) {
      const proof = moved(socket);
      if (proof === undefined) {
        this.#threads = 0;
        return false;
      }
      this.#isProven = true;
      moving = proof;
    }
    if (this.#lines.size + this.#starting < Math.min(this.#threads, own + others)) {
      this.#starting += 1;
      this.#options.askForThread();
    }
    if (this.#move(moving, address, own)) return true;
    if (this.#starting > 0 && this.#held.size < Math.min(MAX_HELD, own * this.#starting)) this.#hold(moving, address);
    else this.#options.onKept(moving, address);
    return true;
  }

  close(): void {
    this.#threads = 0;
    for (const { socket, timer } of this.#held) {
      clearTimeout(timer);
      socket.destroy();
    }
    this.#held.clear();
  }

  #move(socket: Socket, address: string, own: number): boolean {
    let fewest: Line | undefined;
    for (const line of this.#lines) if (fewest === undefined || line.connections.size < fewest.connections.size) fewest = line;
    if (fewest === undefined || fewest.connections.size >= own) return false;
    this.#count += 1;
    const id = `${this.#options.name}-${this.#count}`;
    fewest.connections.set(id, { address, hasPlace: false });
    const message: ToThreadBeside = { type: 'connection', id, address, socket };
    transfer(fewest.port, message, socket);
    return true;
  }

  #hold(socket: Socket, address: string): void {
    const timer = setTimeout(() => {
      this.#held.delete(held);
      this.#starting = 0;
      this.#options.onKept(socket, address);
    }, START_MS);
    const held: Held = { socket, address, timer };
    this.#held.add(held);
  }

  #assignHeld(): void {
    for (const held of [...this.#held]) {
      if (this.#starting > 0 && this.#lines.size === 0) return;
      this.#held.delete(held);
      clearTimeout(held.timer);
      // They came when this thread had one at least: the others take them all, each its share.
      if (!this.#move(held.socket, held.address, Number.POSITIVE_INFINITY)) this.#options.onKept(held.socket, held.address);
    }
  }

  #receive(line: Line, message: FromThreadBeside): void {
    if (message.type === 'ready') {
      for (const { id, address, hasPlace } of message.connections) line.connections.set(id, { address, hasPlace });
      this.#lines.add(line);
      this.#starting = Math.max(0, this.#starting - 1);
      if (message.connections.length > 0) this.#options.onPlaces();
      this.#assignHeld();
      return;
    }
    const { id } = message;
    const connection = line.connections.get(id);
    if (connection === undefined) return;
    if (message.type === 'takePlace') {
      connection.hasPlace = this.#options.hasRoom(connection.address);
      const answer: ToThreadBeside = { type: 'place', id, isKept: connection.hasPlace };
      line.port.postMessage(answer);
    } else if (message.type === 'leavePlace') connection.hasPlace = false;
    else line.connections.delete(id);
    this.#options.onPlaces();
  }
}

/** The same connection as another thread would get it; undefined where this Node does not move connections. Then it has not been touched. */
function moved(socket: Socket): Socket | undefined {
  const { port1, port2 } = new MessageChannel();
  try {
    transfer(port1, socket, socket);
    const received: unknown = receiveMessageOnPort(port2)?.message;
    return received instanceof Socket ? received : undefined;
  } catch {
    return undefined;
  } finally {
    port1.close();
  }
}

/** Node moves sockets since 24.21; its types do not say so. */
function transfer(port: MessagePort, message: unknown, socket: Socket): void {
  Reflect.apply(port.postMessage, port, [message, [socket]]);
}
