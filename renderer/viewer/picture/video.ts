import {
  BufferTarget,
  CanvasSource,
  getFirstEncodableVideoCodec,
  Mp4OutputFormat,
  Output,
  QUALITY_HIGH,
  WebMOutputFormat,
} from 'mediabunny';
import { saySo } from '../dialogs.ts';
import { pixelAspect, type Size } from '../geometry.ts';
import type { Content, ViewerSession } from '../layout/session.ts';
import type { StackFrame } from '../stack.ts';
import { HiddenPane } from './prepare.ts';
import { sayVideo } from './video-words.ts';

/** In the order of how many programs play them; each browser brings encoders of its own. */
const CODECS = ['avc', 'vp9', 'vp8', 'av1'] as const;
/** Longer side, in pixels: what encoders for screens take. */
const LONGEST = 1920;
/** The file is made in memory. */
const MOST_FRAMES = 10_000;

let isAtWork = false;

/**
 * The series of the active pane as a video file, at the rate at which it plays, as it stands there: window, colours, turned and flipped. Without
 * corner text and marks. Always says how it ended; a browser without an encoder says that.
 */
export async function saveVideo(session: ViewerSession): Promise<void> {
  const { active, contents } = session.state.getState();
  const content = contents[active];
  const frames = session.active.frames.filter(({ image }) => image !== undefined);
  if (content === undefined || frames.length < 2) {
    saySo(sayVideo('noFrames'), 'error');
    return;
  }
  if (isAtWork) return;
  isAtWork = true;
  try {
    const made = await record(session, content, frames.slice(0, MOST_FRAMES));
    if (made === undefined) saySo(sayVideo('noEncoder'), 'error');
    else {
      save(made.file, made.name);
      saySo(frames.length > MOST_FRAMES ? sayVideo('cut', { count: MOST_FRAMES }) : sayVideo('saved', { name: made.name }));
    }
  } catch {
    saySo(sayVideo('failed'), 'error');
  } finally {
    isAtWork = false;
  }
}

async function record(
  session: ViewerSession,
  content: Content,
  frames: readonly StackFrame[],
): Promise<{ file: Blob; name: string } | undefined> {
  const { rate } = session.active.view;
  const size = sizeOf(frames, session.active.presentation.rotation % 180 !== 0);
  // Asked anew each time: the answer of the package is remembered.
  if (!('VideoEncoder' in globalThis)) return undefined;
  const codec = await getFirstEncodableVideoCodec([...CODECS], size);
  if (codec === null) return undefined;
  const isMP4 = codec === 'avc';
  const target = new BufferTarget();
  const output = new Output({ format: isMP4 ? new Mp4OutputFormat({ fastStart: 'in-memory' }) : new WebMOutputFormat(), target });
  const canvas = new OffscreenCanvas(size.width, size.height);
  const source = new CanvasSource(canvas, { codec, bitrate: QUALITY_HIGH });
  output.addVideoTrack(source, { frameRate: rate });
  const stage = stageOf(size);
  const hidden = new HiddenPane(session);
  try {
    hidden.pane.attach(stage);
    await output.start();
    for (const [index, { instance, frame }] of frames.entries()) {
      if (index % 10 === 0) saySo(sayVideo('working', { number: index + 1, count: frames.length }));
      await hidden.show({ ...content, sopInstanceUID: instance.sopInstanceUID, frame }, false);
      await drawn();
      copy(stage, canvas);
      await source.add(index / rate, 1 / rate);
    }
    await output.finalize();
  } catch (thrown) {
    await output.cancel();
    throw thrown;
  } finally {
    hidden.close();
    stage.remove();
  }
  if (target.buffer === null) throw new Error('the encoder gave nothing');
  return isMP4
    ? { file: new Blob([target.buffer], { type: 'video/mp4' }), name: 'cine.mp4' }
    : { file: new Blob([target.buffer], { type: 'video/webm' }), name: 'cine.webm' };
}

/** One pixel for one of the image where that fits; even numbers, as encoders want. */
function sizeOf(frames: readonly StackFrame[], isTurned: boolean): Size {
  let [width, height] = [2, 2];
  for (const { image } of frames) {
    if (image === undefined) continue;
    const aspect = pixelAspect(image);
    width = Math.max(width, image.columns * Math.max(1, 1 / aspect));
    height = Math.max(height, image.rows * Math.max(1, aspect));
  }
  const scale = Math.min(1, LONGEST / Math.max(width, height));
  const even = (length: number): number => Math.max(16, Math.round((length * scale) / 2) * 2);
  return isTurned ? { width: even(height), height: even(width) } : { width: even(width), height: even(height) };
}

/** A place to draw that nobody sees; it has to be laid out, or it has no size. */
function stageOf({ width, height }: Size): HTMLDivElement {
  const stage = document.createElement('div');
  stage.ariaHidden = 'true';
  Object.assign(stage.style, {
    position: 'fixed',
    left: '-10000px',
    top: '0',
    width: `${width / devicePixelRatio}px`,
    height: `${height / devicePixelRatio}px`,
    pointerEvents: 'none',
  });
  document.body.append(stage);
  return stage;
}

function copy(stage: HTMLElement, canvas: OffscreenCanvas): void {
  const context = canvas.getContext('2d');
  const from = stage.querySelector('canvas');
  if (context === null || from === null) throw new Error('there is nothing to draw with');
  context.fillStyle = '#000000';
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(from, 0, 0, canvas.width, canvas.height);
}

/** What the canvas still has to draw stands on it after the second frame of the screen. */
async function drawn(): Promise<void> {
  for (let i = 0; i < 2; i++) await new Promise((resolve) => requestAnimationFrame(resolve));
}

function save(file: Blob, name: string): void {
  const url = URL.createObjectURL(file);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // The browser has taken it over by then.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
