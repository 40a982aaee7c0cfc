import { PhosphorError } from '../../../shared/contract/phosphor-error.ts';
import type { State, UpperLayerDriver } from './actions.ts';
import * as actions from './actions.ts';

/** Events of PS3.8 §9.2.3, by what they mean. */
export const Event = {
  associateRequest: 1,
  transportConnected: 2,
  associateACReceived: 3,
  associateRJReceived: 4,
  transportIndication: 5,
  associateRQReceived: 6,
  associateAccept: 7,
  associateReject: 8,
  pDataRequest: 9,
  pDataReceived: 10,
  releaseRequest: 11,
  releaseRQReceived: 12,
  releaseRPReceived: 13,
  releaseResponse: 14,
  abortRequest: 15,
  abortReceived: 16,
  transportClosed: 17,
  artimExpired: 18,
  invalidPDU: 19,
} as const;
export type Event = (typeof Event)[keyof typeof Event];

export type Action = (driver: UpperLayerDriver) => State;
export type ActionName = keyof typeof actions;

/** PS3.8 table 9-10, row by row: event, states, action. What is not named is not allowed. */
const TABLE: readonly (readonly [Event, readonly State[], ActionName])[] = [
  [1, [1], 'AE_1'],
  [2, [4], 'AE_2'],
  [3, [2], 'AA_1'],
  [3, [5], 'AE_3'],
  [3, [3, 6, 7, 8, 9, 10, 11, 12], 'AA_8'],
  [3, [13], 'AA_6'],
  [4, [2], 'AA_1'],
  [4, [5], 'AE_4'],
  [4, [3, 6, 7, 8, 9, 10, 11, 12], 'AA_8'],
  [4, [13], 'AA_6'],
  [5, [1], 'AE_5'],
  [6, [2], 'AE_6'],
  [6, [3, 5, 6, 7, 8, 9, 10, 11, 12], 'AA_8'],
  [6, [13], 'AA_7'],
  [7, [3], 'AE_7'],
  [8, [3], 'AE_8'],
  [9, [6], 'DT_1'],
  [9, [8], 'AR_7'],
  [10, [2], 'AA_1'],
  [10, [6], 'DT_2'],
  [10, [7], 'AR_6'],
  [10, [3, 5, 8, 9, 10, 11, 12], 'AA_8'],
  [10, [13], 'AA_6'],
  [11, [6], 'AR_1'],
  [12, [2], 'AA_1'],
  [12, [6], 'AR_2'],
  [12, [7], 'AR_8'],
  [12, [3, 5, 8, 9, 10, 11, 12], 'AA_8'],
  [12, [13], 'AA_6'],
  [13, [2], 'AA_1'],
  [13, [7, 11], 'AR_3'],
  [13, [10], 'AR_10'],
  [13, [3, 5, 6, 8, 9, 12], 'AA_8'],
  [13, [13], 'AA_6'],
  [14, [8, 12], 'AR_4'],
  [14, [9], 'AR_9'],
  [15, [4], 'AA_2'],
  [15, [3, 5, 6, 7, 8, 9, 10, 11, 12], 'AA_1'],
  [16, [2, 13], 'AA_2'],
  [16, [3, 5, 6, 7, 8, 9, 10, 11, 12], 'AA_3'],
  [17, [2], 'AA_5'],
  [17, [3, 4, 5, 6, 7, 8, 9, 10, 11, 12], 'AA_4'],
  [17, [13], 'AR_5'],
  [18, [2, 13], 'AA_2'],
  [19, [2], 'AA_1'],
  [19, [3, 5, 6, 7, 8, 9, 10, 11, 12], 'AA_8'],
  [19, [13], 'AA_7'],
];

const ACTIONS: Readonly<Record<ActionName, Action>> = actions;

const WIDTH = 14;
const FLAT: readonly (ActionName | undefined)[] = flatten();

function flatten(): (ActionName | undefined)[] {
  const flat = new Array<ActionName | undefined>(20 * WIDTH).fill(undefined);
  for (const [event, states, action] of TABLE) for (const state of states) flat[event * WIDTH + state] = action;
  return flat;
}

/** The action of PS3.8 table 9-10, or undefined where the pair is not allowed. */
export function actionOf(event: Event, state: State): ActionName | undefined {
  return FLAT[event * WIDTH + state];
}

/** The protocol machine of one association. An event that an action itself causes is taken up when the action has ended. */
export class StateMachine {
  #state: State = 1;
  #acting = false;
  readonly #waiting: Event[] = [];
  readonly #driver: UpperLayerDriver;

  constructor(driver: UpperLayerDriver) {
    this.#driver = driver;
  }

  get state(): State {
    return this.#state;
  }

  /** Whether the table has an action for the event now. */
  allows(event: Event): boolean {
    return actionOf(event, this.#state) !== undefined;
  }

  /** Throws PhosphorError `internal` for a pair that is not in the table: no peer can cause one, only a caller of ours. */
  handle(event: Event): void {
    if (this.#acting) {
      this.#waiting.push(event);
      return;
    }
    this.#act(event);
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      // A primitive of ours that the action itself overtook (an abort for an association that has just ended) has nothing left to do.
      if (this.allows(next)) this.#act(next);
    }
  }

  /** Like `handle`, but does nothing where the table has no action: for primitives that the peer may have overtaken. */
  tryHandle(event: Event): void {
    if (this.#acting || this.allows(event)) this.handle(event);
  }

  #act(event: Event): void {
    const name = actionOf(event, this.#state);
    if (name === undefined) throw new PhosphorError('internal', `event ${event} is not allowed in state ${this.#state}`);
    this.#acting = true;
    try {
      this.#state = ACTIONS[name](this.#driver);
    } finally {
      this.#acting = false;
    }
  }
}
