import { expect, it } from 'vitest';
import type { Client } from '../../../renderer/api/types.ts';
import type { OpenStudy } from '../../../renderer/viewer/open-study.ts';
import { StudyFeed } from '../../../renderer/viewer/study.ts';
import type { LocalSeries, LocalStudy } from '../../../shared/contract/index.ts';
import { axialSlice, instance } from './frames.ts';

const SERIES = { seriesInstanceUID: '1.2.3.1', modality: 'CT', seriesNumber: 1, numberOfInstances: 500 } as LocalSeries;
const ALL = Array.from({ length: 500 }, (_, i) => instance(i + 1, axialSlice(i)));

/** An archive with one study; counts what it is asked. */
function archive() {
  const asked: { first?: number; known?: number }[] = [];
  const invoke = async (command: string, args: { first?: number; known?: number }) => {
    if (command === 'archive.series') return { series: [SERIES] };
    asked.push(args);
    if (args.known === ALL.length) return { manifest: null };
    return { manifest: { study: {} as LocalStudy, series: SERIES, instances: ALL.slice(0, args.first) } };
  };
  return { asked, client: { invoke, subscribe: () => () => undefined } as unknown as Client };
}

function untilFrames(feed: () => StudyFeed, count: number, changed: { call(): void }): Promise<OpenStudy> {
  return new Promise((resolve) => {
    changed.call = () => {
      if (feed().state.series[0]?.frames.length === count) resolve(feed().state);
    };
  });
}

it('a long series opens with its beginning, and the rest is asked for when the first image is there', async () => {
  const { asked, client } = archive();
  const changed = { call() {} };
  const firstImage = Promise.withResolvers<void>();
  const feed: StudyFeed = new StudyFeed(client, '1.2.3', () => changed.call(), firstImage.promise);
  const beginning = await untilFrames(() => feed, 32, changed);
  expect(asked).toHaveLength(1);
  expect(beginning.beginning).toBe(true);
  const [before] = beginning.series;
  const whole = untilFrames(() => feed, 500, changed);
  firstImage.resolve();
  const { series, beginning: isBeginning } = await whole;
  expect(isBeginning).toBe(false);
  const [after] = series;
  expect(after?.frames.slice(0, 32).map(({ key }) => key)).toEqual(before?.frames.map(({ key }) => key));
  feed.close();
});
