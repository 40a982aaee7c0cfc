import { saySo } from '../dialogs.ts';
import type { ViewerSession } from '../layout/session.ts';
import { paintPane } from './paint.ts';
import { sayPicture } from './words.ts';

/** The picture of the active pane goes to the clipboard as PNG. */
export function copyPicture(session: ViewerSession, options: { readonly patient: boolean }): void {
  const pane = paneElement(session.state.getState().active);
  if (pane === undefined || session.active.view.shown === undefined) {
    saySo(sayPicture('nothing'), 'error');
    return;
  }
  const picture = paintPane(pane, options);
  // Handed over as a promise: the click still counts as the reader's while the picture is packed.
  const item = new ClipboardItem({ 'image/png': pngOf(picture) });
  navigator.clipboard.write([item]).then(
    () => saySo(sayPicture(options.patient ? 'copied' : 'copiedWithout')),
    () => saySo(sayPicture('notCopied'), 'error'),
  );
}

export function paneElement(id: string): HTMLElement | undefined {
  return document.querySelector<HTMLElement>(`.viewer-pane[data-pane="${CSS.escape(id)}"]`) ?? undefined;
}

export function pngOf(canvas: HTMLCanvasElement): Promise<Blob> {
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob === null ? reject(new Error('the picture is too large')) : resolve(blob)), 'image/png');
  });
}
