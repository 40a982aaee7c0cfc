import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { PhosphorError } from '../../shared/contract/index.ts';
import { keepAside, readSmallFile, writeAtomically } from './atomic-file.ts';
import type { RaiseNotice } from './notices.ts';
import type { Sealing } from './types.ts';

export const SECRETS_FILE = 'secrets.json';
const MAX_ENTRIES = 1000;
const MAX_CHARACTERS = 200_000;

/** A secret as it stands on disk: as text, or sealed by the desktop's key ring. */
type Entry = { readonly secret: string } | { readonly sealed: string };
type Entries = ReadonlyMap<string, Entry>;

interface Content {
  /** Node ID → what we show of ourselves to it. */
  readonly nodes: Entries;
  /** Username → passcode of a caller. */
  readonly callers: Entries;
  /** Project of de-identification → its secret. */
  readonly projects: Entries;
}

const EMPTY: Content = { nodes: new Map(), callers: new Map(), projects: new Map() };

/**
 * What nobody else may see, in a file of its own (0600): secrets of nodes, passcodes of callers. They are in no settings, no list of nodes, no log. Every
 * change is on disk before it holds; changes follow one another. A host that can seal does; what it has sealed other hosts cannot read, and ask for a
 * copy of their own.
 */
export class SecretStore {
  readonly #path: string;
  readonly #sealing: Sealing | undefined;
  #content: Content;
  #damaged: boolean;
  #last: Promise<unknown> = Promise.resolve();

  private constructor(path: string, sealing: Sealing | undefined, { content, damaged }: { content: Content; damaged: boolean }) {
    this.#path = path;
    this.#sealing = sealing;
    this.#content = content;
    this.#damaged = damaged;
  }

  /** @throws PhosphorError `storage` when the file exists and cannot be read at all */
  static async read(profile: string, sealing?: Sealing): Promise<SecretStore> {
    const path = join(profile, SECRETS_FILE);
    const text = await readSmallFile(path);
    return new SecretStore(path, sealing, text === undefined ? { content: EMPTY, damaged: false } : interpretSecrets(text));
  }

  /** Keeps a file with mistakes aside and goes on with what is good. */
  async repair(raise: RaiseNotice): Promise<void> {
    if (!this.#damaged) return;
    const kept = await keepAside(this.#path);
    await this.#write(this.#content);
    this.#damaged = false;
    raise('warning', `Some stored secrets could not be read and must be given again. The old file was kept as ${kept}.`);
  }

  /** Undefined where none is stored. @throws PhosphorError `unsupported` (`SECRET_SEALED`) where another host has sealed it */
  ofNode(nodeId: string): string | undefined {
    return this.#open(this.#content.nodes.get(nodeId));
  }

  /** `sealed`: there is one, and this host cannot read it. */
  stateOfNode(nodeId: string): 'absent' | 'stored' | 'sealed' {
    const entry = this.#content.nodes.get(nodeId);
    if (entry === undefined) return 'absent';
    return this.#tryOpen(entry) === undefined ? 'sealed' : 'stored';
  }

  /** null removes it. @throws PhosphorError `storage`, `storage-full`, `limit-exceeded` */
  setOfNode(nodeId: string, secret: string | null): Promise<void> {
    return this.#change((content) => ({ ...content, nodes: this.#with(content.nodes, nodeId, secret) }));
  }

  /**
   * Of a project of de-identification, as hex; made at the first use and never changed, because every pseudonym hangs on it.
   * @throws PhosphorError `unsupported` (`SECRET_SEALED`) where another host has sealed it, `storage`, `storage-full`, `limit-exceeded`
   */
  async ofProject(project: string): Promise<string> {
    await this.#change((content) =>
      content.projects.has(project)
        ? content
        : { ...content, projects: this.#with(content.projects, project, randomBytes(32).toString('hex')) },
    );
    const entry = this.#content.projects.get(project);
    const secret = entry === undefined ? undefined : this.#tryOpen(entry);
    if (secret === undefined) {
      throw new PhosphorError('unsupported', 'the secret of this project was sealed by the desktop window', { code: 'SECRET_SEALED' });
    }
    return secret;
  }

  /** User names in their order. */
  get callers(): readonly string[] {
    return [...this.#content.callers.keys()].sort();
  }

  /** Username → passcode of those that this host can read; how many it cannot. */
  passcodes(): { readonly known: Readonly<Record<string, string>>; readonly sealed: number } {
    const known: [string, string][] = [];
    for (const [username, entry] of this.#content.callers) {
      const passcode = this.#tryOpen(entry);
      if (passcode !== undefined) known.push([username, passcode]);
    }
    return { known: Object.fromEntries(known), sealed: this.#content.callers.size - known.length };
  }

  /** null removes the caller. @throws PhosphorError `storage`, `storage-full`, `limit-exceeded` */
  setCaller(username: string, passcode: string | null): Promise<void> {
    return this.#change((content) => ({ ...content, callers: this.#with(content.callers, username, passcode) }));
  }

  #open(entry: Entry | undefined): string | undefined {
    if (entry === undefined) return undefined;
    const secret = this.#tryOpen(entry);
    if (secret !== undefined) return secret;
    throw new PhosphorError(
      'unsupported',
      'The secret of this PACS was sealed by the desktop window and cannot be read here; `phosphor node secret NAME` stores a copy for this program.',
      { code: 'SECRET_SEALED' },
    );
  }

  #tryOpen(entry: Entry): string | undefined {
    if ('secret' in entry) return entry.secret;
    try {
      return this.#sealing?.unseal(entry.sealed);
    } catch {
      // Sealed under another key ring.
      return undefined;
    }
  }

  #with(entries: Entries, key: string, secret: string | null): Entries {
    const next = new Map(entries);
    if (secret === null) next.delete(key);
    else next.set(key, this.#sealing === undefined ? { secret } : { sealed: this.#sealing.seal(secret) });
    if (next.size > MAX_ENTRIES) throw new PhosphorError('limit-exceeded', 'there are too many secrets');
    return next;
  }

  #change(make: (content: Content) => Content): Promise<void> {
    const change = this.#last.then(async () => {
      const next = make(this.#content);
      if (next === this.#content) return;
      await this.#write(next);
      this.#content = next;
    });
    this.#last = change.catch(() => undefined);
    return change;
  }

  #write({ nodes, callers, projects }: Content): Promise<void> {
    const content = {
      version: 1,
      nodes: Object.fromEntries(nodes),
      callers: Object.fromEntries(callers),
      projects: Object.fromEntries(projects),
    };
    return writeAtomically(this.#path, `${JSON.stringify(content, null, 2)}\n`);
  }
}

function interpretSecrets(text: string): { content: Content; damaged: boolean } {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch {
    return { content: EMPTY, damaged: true };
  }
  if (!isObject(raw)) return { content: EMPTY, damaged: true };
  const nodes = entriesOf(raw.nodes);
  const callers = entriesOf(raw.callers);
  // A file of an earlier version has none.
  const projects = entriesOf(raw.projects ?? {});
  return {
    content: { nodes: nodes.good, callers: callers.good, projects: projects.good },
    damaged: nodes.damaged || callers.damaged || projects.damaged,
  };
}

function entriesOf(raw: unknown): { good: Entries; damaged: boolean } {
  const good = new Map<string, Entry>();
  if (!isObject(raw)) return { good, damaged: true };
  const all = Object.entries(raw);
  for (const [key, value] of all.slice(0, MAX_ENTRIES)) {
    if (!isObject(value)) continue;
    if (isText(value.secret)) good.set(key, { secret: value.secret });
    else if (isText(value.sealed)) good.set(key, { sealed: value.sealed });
  }
  return { good, damaged: good.size < all.length };
}

const isText = (value: unknown): value is string => typeof value === 'string' && value.length > 0 && value.length <= MAX_CHARACTERS;
const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
