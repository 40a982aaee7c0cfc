import type { DrawableFrame } from '../../renderer/viewer/decode-messages.ts';
import { storedWindows, type Window } from '../../renderer/viewer/voi.ts';
import type { ImageModule } from '../../shared/contract/index.ts';
import { modalityFunction } from '../../shared/marks/index.ts';

/** The window that the command asked of DCMTK. */
export function windowOf(command: string, { frame, image }: { frame: DrawableFrame; image: ImageModule }): Window | undefined {
  const [, kind, number] = /\+W([il]) (\d+)/.exec(command) ?? [];
  if (kind === 'i') return image.windows[Number(number) - 1];
  if (kind === 'l') return storedWindows(image).find(({ voiLUT }) => voiLUT === Number(number) - 1);
  if (!command.includes('+Wm') || frame.kind === 'colour') return undefined;
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  const samples = frame.exact?.samples ?? frame.levels[0]?.samples ?? new Uint8Array(0);
  for (let i = 0; i < samples.length; i += 1) {
    const sample = samples[i] ?? 0;
    if (sample < low) low = sample;
    if (sample > high) high = sample;
  }
  const toModality = modalityFunction({ ...frame, ...frame.exact });
  const [a, b] = [toModality(low), toModality(high)];
  // DCMTK's window from smallest to largest value (DiMonoImage::setMinMaxWindow).
  return { center: (a + b + 1) / 2, width: Math.abs(b - a) + 1, function: 'LINEAR' };
}
