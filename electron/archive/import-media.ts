import fs from 'node:fs/promises';
import path from 'node:path';
import { PhosphorError } from '../../shared/contract/phosphor-error.ts';
import { directoryFiles } from '../dicom/dataset/index.ts';
import { unreadable } from './scan.ts';

const LONGEST_DIRECTORY = 64 * 1024 * 1024;
/** PS3.10 §8.2 allows 8; foreign media have more. */
const MOST_COMPONENTS = 32;
/** Folders whose names are remembered, and names of one folder. */
const FOLDERS_KEPT = 64;
const MOST_NAMES = 200_000;

/** A file that is not there, as it is shown: none of it becomes a path. */
interface Missing {
  readonly path: string;
  readonly error: PhosphorError;
}

/**
 * What a DICOMDIR names and is not on its medium (PS3.10 §8). Names are found in any case, with `;1` or a dot behind them, with slashes for
 * separators; one that leads out of the medium is not looked for. With `dropped` it is compared with what was dropped with it. `damaged` when the directory, or its tree, cannot be read.
 */
export async function* missingFiles(
  directory: string,
  signal: AbortSignal,
  dropped?: { readonly source: string; readonly folders: NamedFolders },
): AsyncGenerator<Missing | 'damaged'> {
  const root = path.dirname(directory);
  const { source, folders } = dropped ?? { source: directory, folders: new Folders() };
  try {
    const { size } = await fs.stat(source);
    if (size > LONGEST_DIRECTORY) throw new PhosphorError('limit-exceeded', 'the DICOMDIR is too long to be compared with the medium');
    const { fileIDs, damaged } = directoryFiles(await fs.readFile(source));
    if (damaged) yield 'damaged';
    for (const fileID of fileIDs) {
      if (signal.aborted) return;
      const components = fileID.flatMap((component) => component.split('/')).filter((component) => component !== '');
      const shown = path.join(root, ...components.map(harmless));
      if (components.length === 0) continue;
      if (components.length > MOST_COMPONENTS || components.some((component) => !isName(component))) {
        yield { path: shown, error: new PhosphorError('unsupported', 'the DICOMDIR names a file that is not on the medium') };
      } else if (!(await folders.holds(root, components))) {
        yield { path: shown, error: new PhosphorError('not-found', 'the DICOMDIR names a file that is not there') };
      }
    }
  } catch (thrown) {
    if (thrown instanceof PhosphorError) yield 'damaged';
    else yield { path: directory, error: unreadable(thrown) };
  }
}

function isName(component: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
  return component !== '.' && component !== '..' && !/[\u0000-\u001f\\/:]/.test(component);
}

function harmless(component: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
  const text = component.replace(/[\u0000-\u001f\u007f]/g, '\ufffd').slice(0, 64);
  return text === '..' || text === '.' ? '\ufffd' : text;
}

/** Names of folders as media spell them. */
abstract class SpelledFolders {
  async holds(root: string, components: readonly string[]): Promise<boolean> {
    let at = root;
    for (const component of components) {
      const name = (await this.names(at)).get(spelling(component));
      if (name === undefined) return false;
      at = path.join(at, name);
    }
    return true;
  }

  protected abstract names(folder: string): Promise<ReadonlyMap<string, string>>;
}

/** Folders that exist only as a list of names, the top being ''. */
export class NamedFolders extends SpelledFolders {
  readonly #folders: ReadonlyMap<string, readonly string[]>;

  constructor(folders: ReadonlyMap<string, readonly string[]>) {
    super();
    this.#folders = folders;
  }

  protected async names(folder: string): Promise<ReadonlyMap<string, string>> {
    const key = folder === '.' ? '' : folder.split(path.sep).join('/');
    return new Map((this.#folders.get(key) ?? []).map((name) => [spelling(name), name]));
  }
}

class Folders extends SpelledFolders {
  readonly #kept = new Map<string, ReadonlyMap<string, string>>();

  protected async names(folder: string): Promise<ReadonlyMap<string, string>> {
    const known = this.#kept.get(folder);
    if (known !== undefined) return known;
    const names = new Map<string, string>();
    try {
      for await (const entry of await fs.opendir(folder)) {
        // A link could lead anywhere, and is not taken in either.
        if (!entry.isSymbolicLink()) names.set(spelling(entry.name), entry.name);
        if (names.size >= MOST_NAMES) break;
      }
    } catch {
      // No such folder: nothing is in it.
    }
    const [oldest] = this.#kept.keys();
    if (this.#kept.size >= FOLDERS_KEPT && oldest !== undefined) this.#kept.delete(oldest);
    this.#kept.set(folder, names);
    return names;
  }
}

/** ISO 9660 adds a version, and a dot where there is no extension; systems change the case. */
function spelling(name: string): string {
  return name.toUpperCase().replace(/;\d+$/, '').replace(/\.+$/, '');
}
