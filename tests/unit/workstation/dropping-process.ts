import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DropSpool } from '../../../electron/hosts/loopback/drop-spool.ts';
import { openWorkstation } from '../../../electron/workstation/workstation.ts';

// A workstation that is killed while it imports a drop: `dropping-process.ts PROFILE PORT FOLDER`. It writes a line for each file that the window
// has been told of. Another drop is on its way and never comes whole.

const [profile = '', port = '', folder = ''] = process.argv.slice(2);
const workstation = await openWorkstation({ profile, port: Number(port), version: '0' });
workstation.subscribe((event) => {
  if (event.type !== 'ActionItems') return;
  for (const item of event.items) if (item.kind === 'file' && item.result === 'imported') process.stdout.write(`${item.sopInstanceUID}\n`);
});
const spool = new DropSpool(workstation.archive);
const [whole, half] = [await spool.begin(), await spool.begin()];
for (const [index, name] of (await readdir(folder)).entries()) {
  const bytes = await readFile(join(folder, name));
  const part = { number: index + 1, offset: 0, length: bytes.length, size: bytes.length, name: `disc/${name}` };
  await spool.write(whole, part, once(bytes));
  if (index < 5) await spool.write(half, part, once(bytes));
}
await spool.complete(whole);
await workstation.invoke('actions.request', { action: { command: 'import', paths: [], dropId: whole, label: 'disc' }, tag: 'mine' });
process.stdout.write('begun\n');

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
