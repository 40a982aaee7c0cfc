import { expect, test } from 'vitest';
import { CommitmentInbox, type CommitmentPart } from '../../../electron/associations/commitment-relay.ts';

function part(ticket: number, transactionUID: string): CommitmentPart {
  return { ticket, last: true, report: { transactionUID, committed: [], failed: [], reportedBy: 'PACS' } };
}

test('what becomes of a report is told to the thread that heard it, not to the one that takes its place', async () => {
  const answers: [ticket: number, status: number][] = [];
  const slow = Promise.withResolvers<void>();
  const takerOf = (uid: string) => (uid === '1.2.1' ? () => slow.promise : undefined);
  const inbox = new CommitmentInbox('listener', takerOf, (ticket, status) => answers.push([ticket, status]));
  inbox.receive(part(1, '1.2.1'));
  // The thread dies while the report is being kept; the next one counts from 1 again.
  inbox.clear();
  slow.resolve();
  await new Promise((resolve) => setImmediate(resolve));
  expect(answers).toEqual([]);
  inbox.receive(part(1, '1.2.2'));
  expect(answers).toEqual([[1, 0x0112]]);
});
