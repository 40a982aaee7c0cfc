import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type CommandResult, type PseudonymMapping, pseudonymMapping, systemCode } from '../../shared/contract/index.ts';
import type { DeIdentificationProjects } from '../actions/types.ts';
import { fileError } from './atomic-file.ts';
import type { SecretStore } from './secrets.ts';

const FOLDER = 'pseudonyms';
const PAGE = 1000;
const MAX_LINES = 1_000_000;

/**
 * Projects of de-identification: a secret for each, and a file (0600, one line per study) of who stands behind its pseudonyms. The name of a project
 * does not become a path; its hash does.
 */
export class Projects implements DeIdentificationProjects {
  readonly #profile: string;
  readonly #secrets: SecretStore;

  constructor(profile: string, secrets: SecretStore) {
    this.#profile = profile;
    this.#secrets = secrets;
  }

  secret(project: string): Promise<string> {
    return this.#secrets.ofProject(project);
  }

  async record(project: string, mapping: PseudonymMapping): Promise<void> {
    try {
      await mkdir(join(this.#profile, FOLDER), { recursive: true, mode: 0o700 });
      const file = await open(this.#file(project), 'a', 0o600);
      try {
        await file.write(`${JSON.stringify(mapping)}\n`);
        await file.sync();
      } finally {
        await file.close();
      }
    } catch (thrown) {
      throw fileError(thrown, 'the list of pseudonyms');
    }
  }

  /** The latest line of each study counts. Rejects with PhosphorError `storage`. */
  async mapping(project: string, offset: number): Promise<CommandResult<'deidentification.mapping'>> {
    const byStudy = new Map<string, PseudonymMapping>();
    try {
      const lines = createInterface({ input: createReadStream(this.#file(project), 'utf8') });
      let count = 0;
      for await (const line of lines) {
        count += 1;
        if (count > MAX_LINES) break;
        const mapping = mappingOf(line);
        if (mapping !== undefined) byStudy.set(mapping.studyInstanceUID, mapping);
      }
    } catch (thrown) {
      if (systemCode(thrown) !== 'ENOENT') throw fileError(thrown, 'the list of pseudonyms');
    }
    return { total: byStudy.size, mappings: [...byStudy.values()].slice(offset, offset + PAGE) };
  }

  #file(project: string): string {
    return join(this.#profile, FOLDER, `${createHash('sha256').update(project, 'utf8').digest('hex').slice(0, 32)}.jsonl`);
  }
}

function mappingOf(line: string): PseudonymMapping | undefined {
  try {
    const checked = pseudonymMapping.safeParse(JSON.parse(line));
    return checked.success ? checked.data : undefined;
  } catch {
    // Cut off by a crash.
    return undefined;
  }
}
