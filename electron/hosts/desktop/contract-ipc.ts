import type { IpcMain, IpcMainEvent, IpcMainInvokeEvent, WebContents } from 'electron';
import { type Contract, count as countSchema, type PhosphorErrorData } from '../../../shared/contract/index.ts';
import { createFeed, type Feed } from '../feed.ts';
import { type Answer, answerMessage } from '../requests.ts';
import { CHANNEL } from './bridge-channels.ts';

const REFUSED: PhosphorErrorData = { kind: 'rejected', message: 'not a window of this workstation', retryable: false };

/**
 * The contract over Electron's IPC. Only the top frame of our own page is heard; everything it says is validated, and a window that does
 * not keep up with events is made to ask for them. Returns the function that ends it.
 */
export function serveContract(
  ipc: Pick<IpcMain, 'handle' | 'on' | 'removeHandler' | 'removeAllListeners'>,
  contract: Contract,
  origin: string,
): () => void {
  const feeds = new Map<WebContents, Feed>();

  const isOurs = ({ senderFrame }: IpcMainEvent | IpcMainInvokeEvent): boolean =>
    senderFrame !== null && senderFrame.parent === null && originOf(senderFrame.url) === origin;

  ipc.handle(CHANNEL.invoke, async (event, command: unknown, args: unknown): Promise<Answer> => {
    const answer = isOurs(event) ? await answerMessage(contract, { kind: 'request', id: 0, command, args }) : undefined;
    if (answer === undefined) return { ok: false, error: REFUSED };
    return answer.ok ? { ok: true, result: answer.result } : { ok: false, error: answer.error };
  });

  ipc.on(CHANNEL.listen, (event) => {
    if (!isOurs(event)) return;
    const { sender } = event;
    if (!feeds.has(sender)) sender.once('destroyed', () => feeds.delete(sender));
    const send = (channel: string, ...data: unknown[]): void => {
      if (!sender.isDestroyed()) sender.send(channel, ...data);
    };
    // A reload listens anew: what the former page left unacknowledged does not count.
    feeds.set(sender, createFeed({ send: (data) => send(CHANNEL.event, data), onSkipped: () => send(CHANNEL.skipped) }));
  });

  ipc.on(CHANNEL.acknowledge, (event, given: unknown) => {
    const count = countSchema.max(100_000).safeParse(given);
    if (isOurs(event) && count.success) feeds.get(event.sender)?.acknowledge(count.data);
  });

  const unsubscribe = contract.subscribe((event) => {
    for (const feed of feeds.values()) feed.push(event);
  });
  return () => {
    unsubscribe();
    ipc.removeHandler(CHANNEL.invoke);
    ipc.removeAllListeners(CHANNEL.listen);
    ipc.removeAllListeners(CHANNEL.acknowledge);
    feeds.clear();
  };
}

/** `pacs://app` of `pacs://app/index.html`; Node's URL calls the origin of an own scheme "null". */
function originOf(url: string): string {
  try {
    const { protocol, host } = new URL(url);
    return `${protocol}//${host}`;
  } catch {
    return '';
  }
}
