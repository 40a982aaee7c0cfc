import { describe, expect, test } from 'vitest';
import { Dataset } from '../../../electron/dicom/dataset/index.ts';
import { type InboundRequest, type ServiceProvider, Status } from '../../../electron/dicom/network/index.ts';
import {
  type CommitmentReport,
  type CommitmentRequest,
  commitmentContexts,
  commitmentFailureReason,
  commitmentProvider,
  commitmentReportProvider,
  FailureReason,
  MAX_COMMITMENT_REFERENCES,
  reportCommitment,
  requestCommitment,
} from '../../../electron/dicom/services/index.ts';
import { nAction, nActionProvider, nEventReport, nEventReportProvider } from '../../../electron/dicom/services/normalized.ts';
import { reportOf, requestInformation } from '../../../electron/dicom/services/storage-commitment-information.ts';
import { PhosphorError } from '../../../shared/contract/index.ts';
import { associate } from '../network/associations.ts';

const CT = '1.2.840.10008.5.1.4.1.1.2';
const MODEL = '1.2.840.10008.1.20.1';
const INSTANCE = '1.2.840.10008.1.20.1.1';

const REQUEST: CommitmentRequest = {
  transactionUID: '2.25.7',
  references: [
    { sopClassUID: CT, sopInstanceUID: '1.2.3.1' },
    { sopClassUID: CT, sopInstanceUID: '1.2.3.2' },
  ],
};

const REPORT: CommitmentReport = {
  transactionUID: '2.25.7',
  retrieveAETitle: 'ARCHIVE',
  committed: [{ sopClassUID: CT, sopInstanceUID: '1.2.3.1', storageMediaFileSetID: 'TAPE1', storageMediaFileSetUID: '1.2.9' }],
  failed: [{ sopClassUID: CT, sopInstanceUID: '1.2.3.2', failureReason: FailureReason.noSuchObjectInstance }],
};

function scp(taken: CommitmentRequest[], status: number = Status.success): ServiceProvider {
  return commitmentProvider({ take: () => status, onTaken: (request) => taken.push(request) });
}

describe('the request', () => {
  test('arrives with its transaction and every instance, and is answered at once', async () => {
    for (const chunk of [0, 1]) {
      const taken: CommitmentRequest[] = [];
      const { requestor } = await associate({ contexts: commitmentContexts(), services: [scp(taken)], transport: { chunk } });
      expect(await requestCommitment(requestor, REQUEST).done).toMatchObject({ status: 0 });
      expect(taken).toEqual([REQUEST]);
    }
  });

  test('a refusal is a status, and nothing is taken on', async () => {
    const taken: CommitmentRequest[] = [];
    const { requestor } = await associate({ contexts: commitmentContexts(), services: [scp(taken, Status.resourceLimitation)] });
    expect(await requestCommitment(requestor, REQUEST).done).toMatchObject({ status: 0x0213 });
    expect(taken).toEqual([]);
  });

  test('an instance that is named twice counts once', async () => {
    const taken: CommitmentRequest[] = [];
    const { requestor } = await associate({ contexts: commitmentContexts(), services: [scp(taken)] });
    await requestCommitment(requestor, { ...REQUEST, references: [...REQUEST.references, ...REQUEST.references] }).done;
    expect(taken[0]?.references).toHaveLength(2);
  });

  test('what cannot be asked is said before a byte is sent', async () => {
    const { requestor, near } = await associate({ contexts: commitmentContexts(), services: [scp([])] });
    const writes = near.writes;
    const tooMany = Array.from({ length: MAX_COMMITMENT_REFERENCES + 1 }, () => ({ sopClassUID: CT, sopInstanceUID: '1.2' }));
    for (const references of [[], tooMany, [{ sopClassUID: CT, sopInstanceUID: 'with space' }]]) {
      expect(() => requestCommitment(requestor, { transactionUID: '2.25.7', references })).toThrow(
        expect.objectContaining({ kind: 'invalid-arguments' }),
      );
    }
    expect(near.writes).toBe(writes);
  });

  const broken: readonly [string, Parameters<typeof nAction>[1], number][] = [
    ['without a data set', { sopClassUID: MODEL, sopInstanceUID: INSTANCE, typeID: 1 }, 0x0115],
    ['without a Transaction UID', action(Dataset.of({ ReferencedSOPSequence: [] })), 0x0115],
    ['without instances', action(Dataset.of({ TransactionUID: '2.25.7' })), 0x0115],
    ['with a reference without its instance', action(withItems([Dataset.of({ ReferencedSOPClassUID: CT })])), 0x0115],
    ['of another action type', { ...action(requestInformation(REQUEST)), typeID: 2 }, 0x0123],
    ['of another SOP Instance', { ...action(requestInformation(REQUEST)), sopInstanceUID: '1.2.3' }, 0x0112],
    [
      'of another SOP Class in the context',
      { ...action(requestInformation(REQUEST)), sopClassUID: '1.2.3', abstractSyntax: MODEL },
      0x0118,
    ],
    ['with more instances than anybody asks for', action(withItems(Array(MAX_COMMITMENT_REFERENCES + 1).fill(reference('1.2')))), 0x0213],
  ];
  test.each(broken)('%s is refused with its status, and the association goes on', async (_, request, status) => {
    const taken: CommitmentRequest[] = [];
    const { requestor } = await associate({ contexts: commitmentContexts(), services: [scp(taken)] });
    expect(await nAction(requestor, request).done).toMatchObject({ status });
    expect(taken).toEqual([]);
    expect(await requestCommitment(requestor, REQUEST).done).toMatchObject({ status: 0 });
  });

  test('a data set that cannot be decoded is refused, and the association goes on', async () => {
    const taken: CommitmentRequest[] = [];
    const { requestor } = await associate({ contexts: commitmentContexts(), services: [scp(taken)] });
    const context = requestor.contextFor(MODEL);
    if (!context) throw new Error('no context');
    const command = { commandField: 0x0130, requestedSOPClassUID: MODEL, requestedSOPInstanceUID: INSTANCE, actionTypeID: 1 };
    const dataSet = Buffer.from('not a data set at all, but long enough to have a header');
    const answer = await requestor.send({ context, command, dataSet }).done;
    expect([0x0115, 0x0212]).toContain(answer.command.status);
    expect(await requestor.send({ context, command: { commandField: 0x0130, actionTypeID: 1 } }).done).toMatchObject({
      command: { status: 0x0212 },
    });
    expect(await requestCommitment(requestor, REQUEST).done).toMatchObject({ status: 0 });
  });
});

describe('the report', () => {
  test('comes on the association of the request, even before its response', async () => {
    const order: string[] = [];
    const early: ServiceProvider = {
      ...scp([]),
      handle: (request: InboundRequest) => ({
        write: () => undefined,
        end: () => {
          void reportCommitment(request.association, REPORT).done.then(({ status }) => {
            order.push(`answered ${status}`);
            void request.respond({ status: 0 });
          });
          return undefined;
        },
        abort: () => {},
      }),
    };
    const reports: CommitmentReport[] = [];
    const taking = commitmentReportProvider((report) => {
      reports.push(report);
      return 0;
    });
    const { requestor } = await associate({ contexts: commitmentContexts(), services: [early], requestor: { services: [taking] } });
    expect(await requestCommitment(requestor, REQUEST).done).toMatchObject({ status: 0 });
    expect(order).toEqual(['answered 0']);
    expect(reports).toEqual([REPORT]);
  });

  test('comes on an association on which the archive takes the SCP role for itself', async () => {
    const reports: CommitmentReport[] = [];
    const taking = commitmentReportProvider(async (report) => {
      reports.push(report);
      return 0;
    });
    const { requestor } = await associate({ contexts: commitmentContexts('scp'), services: [taking] });
    expect(requestor.contexts).toMatchObject([{ requestorRoles: { scu: false, scp: true } }]);
    expect(await reportCommitment(requestor, { ...REPORT, failed: [] }).done).toMatchObject({ status: 0 });
    expect(reports).toEqual([{ ...REPORT, failed: [] }]);
  });

  test('who does not take reports grants nobody the SCP role', async () => {
    const { requestor } = await associate({ contexts: commitmentContexts('scp'), services: [scp([])] }).catch(() => ({
      requestor: undefined,
    }));
    expect(requestor?.contexts ?? []).toEqual([]);
  });

  test('of an archive that did not propose the role is heard all the same', async () => {
    const reports: CommitmentReport[] = [];
    const taking = commitmentReportProvider((report) => {
      reports.push(report);
      return 0;
    });
    const { requestor } = await associate({ contexts: commitmentContexts('scu'), services: [taking] });
    const [context] = requestor.contexts;
    if (!context) throw new Error('no context');
    Object.assign(context, { requestorRoles: { scu: true, scp: true } });
    expect(await reportCommitment(requestor, REPORT).done).toMatchObject({ status: 0 });
    expect(reports).toEqual([REPORT]);
  });

  const broken: readonly [string, Dataset | undefined, number, number][] = [
    ['without a data set', undefined, 1, 0x0115],
    ['without a Transaction UID', Dataset.of({ ReferencedSOPSequence: [reference('1.2')] }), 1, 0x0115],
    ['with a failed reference without UIDs', Dataset.of({ TransactionUID: '2.25.7', FailedSOPSequence: [new Dataset()] }), 2, 0x0115],
    ['of an unknown event type', Dataset.of({ TransactionUID: '2.25.7' }), 3, 0x0113],
  ];
  test.each(broken)('%s is refused with its status', async (_, information, typeID, status) => {
    const taking = commitmentReportProvider(() => {
      throw new Error('must not be taken');
    });
    const { requestor } = await associate({ contexts: commitmentContexts('scp'), services: [taking] });
    const report = { sopClassUID: MODEL, sopInstanceUID: INSTANCE, typeID, ...(information === undefined ? {} : { information }) };
    expect(await nEventReport(requestor, report).done).toMatchObject({ status });
  });

  test('optional fields past their bounds are left out, a failure without its reason is a processing failure', async () => {
    const reports: CommitmentReport[] = [];
    const taking = commitmentReportProvider((report) => {
      reports.push(report);
      return 0;
    });
    const { requestor } = await associate({ contexts: commitmentContexts('scp'), services: [taking] });
    const information = Dataset.of({
      TransactionUID: '2.25.7',
      RetrieveAETitle: 'A'.repeat(17),
      StorageMediaFileSetID: 'B'.repeat(400),
      FailedSOPSequence: [reference('1.2.3')],
    });
    await nEventReport(requestor, { sopClassUID: MODEL, sopInstanceUID: INSTANCE, typeID: 2, information }).done;
    const failed = [{ sopClassUID: CT, sopInstanceUID: '1.2.3', failureReason: 0x0110 }];
    expect(reports).toEqual([{ transactionUID: '2.25.7', committed: [], failed }]);
  });

  test('whoever cannot keep it says so, and the archive will come again', async () => {
    const taking = commitmentReportProvider(() => {
      throw new PhosphorError('storage-full', 'the disk is full');
    });
    const { requestor } = await associate({ contexts: commitmentContexts('scp'), services: [taking] });
    expect(await reportCommitment(requestor, REPORT).done).toMatchObject({ status: 0x0110, errorComment: 'the disk is full' });
  });
});

test('a report is bounded over both of its lists', () => {
  const items = (count: number) => Array<Dataset>(count).fill(reference('1.2'));
  const report = (failed: number) =>
    Dataset.of({
      TransactionUID: '2.25.7',
      ReferencedSOPSequence: items(MAX_COMMITMENT_REFERENCES - 1),
      FailedSOPSequence: items(failed),
    });
  expect(reportOf(report(1)).failed).toHaveLength(1);
  expect(() => reportOf(report(2))).toThrow(expect.objectContaining({ kind: 'limit-exceeded' }));
});

test('every Failure Reason of the standard has its meaning', () => {
  const reasons = [0x0110, 0x0112, 0x0213, 0x0122, 0x0119, 0x0131];
  expect(Object.values(FailureReason).sort()).toEqual(reasons.sort());
  for (const reason of reasons) expect(commitmentFailureReason(reason)).toMatch(/\w/);
  expect(commitmentFailureReason(0x9999)).toBeUndefined();
});

test('actions and events of any class carry their reply', async () => {
  const PRINT = '1.2.840.10008.5.1.1.1';
  const answer = () => ({ status: 0, reply: Dataset.of({ PatientID: 'reply' }) });
  const acting = nActionProvider({ abstractSyntaxes: [PRINT], answer });
  const hearing = nEventReportProvider({ abstractSyntaxes: [PRINT], answer });
  const contexts = [{ abstractSyntax: PRINT, transferSyntaxes: ['1.2.840.10008.1.2'], roles: { scu: true, scp: true } }];
  const { requestor } = await associate({ contexts, services: [acting, hearing] });
  const subject = { sopClassUID: PRINT, sopInstanceUID: '1.2.3', typeID: 4 };
  for (const use of [nAction, nEventReport]) {
    const { status, reply } = await use(requestor, subject).done;
    expect(status).toBe(0);
    expect(reply?.string(0x00100020)).toBe('reply');
  }
});

function action(information: Dataset) {
  return { sopClassUID: MODEL, sopInstanceUID: INSTANCE, typeID: 1, information };
}

function withItems(items: readonly Dataset[]): Dataset {
  return Dataset.of({ TransactionUID: '2.25.7', ReferencedSOPSequence: items });
}

function reference(sopInstanceUID: string): Dataset {
  return Dataset.of({ ReferencedSOPClassUID: CT, ReferencedSOPInstanceUID: sopInstanceUID });
}
