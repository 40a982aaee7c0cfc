import { type ComposeContent, type ComposedItem, MAX_PICTURE_PIECE, PhosphorError } from '../../../shared/contract/index.ts';
import type { Client } from '../../api/types.ts';

/** Bytes whose base64 fills a piece; a multiple of 3, so that pieces join. */
const PIECE_BYTES = (MAX_PICTURE_PIECE / 4) * 3;

/**
 * Has an instance made of what the reader marked, and waits until it is in the archive. Rejects with PhosphorError; where the action itself failed its text is what
 * the workstation says about it.
 */
export async function makeInstance(
  client: Pick<Client, 'invoke' | 'subscribe'>,
  studyInstanceUID: string,
  content: ComposeContent,
  picture?: Uint8Array,
): Promise<ComposedItem> {
  const { contentId } = await client.invoke('compose.hold', { content });
  for (let at = 0; picture !== undefined && at < picture.length; at += PIECE_BYTES) {
    await client.invoke('compose.picture', { contentId, piece: base64(picture.subarray(at, at + PIECE_BYTES)) });
  }
  const made = new Map<string, ComposedItem>();
  const waiting = new Map<string, (failure: string | undefined) => void>();
  const over = new Map<string, string | undefined>();
  const end = client.subscribe((event) => {
    if (event.type === 'ActionItems') {
      for (const item of event.items) if (item.kind === 'composed') made.set(event.actionId, item);
    } else if (event.type === 'ActionComplete' && event.action.command === 'compose') {
      const { diagnosis, outcome } = event;
      const failure = outcome === 'success' ? undefined : [diagnosis?.sentence, diagnosis?.nextStep].filter(Boolean).join(' ');
      over.set(event.actionId, failure);
      waiting.get(event.actionId)?.(failure);
    }
  });
  try {
    const { actionId } = await client.invoke('actions.request', {
      action: { command: 'compose', studyInstanceUID, kind: content.kind, contentId, label: content.title },
      tag: { kind: 'compose' },
    });
    const failure = over.has(actionId)
      ? over.get(actionId)
      : await new Promise<string | undefined>((resolve) => {
          waiting.set(actionId, resolve);
        });
    const item = made.get(actionId);
    if (failure !== undefined || item === undefined) throw new PhosphorError('storage', failure ?? '');
    return item;
  } finally {
    end();
  }
}

function base64(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 0x8000) text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return btoa(text);
}
