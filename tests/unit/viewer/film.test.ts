import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ALL_FORMATS, BlobSource, BufferTarget, Conversion, EncodedPacketSink, Input, MpegTsOutputFormat, Output } from 'mediabunny';
import { describe, expect, it } from 'vitest';
import { canPlay, type FilmData, fetchFilm, filmName } from '../../../renderer/viewer/film/film.ts';
import { toMP4 } from '../../../renderer/viewer/film/remux.ts';
import { frameRanges } from '../../../renderer/viewer/stack.ts';
import { viewFile } from '../../conformance/viewed-file.ts';

const ROOT = process.env.DICOM_TEST_DATA ?? '';

describe.skipIf(ROOT === '')('a film', () => {
  const path = join(ROOT, 'derived/video_h264_high41_mp4.dcm');

  it('is found as one stream, with its coding and container', () => {
    expect(viewFile(path).image?.pixelData).toMatchObject({ encoding: 'video', codec: 'h264', container: 'mp4' });
    expect(viewFile(join(ROOT, 'derived/video_mpeg2_mpml.dcm')).image?.pixelData).toMatchObject({ encoding: 'video', codec: 'mpeg2' });
  });

  it('in MPEG-TS becomes MP4 with every picture it had', { timeout: 120_000 }, async () => {
    const film = filmOf(path);
    const stream = await inTransportStream(film);
    expect(new Uint8Array(await stream.arrayBuffer())[0]).toBe(0x47);
    const again = await toMP4(stream);
    if (again === undefined) throw new Error('not remuxed');
    expect(await packets(again)).toEqual(await packets(film));
  });

  it('that is damaged is none, and nothing is thrown', async () => {
    expect(await toMP4(new Blob([new Uint8Array(5000).fill(0x47)]))).toBeUndefined();
    expect(await toMP4(filmOf(path).slice(0, 3000))).toBeUndefined();
  });
});

describe('a film of any kind', () => {
  const data: FilmData = { encoding: 'video', codec: 'h264', container: 'mp4', fragments: [] };

  it('is played where the window has a decoder for its coding', () => {
    const onlyH264 = (type: string) => (type.includes('avc1') ? 'probably' : '');
    expect([
      canPlay(data, onlyH264),
      canPlay({ ...data, codec: 'hevc' }, onlyH264),
      canPlay({ ...data, codec: 'mpeg2' }, () => 'maybe'),
    ]).toEqual([true, false, false]);
  });

  it('is saved under a name of ours', () => {
    expect([
      filmName(data),
      filmName({ ...data, container: 'mpeg-ts' }),
      filmName({ ...data, container: 'mpeg-ps', codec: 'mpeg2' }),
    ]).toEqual(['film.mp4', 'film.ts', 'film.mpg']);
  });

  it('larger than what the window can hold is refused before a byte is fetched', async () => {
    const huge = { ...data, fragments: [[0, 3 * 1024 ** 3]] as [number, number][] };
    await expect(fetchFilm([], huge, new AbortController().signal)).rejects.toMatchObject({ kind: 'limit-exceeded' });
  });
});

function filmOf(path: string): Blob {
  const { image } = viewFile(path);
  if (image === undefined) throw new Error('no film');
  const file = readFileSync(path);
  return new Blob(frameRanges(image, 0).ranges.map(([offset, length]) => file.subarray(offset, offset + length)));
}

async function inTransportStream(film: Blob): Promise<Blob> {
  const input = new Input({ source: new BlobSource(film), formats: ALL_FORMATS });
  const target = new BufferTarget();
  const output = new Output({ format: new MpegTsOutputFormat(), target });
  const conversion = await Conversion.init({ input, output, audio: { discard: true }, showWarnings: false });
  await conversion.execute();
  return new Blob([target.buffer ?? new ArrayBuffer(0)]);
}

/** Number of coded pictures, and which of them are key pictures. */
async function packets(film: Blob): Promise<{ count: number; keys: number }> {
  const input = new Input({ source: new BlobSource(film), formats: ALL_FORMATS });
  const track = await input.getPrimaryVideoTrack();
  let [count, keys] = [0, 0];
  if (track !== null) {
    for await (const packet of new EncodedPacketSink(track).packets()) {
      count += 1;
      if (packet.type === 'key') keys += 1;
    }
  }
  return { count, keys };
}
