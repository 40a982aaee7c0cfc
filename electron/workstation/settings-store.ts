import { join } from 'node:path';
import type { z } from 'zod';
import { type Settings, settings as settingsSchema } from '../../shared/contract/index.ts';
import { keepAside, readSmallFile, writeAtomically } from './atomic-file.ts';
import { parseJsonc } from './jsonc.ts';
import type { RaiseNotice } from './notices.ts';
import { DEFAULT_SETTINGS, settingsText } from './settings-text.ts';

export const SETTINGS_FILE = 'settings.jsonc';

type Overrides = { readonly aeTitle?: string | undefined; readonly port?: number | undefined };
type Reading = { settings: Settings; problems: string[]; unreadable: boolean; exists: boolean };

/**
 * The one commented settings file. Reading changes nothing on disk; `repair` does what reading found to be necessary, once this process
 * holds the profile.
 */
export class SettingsStore {
  readonly #path: string;
  #reading: Reading;
  #saved: Settings;
  #overrides: Overrides;
  #last: Promise<unknown> = Promise.resolve();

  private constructor(path: string, reading: Reading, overrides: Overrides) {
    this.#path = path;
    this.#reading = reading;
    this.#saved = reading.settings;
    this.#overrides = overrides;
  }

  /** @throws PhosphorError `storage` when the file exists and cannot be read at all */
  static async read(profile: string, overrides: Overrides): Promise<SettingsStore> {
    const path = join(profile, SETTINGS_FILE);
    const text = await readSmallFile(path);
    return new SettingsStore(path, interpret(text), overrides);
  }

  /** What holds now: the file, then what the command line says for this run. */
  get current(): Settings {
    const { aeTitle = this.#saved.aeTitle, port = this.#saved.port } = this.#overrides;
    return { ...this.#saved, aeTitle, port };
  }

  /** Keeps a file with mistakes aside, writes a good one, and says so. */
  async repair(raise: RaiseNotice): Promise<void> {
    const { problems, unreadable, exists } = this.#reading;
    if (exists && !unreadable && problems.length === 0) return;
    if (exists) {
      const kept = await keepAside(this.#path);
      if (unreadable) raise('warning', `The settings could not be read, so the defaults are in use. The old file was kept as ${kept}.`);
      else
        raise(
          'warning',
          `Settings that could not be understood fell back to their defaults: ${named(problems)}. The old file was kept as ${kept}.`,
        );
    }
    await writeAtomically(this.#path, settingsText(this.#saved));
  }

  /**
   * Writes the changes first; only then they hold. What was changed by hand is no longer overridden by the command line. Changes asked for at the
   * same moment follow one another, each on what the one before left.
   */
  update(changes: Partial<Settings>): Promise<Settings> {
    const change = this.#last.then(() => this.#change(changes));
    this.#last = change.catch(() => undefined);
    return change;
  }

  async #change(changes: Partial<Settings>): Promise<Settings> {
    const next = { ...this.#saved, ...changes };
    await writeAtomically(this.#path, settingsText(next));
    this.#saved = next;
    this.#overrides = {
      ...(changes.aeTitle === undefined ? { aeTitle: this.#overrides.aeTitle } : {}),
      ...(changes.port === undefined ? { port: this.#overrides.port } : {}),
    };
    return this.current;
  }
}

/** Takes every entry that is good and names those that are not. */
export function interpret(text: string | undefined): Reading {
  if (text === undefined) return { settings: DEFAULT_SETTINGS, problems: [], unreadable: false, exists: false };
  let raw: unknown;
  try {
    raw = parseJsonc(text);
  } catch {
    return { settings: DEFAULT_SETTINGS, problems: [], unreadable: true, exists: true };
  }
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) {
    return { settings: DEFAULT_SETTINGS, problems: [], unreadable: true, exists: true };
  }
  const problems: string[] = [];
  const chosen = choose(settingsSchema.shape, raw, { ...DEFAULT_SETTINGS }, '', problems);
  return { settings: settingsSchema.parse(chosen), problems, unreadable: false, exists: true };
}

type Shape = Readonly<Record<string, z.ZodType>>;

function choose(shape: Shape, raw: object, defaults: Readonly<Record<string, unknown>>, path: string, problems: string[]) {
  const chosen: Record<string, unknown> = {};
  const entries = new Map<string, unknown>(Object.entries(raw));
  for (const [key, schema] of Object.entries(shape)) {
    const value = entries.get(key);
    const inner = shapeOf(schema);
    const fallback = defaults[key];
    if (value === undefined) chosen[key] = fallback;
    else if (inner !== undefined && isObject(value) && isObject(fallback)) {
      chosen[key] = choose(inner, value, fallback, `${path}${key}.`, problems);
    } else {
      const { success, data } = schema.safeParse(value);
      if (!success) problems.push(path + key);
      chosen[key] = success ? data : fallback;
    }
  }
  for (const key of entries.keys()) if (!(key in shape)) problems.push(path + key);
  return chosen;
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);
const shapeOf = (schema: z.ZodType): Shape | undefined => ('shape' in schema ? (schema.shape as Shape) : undefined);

/** Names of entries come from the file: few, short and plain. */
function named(problems: readonly string[]): string {
  const shown = problems.slice(0, 10).map((name) => name.replace(/[^A-Za-z0-9_.-]/g, '?').slice(0, 60));
  return problems.length > shown.length ? `${shown.join(', ')} and ${problems.length - shown.length} more` : shown.join(', ');
}
