import { createHmac } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { locateInstance } from '../../../electron/archive/index.ts';
import { createAssociationPool, type Peer, type SentInstance } from '../../../electron/associations/index.ts';
import { connectSocket } from '../../../electron/associations/socket-transport.ts';
import { Dataset, encodeDataset, encodeFileMeta, TRANSFER_SYNTAXES, TransferSyntaxUID } from '../../../electron/dicom/dataset/index.ts';
import { requestAssociation } from '../../../electron/dicom/network/index.ts';
import { verificationContexts } from '../../../electron/dicom/services/index.ts';
import { clocks } from '../../support/clocks.ts';
import { dcmtk } from '../../support/dcmtk.ts';
import { writeSeries } from '../../support/instances.ts';
import { startReceiver } from '../../support/receiver.ts';
import { storedDataSetHash } from '../../support/stored-file.ts';
import { temporaryFolder } from '../../support/temporary.ts';

const CT = '1.2.840.10008.5.1.4.1.1.2';
const PRIVATE = '1.2.840.113619.4.27';
const SECRET = 'a secret of more than thirty-two bytes';

/** A data set without pixels under any transfer syntax. */
async function writeInstance(folder: string, sopClassUID: string, number: number, transferSyntaxUID: string): Promise<string> {
  const sopInstanceUID = `1.2.826.81.1.${number}`;
  const dataset = Dataset.of({
    SOPClassUID: sopClassUID,
    SOPInstanceUID: sopInstanceUID,
    PatientID: 'P',
    StudyInstanceUID: '1.2.826.81',
    SeriesInstanceUID: '1.2.826.81.1',
  });
  const path = join(folder, `${sopInstanceUID}.dcm`);
  const meta = encodeFileMeta({ sopClassUID, sopInstanceUID, transferSyntaxUID });
  await writeFile(path, Buffer.concat([meta, encodeDataset(dataset, transferSyntaxUID)]));
  return path;
}

async function send(port: number, files: readonly string[], more: Partial<Peer> = {}): Promise<SentInstance[]> {
  const pool = createAssociationPool({ workers: 1 });
  const sent: SentInstance[] = [];
  const peer = { host: '127.0.0.1', port, calledAETitle: 'PHOSPHOR', callingAETitle: 'SCU', ...more };
  const { done } = pool.store({ peer, clocks: clocks(), files, onSent: (instances) => void sent.push(...instances) });
  await done;
  await pool.close();
  return sent;
}

describe('the announced PDU length', () => {
  test('is that of the rules, changed while the port is open', async () => {
    await using folder = await temporaryFolder('pdu-length');
    await using receiver = await startReceiver(folder.path, { access: { acceptAnyone: true, maxPDULength: 8192 } });
    const announced = async () => {
      const transport = await connectSocket('127.0.0.1', receiver.listener.port, 5, AbortSignal.timeout(15_000));
      const titles = { callingAETitle: 'SCU', calledAETitle: 'PHOSPHOR' };
      const association = await requestAssociation(transport, { ...titles, contexts: verificationContexts(), clocks: clocks() });
      await association.release();
      return association.peer.maxPDULength;
    };
    expect(await announced()).toBe(8192);
    const rules = { aeTitle: 'PHOSPHOR', knownAETitles: [], knownHosts: [], acceptAnyone: true };
    receiver.listener.setAccess({ ...rules, maxPDULength: 65_536 });
    await receiver.listener.unexpect('nothing');
    expect(await announced()).toBe(65_536);
  });
});

describe('private storage classes', () => {
  test('are stored where the setting allows it, changed while the port is open, and only then', async () => {
    await using folder = await temporaryFolder('private');
    await using receiver = await startReceiver(folder.path, { access: { acceptAnyone: true } });
    const file = await writeInstance(folder.path, PRIVATE, 1, TransferSyntaxUID.ExplicitVRLittleEndian);
    const [refused] = await send(receiver.listener.port, [file]);
    expect(refused?.error?.kind).toBe('no-presentation-context');
    const rules = { aeTitle: 'PHOSPHOR', knownAETitles: [], knownHosts: [], acceptAnyone: true };
    receiver.listener.setAccess({ ...rules, acceptPrivateSOPClasses: true });
    await receiver.listener.unexpect('nothing');
    expect((await send(receiver.listener.port, [file]))[0]?.status).toBe(0);
    await receiver.until(() => receiver.stored.length === 1);
  });
});

describe('every transfer syntax of the standard', () => {
  test('is taken in byte for byte, those of retired processes, of video and of JPIP included', async () => {
    await using folder = await temporaryFolder('syntaxes');
    await using receiver = await startReceiver(folder.path, { access: { acceptAnyone: true } });
    const files = await Promise.all(TRANSFER_SYNTAXES.map(({ uid }, index) => writeInstance(folder.path, CT, index + 1, uid)));
    const sent = await send(receiver.listener.port, files);
    expect(sent.filter(({ status }) => status !== 0)).toEqual([]);
    expect(sent).toHaveLength(TRANSFER_SYNTAXES.length);
    await receiver.until(() => receiver.stored.length === files.length);
    const hashes = await Promise.all(files.map(storedDataSetHash));
    const standing = receiver.stored.map(({ sopInstanceUID }) => storedDataSetHash(locateInstance(receiver.location, sopInstanceUID)));
    expect((await Promise.all(standing)).sort()).toEqual(hashes.sort());
  });
});

describe('who callers are', () => {
  const userIdentity = { required: true, passcodes: { jane: 'sesame' }, jwt: { key: SECRET } };

  function token(expires: number): string {
    const segment = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const text = `${segment({ alg: 'HS256' })}.${segment({ exp: Date.now() / 1000 + expires })}`;
    return `${text}.${createHmac('sha256', SECRET).update(text).digest('base64url')}`;
  }

  test('storescu is let in with the right passcode or token and refused otherwise; the reasons hold nothing that it sent', async () => {
    await using folder = await temporaryFolder('identities');
    await using receiver = await startReceiver(folder.path, { access: { acceptAnyone: true, userIdentity } });
    const [{ path = '' } = {}] = await writeSeries(join(folder.path, 'in'), { study: '1.2.826.82', count: 1 });
    const good = join(folder.path, 'good.jwt');
    const old = join(folder.path, 'old.jwt');
    await writeFile(good, token(300));
    await writeFile(old, token(-300));
    const storescu = async (...identity: string[]) => {
      const port = String(receiver.listener.port);
      return await dcmtk('storescu', '-v', '-aec', 'PHOSPHOR', ...identity, '127.0.0.1', port, path);
    };
    expect(await storescu('-usr', 'jane', '-pwd', 'sesame', '-rsp')).toMatchObject({ code: 0 });
    expect(await storescu('--jwt', good, '-rsp')).toMatchObject({ code: 0 });
    const refused = [[], ['-usr', 'jane', '-pwd', 'wrong-one'], ['-usr', 'jane'], ['--jwt', old], ['-kt', good], ['--saml', good]];
    for (const identity of refused) {
      const { code, output } = await storescu(...identity);
      expect([code !== 0, output]).toEqual([true, expect.stringContaining('Rejected Permanent')]);
    }
    await receiver.until(() => receiver.turnedAway.length === refused.length);
    expect(receiver.turnedAway.map(({ error }) => error)).toMatchObject(
      [
        'the caller gave no user identity',
        'username or passcode is wrong',
        'a username without a passcode proves nothing',
        'the token has expired',
        'Kerberos tickets are not accepted',
        'SAML assertions are not accepted',
      ].map((message) => ({ kind: 'rejected', message, retryable: false, upperLayer: { result: 1, source: 1, reason: 1 } })),
    );
    expect(receiver.stored).toHaveLength(2);
  });

  test('our own pool shows who it is', async () => {
    await using folder = await temporaryFolder('own-identity');
    await using receiver = await startReceiver(folder.path, { access: { acceptAnyone: true, userIdentity } });
    const pool = createAssociationPool({ workers: 1 });
    const peer = { host: '127.0.0.1', port: receiver.listener.port, calledAETitle: 'PHOSPHOR', callingAETitle: 'SCU' };
    const echo = (identity?: Peer['userIdentity']) =>
      pool.echo({ peer: identity === undefined ? peer : { ...peer, userIdentity: identity }, clocks: clocks() }).done;
    expect(await echo({ type: 'passcode', username: 'jane', passcode: 'sesame', positiveResponseRequested: true })).toMatchObject({
      ok: true,
    });
    expect(await echo({ type: 'jwt', token: token(60), positiveResponseRequested: true })).toMatchObject({ ok: true });
    expect(await echo()).toMatchObject({ ok: false, error: { kind: 'rejected' } });
    await pool.close();
  });
});
