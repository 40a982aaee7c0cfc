import { once } from 'node:events';
import fs from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { MessageChannel } from 'node:worker_threads';
import { expect, it, onTestFinished, vi } from 'vitest';
import { createArrivalWriter } from '../../../electron/archive/arrival.ts';
import { IndexWriter } from '../../../electron/archive/index-writer.ts';
import { createLayout, indexFile } from '../../../electron/archive/layout.ts';
import { namesIn, sample, store, temporaryLocation } from './fixtures.ts';

it.each([true, false])(
  'what was acknowledged just before the disk was away for a moment is listed when it is back, though nobody noticed (hard links: %s)',
  async (hardLinks) => {
    const location = temporaryLocation();
    fs.mkdirSync(location.databases, { recursive: true });
    createLayout(location);
    const index = new IndexWriter(location, () => {});
    await index.open('there', false);
    onTestFinished(() => index.close());
    const control = new MessageChannel();
    onTestFinished(() => control.port1.close());
    // Between the two stands one who hears when the index has done with it what it can.
    const [near, far] = [new MessageChannel(), new MessageChannel()];
    const committed = once(far.port2, 'message');
    near.port1.on('message', (message) => far.port2.postMessage(message));
    far.port2.on('message', (message) => near.port1.postMessage(message));
    control.port1.postMessage({ type: 'index', port: near.port2 }, [near.port2]);
    index.attach(far.port1);
    const writer = createArrivalWriter(location, control.port2, { hardLinks });
    onTestFinished(() => writer.close());

    expect((await store(writer, sample('1.2.3.1'))).result).toBe('stored');
    const unplugged = `${location.directory}-unplugged`;
    fs.renameSync(location.directory, unplugged);
    await committed;
    fs.renameSync(unplugged, location.directory);

    const database = new DatabaseSync(indexFile(location), { readOnly: true });
    onTestFinished(() => database.close());
    await vi.waitFor(
      () => {
        expect(database.prepare('SELECT sop_uid FROM instances').all()).toEqual([{ sop_uid: '1.2.3.1' }]);
        expect(namesIn(location, 'incoming')).toEqual([]);
      },
      { timeout: 15_000, interval: 100 },
    );
  },
);
