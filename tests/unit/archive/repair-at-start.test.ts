import fs from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { leaveInFlight } from '../../support/in-flight.ts';
import { everything, finished, namesIn, opened, temporaryLocation } from './fixtures.ts';

const COUNT = 1_500;

it('a start after a crash amid many arrivals shows all of them at once, says so, and leaves nothing to the next start', async () => {
  const location = temporaryLocation(false);
  await (await opened(location)).close();
  await leaveInFlight(location, { study: '1.2.3', count: COUNT, size: 16 });
  // Two that were not acknowledged: one still being written, and one of which only the first bytes reached the disk.
  const incoming = path.join(location.directory, 'incoming');
  const [whole = ''] = fs.readdirSync(incoming);
  fs.writeFileSync(path.join(incoming, 'killed-zz.part'), Buffer.alloc(100));
  fs.truncateSync(path.join(incoming, whole), 200);

  const archive = await opened(location);
  const notices: string[] = [];
  archive.onNotice(({ sentence }) => notices.push(sentence));
  expect((await archive.search(everything)).studies).toMatchObject([{ studyInstanceUID: '1.2.3', numberOfInstances: COUNT - 1 }]);
  expect(notices).toEqual([`The last run ended early. ${COUNT - 1} complete arrivals were kept, 2 unfinished ones removed.`]);
  await archive.settled();
  expect(namesIn(location, 'incoming')).toEqual([]);
  expect((await finished(archive.verify())).result).toMatchObject({ checked: COUNT - 1, problems: 0 });
  await archive.close();

  const next = await opened(location);
  next.onNotice(({ sentence }) => notices.push(sentence));
  expect(await next.stats()).toMatchObject({ instances: COUNT - 1 });
  expect(notices).toHaveLength(1);
});
