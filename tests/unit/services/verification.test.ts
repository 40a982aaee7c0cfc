import { expect, test } from 'vitest';
import { echo, verificationContexts, verificationProvider } from '../../../electron/dicom/services/index.ts';
import { associate } from '../network/associations.ts';

test('an echo is answered with success, byte by byte as well, and both sides part in good order', async () => {
  for (const chunk of [0, 1]) {
    const pair = await associate({ contexts: verificationContexts(), services: [verificationProvider()], transport: { chunk } });
    const outcome = await echo(pair.requestor).done;
    expect(outcome).toMatchObject({ status: 0, offendingElements: [] });
    await pair.requestor.release();
    expect(await pair.requestor.closed).toBeUndefined();
    expect(await pair.acceptor.closed).toBeUndefined();
    expect(pair.time.timers).toBe(0);
  }
});

test('an echo goes out as one write', async () => {
  const { requestor, near } = await associate({ contexts: verificationContexts(), services: [verificationProvider()] });
  const before = near.writes;
  await echo(requestor).done;
  expect(near.writes - before).toBe(1);
  requestor.abort();
});
