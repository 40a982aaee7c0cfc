/** A file that was found, with the name that people know: folders and slashes first. */
export interface FoundFile {
  readonly name: string;
  open(): Promise<File>;
}

/** The parts of the browser's FileSystemEntry that are used; tests put others in. */
export interface Entry {
  readonly isFile: boolean;
  readonly isDirectory: boolean;
  readonly fullPath: string;
}
interface FileEntry extends Entry {
  file(found: (file: File) => void, failed: (error: unknown) => void): void;
}
interface DirectoryEntry extends Entry {
  createReader(): { readEntries(found: (entries: Entry[]) => void, failed: (error: unknown) => void): void };
}

const MAX_DEPTH = 128;

/**
 * The files at and below what was dropped, one after the other: a folder's names come in batches of the browser, and never wait in memory for
 * more than the folders on the way down. What cannot be read is counted by `unread`.
 */
export async function* walk(entries: readonly Entry[], unread: () => void): AsyncGenerator<FoundFile> {
  const open: { readonly next: () => Promise<Entry[]>; batch: Entry[] }[] = [{ next: async () => [], batch: [...entries].reverse() }];
  for (let top = open.at(-1); top !== undefined; top = open.at(-1)) {
    const entry = top.batch.pop();
    if (entry === undefined) {
      const more = await top.next().catch(() => {
        unread();
        return [];
      });
      if (more.length === 0) open.pop();
      else top.batch = more.reverse();
    } else if (isFile(entry)) {
      yield { name: entry.fullPath.replace(/^\/+/, ''), open: () => new Promise((resolve, reject) => entry.file(resolve, reject)) };
    } else if (isDirectory(entry) && open.length <= MAX_DEPTH) {
      const reader = entry.createReader();
      open.push({ next: () => new Promise((resolve, reject) => reader.readEntries(resolve, reject)), batch: [] });
    } else unread();
  }
}

function isFile(entry: Entry): entry is FileEntry {
  return entry.isFile;
}

function isDirectory(entry: Entry): entry is DirectoryEntry {
  return entry.isDirectory;
}
