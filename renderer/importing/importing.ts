import { create } from 'zustand';
import { type EventOf, PhosphorError, toErrorData } from '../../shared/contract/index.ts';
import { say, sentenceOf } from '../app/failure.ts';
import { formatCount } from '../app/format.ts';
import { windowClient } from '../app/session.ts';
import { app } from '../app/store.ts';
import { type HandOverProgress, handOver, MOST_FILES } from './hand-over.ts';
import { type Tally, takeItems } from './tally.ts';
import { type Entry, type FoundFile, walk } from './walk.ts';
import { sayImport } from './words.ts';

/** A drop on its way to the host, before it is an action. */
export interface Copying extends HandOverProgress {
  readonly id: number;
  readonly label: string;
  readonly cancel: () => void;
}

interface ImportingState {
  readonly copying: readonly Copying[];
  /** What this window saw of its imports, by action. Changed in place. */
  readonly tallies: Readonly<Record<string, Tally>>;
}

export const useImporting = create<ImportingState>(() => ({ copying: [], tallies: {} }));

const MOST_PATHS = 10_000;
const TALLIES_KEPT = 20;
const SHOW_EVERY_MS = 100;
let copies = 0;

/** Takes in what lies in a drop. The transfer is read before this returns: a browser empties it then. */
export function importDropped(transfer: DataTransfer): void {
  const client = windowClient();
  if (client?.pathsOfDroppedFiles !== undefined) {
    importPaths(client.pathsOfDroppedFiles([...transfer.files]));
    return;
  }
  const { files, entries } = droppedIn(transfer);
  const names = [...entries.map(({ fullPath }) => fullPath.replace(/^\/+/, '')), ...files.map(({ name }) => name)];
  // The drop is answered first: what follows draws the window anew.
  setTimeout(() => copyAndImport((unread) => dropped(files, entries, unread), labelOf(names)));
}

/** Names that no folder has. */
const FILE_NAME = /\.(dcm|dicom|ima|zip|pdf|jpe?g|png|tiff?|bmp|mp4|mpe?g|avi|txt|xml|html?|exe|inf)$/i;

/** To ask whether something is a file or a folder holds the window up for a third of a millisecond each: of thousands only those are asked that may be either. */
function droppedIn(transfer: DataTransfer): { files: readonly File[]; entries: readonly Entry[] } {
  const items = [...transfer.items].filter(({ kind }) => kind === 'file');
  const all = [...transfer.files];
  const isKnown = (index: number): boolean => all.length === items.length && FILE_NAME.test(all[index]?.name ?? '');
  const entries = items.flatMap((item, index) => {
    const entry: Entry | null = isKnown(index) ? null : item.webkitGetAsEntry();
    return entry === null ? [] : [entry];
  });
  return { files: all.filter((_, index) => isKnown(index)), entries };
}

async function* dropped(files: readonly File[], entries: readonly Entry[], unread: () => void): AsyncGenerator<FoundFile> {
  yield* walk(entries, unread);
  yield* picked(files);
}

/** Takes in what a file dialog gave; `isFolder`: all of one folder. */
export function importPicked(files: readonly File[], isFolder: boolean): void {
  const client = windowClient();
  if (files.length === 0) return;
  if (client?.pathsOfDroppedFiles !== undefined) {
    const paths = client.pathsOfDroppedFiles(isFolder ? files.slice(0, 1) : files);
    importPaths(isFolder ? paths.map((path) => folderOf(path, files[0]?.webkitRelativePath ?? '')) : paths);
    return;
  }
  const top = isFolder ? [files[0]?.webkitRelativePath.split('/')[0] ?? ''] : files.map(({ name }) => name);
  copyAndImport(() => picked(files), labelOf(top));
}

/** What a file dialog gave. */
async function* picked(files: readonly File[]): AsyncGenerator<FoundFile> {
  for (const file of files) yield { name: file.webkitRelativePath === '' ? file.name : file.webkitRelativePath, open: async () => file };
}

/** The folder that was picked: the path of a file in it without what is below. */
function folderOf(path: string, relative: string): string {
  const below = relative.length - (relative.split('/')[0] ?? '').length;
  return below <= 0 ? path : path.slice(0, path.length - below);
}

function importPaths(paths: readonly string[]): void {
  if (paths.length === 0) say(sayImport('noPaths'), 'error');
  else if (paths.length > MOST_PATHS) say(sayImport('tooMany', { number: formatCount(MOST_PATHS) }), 'error');
  else void request([...paths], labelOf(paths.map((path) => path.split(/[\\/]/).findLast(Boolean) ?? path))).catch(tell);
}

async function request(paths: string[], label: string, dropId?: string): Promise<void> {
  const client = windowClient();
  if (client === undefined) throw new PhosphorError('connection-lost', 'not connected');
  const action = { command: 'import', paths, label, ...(dropId === undefined ? {} : { dropId }) } as const;
  await client.invoke('actions.request', { action, tag: { kind: 'import' } });
  app.set({ drawerOpen: true });
}

function copyAndImport(found: (unread: () => void) => AsyncIterable<FoundFile>, label: string): void {
  const dropRequest = windowClient()?.dropRequest;
  if (dropRequest === undefined) return;
  copies += 1;
  const id = copies;
  const abort = new AbortController();
  let folders = 0;
  let shownAt = 0;
  const show = (progress: HandOverProgress): void => {
    const now = performance.now();
    if (now - shownAt < SHOW_EVERY_MS) return;
    shownAt = now;
    useImporting.setState(({ copying }) => ({ copying: copying.map((one) => (one.id === id ? { ...one, ...progress } : one)) }));
  };
  const begun: Copying = { id, label, found: 0, done: 0, bytes: 0, isWalking: true, cancel: () => abort.abort() };
  useImporting.setState(({ copying }) => ({ copying: [...copying, begun] }));
  app.set({ drawerOpen: true });
  handOver(
    found(() => {
      folders += 1;
    }),
    dropRequest,
    abort.signal,
    show,
  )
    .then(async ({ dropId, files, unread }) => {
      const left = unread + folders;
      if (left > 0) say(sayImport('unread', { count: left }), 'error');
      else if (files === 0) say(sayImport('empty'), 'error');
      if (files > 0) await request([], label, dropId);
    })
    .catch(tell)
    .finally(() => useImporting.setState(({ copying }) => ({ copying: copying.filter((one) => one.id !== id) })));
}

function tell(thrown: unknown): void {
  const error = toErrorData(thrown);
  if (error.kind === 'cancelled') return;
  const isTooMany = error.kind === 'limit-exceeded';
  say(isTooMany ? sayImport('tooMany', { number: formatCount(MOST_FILES) }) : sentenceOf(error), 'error');
}

/** "STUDY1", "STUDY1 and 2 more". */
function labelOf(names: readonly string[]): string {
  const [first = ''] = names;
  return sayImport('label', { count: names.length, name: first.slice(0, 160), more: names.length - 1 });
}

/** What an import says of its files. */
export function takeImported({ actionId, items }: EventOf<'ActionItems'>): void {
  const files = items.filter((item) => item.kind === 'file');
  if (files.length === 0) return;
  useImporting.setState(({ tallies }) => {
    const { [actionId]: before, ...others } = tallies;
    const kept = Object.entries(others).slice(-(TALLIES_KEPT - 1));
    return { tallies: { ...Object.fromEntries(kept), [actionId]: takeItems(before, files) } };
  });
}
