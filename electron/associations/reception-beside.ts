import type { MessagePort } from 'node:worker_threads';
import type { FromThreadBeside, ToThreadBeside } from './handover.ts';
import { type Connection, type Places, Reception, type ReceptionOptions } from './reception.ts';
import { acceptedSocket } from './socket-transport.ts';
import type { AccessRules } from './types.ts';

interface Given {
  readonly id: string;
  hasPlace: boolean;
}

/** What a receiving thread without a port has: connections that the thread with the port gave it, and its word for each place. */
export class ReceptionBeside implements Places {
  readonly #reception: Reception;
  readonly #given = new Map<Connection, Given>();
  readonly #asked = new Map<string, (isKept: boolean) => void>();
  #port: MessagePort | undefined;
  #closing = false;

  constructor(options: ReceptionOptions) {
    this.#reception = new Reception(options, this);
  }

  setAccess(access: AccessRules): void {
    this.#reception.setAccess(access);
  }

  /** The line to the thread that has the port; anew each time that is replaced. */
  connect(port: MessagePort): void {
    this.#port = port;
    port.on('message', (message: ToThreadBeside) => this.#receive(message));
    port.on('close', () => {
      if (this.#port === port) this.#port = undefined;
      for (const answer of this.#asked.values()) answer(false);
      this.#asked.clear();
    });
    const connections = [...this.#given].map(([{ address }, { id, hasPlace }]) => ({ id, address, hasPlace }));
    this.#post({ type: 'ready', connections });
  }

  async close(): Promise<void> {
    this.#closing = true;
    await this.#reception.close();
  }

  async take(connection: Connection): Promise<boolean> {
    const given = this.#given.get(connection);
    if (given === undefined || this.#port === undefined) return false;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    this.#asked.set(given.id, (isKept) => {
      given.hasPlace = isKept;
      resolve(isKept);
    });
    this.#post({ type: 'takePlace', id: given.id });
    return await promise;
  }

  leave(connection: Connection): void {
    const given = this.#given.get(connection);
    if (given === undefined) return;
    given.hasPlace = false;
    this.#post({ type: 'leavePlace', id: given.id });
  }

  onAdmitted(): void {}

  onClosed(connection: Connection): void {
    const given = this.#given.get(connection);
    if (given === undefined) return;
    this.#given.delete(connection);
    // Nobody is refused any more.
    this.#asked.get(given.id)?.(true);
    this.#asked.delete(given.id);
    this.#post({ type: 'closed', id: given.id });
  }

  #receive(message: ToThreadBeside): void {
    if (message.type === 'place') {
      this.#asked.get(message.id)?.(message.isKept);
      this.#asked.delete(message.id);
      return;
    }
    const { id, address, socket } = message;
    if (this.#closing || socket.destroyed) {
      socket.destroy();
      this.#post({ type: 'closed', id });
      return;
    }
    const connection = this.#reception.take(socket, address);
    this.#given.set(connection, { id, hasPlace: false });
    this.#reception.attend(connection, acceptedSocket(socket));
  }

  #post(message: FromThreadBeside): void {
    this.#port?.postMessage(message);
  }
}
