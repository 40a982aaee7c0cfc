import { ALL_FORMATS, BlobSource, BufferTarget, Conversion, Input, Mp4OutputFormat, Output } from 'mediabunny';

/**
 * A film in another container (MPEG-TS) as MP4: the coded pictures are copied, none is decoded. Undefined where the container cannot be read
 * or holds no picture that MP4 can.
 */
export async function toMP4(film: Blob): Promise<Blob | undefined> {
  const input = new Input({ source: new BlobSource(film), formats: ALL_FORMATS });
  try {
    const target = new BufferTarget();
    const output = new Output({ format: new Mp4OutputFormat({ fastStart: 'in-memory' }), target });
    // Sound says nothing that a reader needs, and its coding may be one that no browser plays.
    const conversion = await Conversion.init({ input, output, audio: { discard: true }, showWarnings: false });
    if (!conversion.isValid) return undefined;
    await conversion.execute();
    return target.buffer === null ? undefined : new Blob([target.buffer], { type: 'video/mp4' });
  } catch {
    return undefined;
  } finally {
    input.dispose();
  }
}
