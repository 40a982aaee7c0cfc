import { expect, test } from 'vitest';
import type { State, UpperLayerDriver } from '../../../electron/dicom/network/actions.ts';
import * as actions from '../../../electron/dicom/network/actions.ts';
import { actionOf, type Event, StateMachine } from '../../../electron/dicom/network/state-machine.ts';

/** PS3.8 table 9-10 as it is printed: a row per event, a column per state 1 to 13. */
const TABLE_9_10 = `
Evt1   AE-1 -    -    -    -    -    -    -    -    -     -    -    -
Evt2   -    -    -    AE-2 -    -    -    -    -    -     -    -    -
Evt3   -    AA-1 AA-8 -    AE-3 AA-8 AA-8 AA-8 AA-8 AA-8  AA-8 AA-8 AA-6
Evt4   -    AA-1 AA-8 -    AE-4 AA-8 AA-8 AA-8 AA-8 AA-8  AA-8 AA-8 AA-6
Evt5   AE-5 -    -    -    -    -    -    -    -    -     -    -    -
Evt6   -    AE-6 AA-8 -    AA-8 AA-8 AA-8 AA-8 AA-8 AA-8  AA-8 AA-8 AA-7
Evt7   -    -    AE-7 -    -    -    -    -    -    -     -    -    -
Evt8   -    -    AE-8 -    -    -    -    -    -    -     -    -    -
Evt9   -    -    -    -    -    DT-1 -    AR-7 -    -     -    -    -
Evt10  -    AA-1 AA-8 -    AA-8 DT-2 AR-6 AA-8 AA-8 AA-8  AA-8 AA-8 AA-6
Evt11  -    -    -    -    -    AR-1 -    -    -    -     -    -    -
Evt12  -    AA-1 AA-8 -    AA-8 AR-2 AR-8 AA-8 AA-8 AA-8  AA-8 AA-8 AA-6
Evt13  -    AA-1 AA-8 -    AA-8 AA-8 AR-3 AA-8 AA-8 AR-10 AR-3 AA-8 AA-6
Evt14  -    -    -    -    -    -    -    AR-4 AR-9 -     -    AR-4 -
Evt15  -    -    AA-1 AA-2 AA-1 AA-1 AA-1 AA-1 AA-1 AA-1  AA-1 AA-1 -
Evt16  -    AA-2 AA-3 -    AA-3 AA-3 AA-3 AA-3 AA-3 AA-3  AA-3 AA-3 AA-2
Evt17  -    AA-5 AA-4 AA-4 AA-4 AA-4 AA-4 AA-4 AA-4 AA-4  AA-4 AA-4 AR-5
Evt18  -    AA-2 -    -    -    -    -    -    -    -     -    -    AA-2
Evt19  -    AA-1 AA-8 -    AA-8 AA-8 AA-8 AA-8 AA-8 AA-8  AA-8 AA-8 AA-7
`;

/** PS3.8 tables 9-6 to 9-9: what an action does, in order, and the next state. AE-6 and AR-8 depend, see below. */
const ACTIONS: Record<string, [does: string, next: string]> = {
  'AE-1': ['', '4'],
  'AE-2': ['send A-ASSOCIATE-RQ', '5'],
  'AE-3': ['confirm accept', '6'],
  'AE-4': ['confirm reject, close', '1'],
  'AE-5': ['start ARTIM 2', '2'],
  'AE-6': ['stop ARTIM, indicate associate', '3'],
  'AE-7': ['send A-ASSOCIATE-AC', '6'],
  'AE-8': ['send A-ASSOCIATE-RJ, start ARTIM 13', '13'],
  'DT-1': ['send P-DATA-TF', '6'],
  'DT-2': ['indicate P-DATA', '6'],
  'AR-1': ['send A-RELEASE-RQ', '7'],
  'AR-2': ['indicate release', '8'],
  'AR-3': ['confirm release, close', '1'],
  'AR-4': ['send A-RELEASE-RP, start ARTIM 13', '13'],
  'AR-5': ['stop ARTIM', '1'],
  'AR-6': ['indicate P-DATA', '7'],
  'AR-7': ['send P-DATA-TF', '8'],
  'AR-8': ['indicate release', '9'],
  'AR-9': ['send A-RELEASE-RP', '11'],
  'AR-10': ['confirm release', '12'],
  'AA-1': ['send A-ABORT serviceUser, start ARTIM 13', '13'],
  'AA-2': ['stop ARTIM, close', '1'],
  'AA-3': ['indicate abort, close', '1'],
  'AA-4': ['indicate provider abort', '1'],
  'AA-5': ['stop ARTIM', '1'],
  'AA-6': ['', '13'],
  'AA-7': ['send A-ABORT serviceProvider', '13'],
  'AA-8': ['send A-ABORT serviceProvider, indicate provider abort, start ARTIM 13', '13'],
};

function recorder(role: 'requestor' | 'acceptor' = 'requestor', acceptable = true) {
  const done: string[] = [];
  const note = (what: string) => () => void done.push(what);
  const driver: UpperLayerDriver = {
    role,
    sendAssociateRQ: note('send A-ASSOCIATE-RQ'),
    sendAssociateAC: note('send A-ASSOCIATE-AC'),
    sendAssociateRJ: note('send A-ASSOCIATE-RJ'),
    sendPData: note('send P-DATA-TF'),
    sendReleaseRQ: note('send A-RELEASE-RQ'),
    sendReleaseRP: note('send A-RELEASE-RP'),
    sendAbort: (source) => void done.push(`send A-ABORT ${source}`),
    startARTIM: (state) => void done.push(`start ARTIM ${state}`),
    stopARTIM: note('stop ARTIM'),
    closeTransport: note('close'),
    acceptableToProvider: () => acceptable,
    indicateAssociate: note('indicate associate'),
    confirmAssociateAccept: note('confirm accept'),
    confirmAssociateReject: note('confirm reject'),
    indicatePData: note('indicate P-DATA'),
    indicateRelease: note('indicate release'),
    confirmRelease: note('confirm release'),
    indicateAbort: note('indicate abort'),
    indicateProviderAbort: note('indicate provider abort'),
  };
  return { driver, done };
}

const rows = TABLE_9_10.trim()
  .split('\n')
  .map((line) => line.trim().split(/\s+/));

test('all 19 events in all 13 states have the action of PS3.8 table 9-10, or none', () => {
  expect(rows).toHaveLength(19);
  for (const [name = '', ...cells] of rows) {
    const event = Number(name.slice(3)) as Event;
    expect(cells).toHaveLength(13);
    cells.forEach((cell, index) => {
      const state = (index + 1) as State;
      const action = actionOf(event, state)?.replace('_', '-') ?? '-';
      expect(`${name} Sta${state} ${action}`).toBe(`${name} Sta${state} ${cell}`);
    });
  }
});

test('every action does what PS3.8 says and leads to its state', () => {
  expect(
    Object.keys(actions)
      .map((name) => name.replace('_', '-'))
      .sort(),
  ).toEqual(Object.keys(ACTIONS).sort());
  for (const [name, action] of Object.entries(actions)) {
    const { driver, done } = recorder();
    const next = action(driver);
    expect([name, done.join(', '), String(next)]).toEqual([name, ...(ACTIONS[name.replace('_', '-')] ?? [])]);
  }
});

test('AE-6 rejects what the upper layer cannot serve', () => {
  const { driver, done } = recorder('acceptor', false);
  expect(actions.AE_6(driver)).toBe(13);
  expect(done).toEqual(['stop ARTIM', 'send A-ASSOCIATE-RJ', 'start ARTIM 13']);
});

test('in a release collision the requestor of the association answers first', () => {
  expect(actions.AR_8(recorder('requestor').driver)).toBe(9);
  expect(actions.AR_8(recorder('acceptor').driver)).toBe(10);
});

test('an event that is not allowed in its state does nothing but fail', () => {
  const { driver, done } = recorder();
  const machine = new StateMachine(driver);
  expect(() => machine.handle(9)).toThrow('event 9 is not allowed in state 1');
  expect(done).toEqual([]);
  expect(machine.state).toBe(1);
});

test('an event that an action causes is taken up after it', () => {
  const { driver, done } = recorder('acceptor');
  const machine = new StateMachine({
    ...driver,
    indicateAssociate: () => {
      machine.handle(7);
      done.push('answered');
    },
  });
  machine.handle(5);
  machine.handle(6);
  expect(machine.state).toBe(6);
  expect(done).toEqual(['start ARTIM 2', 'stop ARTIM', 'answered', 'send A-ASSOCIATE-AC']);
});
