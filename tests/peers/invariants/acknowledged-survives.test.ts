import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { locateInstance } from '../../../electron/archive/layout.ts';
import { freePort } from '../../support/free-port.ts';
import { type WrittenInstance, writeSeries } from '../../support/instances.ts';
import { startListening } from '../../support/long-running.ts';
import { storedDataSetHash } from '../../support/stored-file.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { phosphor } from '../../support/workstation.ts';

/** Instances that DCMTK heard a success for, by file; `whenHeard` is told how many so far. */
async function storescu(port: number, folder: string, whenHeard: (count: number) => void): Promise<{ code: number; heard: Set<string> }> {
  const args = ['-v', '-xe', '-aec', 'PHOSPHOR', '127.0.0.1', String(port), '+sd', folder];
  const child = spawn('storescu', args, { env: { ...process.env, TCP_NODELAY: '1' }, stdio: ['ignore', 'pipe', 'pipe'] });
  const heard = new Set<string>();
  let rest = '';
  let sending = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('latin1').on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        sending = /Sending file: (\S+)/.exec(line)?.[1] ?? sending;
        if (!line.includes('Received Store Response (Success)')) continue;
        heard.add(sending);
        whenHeard(heard.size);
      }
    });
  }
  const [code] = (await once(child, 'close')) as [number];
  return { code, heard };
}

const COUNT = 250;

test('whatever a peer heard success for stands after kill -9, is listed, verifies, and nothing half is left', {
  timeout: 120_000,
}, async () => {
  await using folder = await temporaryFolder('kill9-listen');
  const profile = join(folder.path, 'profile');
  const port = await freePort();
  await phosphor(['node', 'add', 'SENDER', '--host', '127.0.0.1', '--port', '1', '--ae', 'STORESCU', '--profile', profile]);
  const acknowledged: WrittenInstance[] = [];
  const studies: string[] = [];
  for (const [round, moment] of [1, 40, 160].entries()) {
    const study = `1.2.840.77.${round + 1}`;
    studies.push(study);
    const input = join(folder.path, `in-${round}`);
    const written = await writeSeries(input, { study, count: COUNT, size: 96 });
    await using listening = await startListening(profile, port);
    const { code, heard } = await storescu(port, input, (count) => {
      if (count === moment) void listening.kill('SIGKILL');
    });
    await listening.ended;
    expect(code, 'storescu must have been interrupted, or the kill came too late').not.toBe(0);
    expect(heard.size).toBeGreaterThanOrEqual(moment);
    expect(heard.size).toBeLessThan(COUNT);
    acknowledged.push(...written.filter(({ path }) => heard.has(path)));
  }

  const listed = await phosphor(['list', '--level', 'image', '--profile', profile, '--json']);
  expect(listed.code, listed.stderr).toBe(0);
  const known = new Set(listed.lines.map((line) => line.sopInstanceUID));
  const location = { directory: join(profile, 'archive'), databases: profile, durable: true };
  for (const { path, sopInstanceUID } of acknowledged) {
    expect(known, sopInstanceUID).toContain(sopInstanceUID);
    expect(await storedDataSetHash(locateInstance(location, sopInstanceUID))).toBe(await storedDataSetHash(path));
  }
  expect(await readdir(join(profile, 'archive', 'incoming'))).toEqual([]);
  const verified = await phosphor(['archive', 'verify', '--profile', profile, '--json']);
  expect(verified.code, verified.stdout).toBe(0);
  expect(verified.lines.filter((line) => line.kind === 'problem')).toEqual([]);
  expect(verified.lines.at(-1)).toMatchObject({ outcome: 'success', details: { problems: 0 } });
});
