import { commitmentContexts, commitmentReportProvider, requestCommitment } from '../dicom/services/index.ts';
import { CommitmentRelay } from './commitment-relay.ts';
import { finalResponse, type OperationKind } from './task-control.ts';

/**
 * Storage commitment as SCU (PS3.4 annex J): N-ACTION, then the association is kept open for the report, until it is taken, the peer hangs up or the time is
 * over. The report may come before the response.
 */
export const commitOperation: OperationKind<'commit'> = {
  contexts: () => commitmentContexts(),
  attend({ transactionUID }, control, report) {
    const relay = new CommitmentRelay((part) => report.commitment(part));
    control.onCommitmentTaken = (ticket, status) => {
      // Without a ticket: it came another way.
      if (ticket === undefined) control.reported.resolve();
      else relay.taken(ticket, status);
    };
    const provider = commitmentReportProvider(async (commitment, association) => {
      const status = await relay.deliver(commitment, association.calledAETitle);
      // The release comes after the answer, which goes out in this turn.
      if (status === 0 && commitment.transactionUID === transactionUID) setImmediate(() => control.reported.resolve());
      return status;
    });
    return { services: [provider], settle: async () => {}, close: async () => {} };
  },
  async run(association, { transactionUID, references, holdSeconds }, control, report) {
    const operation = requestCommitment(association, { transactionUID, references });
    control.onCancel = () => operation.cancel();
    const { status, errorComment, offendingElements } = await operation.done;
    const response = { ok: true, ...finalResponse({ status, errorComment, offendingElements }) } as const;
    if (status !== 0) return response;
    report.commitmentAccepted();
    const held = Promise.withResolvers<void>();
    control.onCancel = held.resolve;
    const timer = setTimeout(held.resolve, holdSeconds * 1000);
    await Promise.race([held.promise, control.reported.promise, association.closed]);
    clearTimeout(timer);
    return response;
  },
};
