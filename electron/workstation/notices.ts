import { randomUUID } from 'node:crypto';
import { type Notice, PhosphorError } from '../../shared/contract/index.ts';

export type RaiseNotice = (severity: Notice['severity'], sentence: string) => void;

/** Older ones leave when more come. */
const MAX_NOTICES = 200;

/** What the user should know that belongs to no action; stays until dismissed or until the workstation ends. */
export class Notices {
  readonly #announce: (notice: Notice) => void;
  #notices: Notice[] = [];

  constructor(announce: (notice: Notice) => void) {
    this.#announce = announce;
  }

  get list(): readonly Notice[] {
    return this.#notices;
  }

  readonly raise: RaiseNotice = (severity, sentence) => {
    const notice: Notice = { noticeId: randomUUID(), at: Date.now(), severity, sentence: sentence.slice(0, 2000) };
    this.#notices = [...this.#notices, notice].slice(-MAX_NOTICES);
    this.#announce(notice);
  };

  /** @throws PhosphorError `not-found` */
  dismiss(noticeId: string): void {
    const left = this.#notices.filter((it) => it.noticeId !== noticeId);
    if (left.length === this.#notices.length) throw new PhosphorError('not-found', 'noticeId: no such notice');
    this.#notices = left;
  }
}
