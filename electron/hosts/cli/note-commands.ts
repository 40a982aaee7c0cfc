import { type Contract, type LocalQuery, label, localQuery, readState } from '../../../shared/contract/index.ts';
import { contractOf } from '../host-session.ts';
import { type CommandLine, UsageError } from './parse-command-line.ts';
import type { CommandContext } from './run-command.ts';

/** What people note on studies: labels, pin, read mark, comments. */
export const NOTE_COMMANDS = {
  /** Changes what is asked for, then shows what stands. */
  async note({ host, line, output }: CommandContext): Promise<0 | 1> {
    const contract = contractOf(host);
    const studyInstanceUID = String(line.options.study);
    const found = async () =>
      (await contract.invoke('archive.search', { query: { studyInstanceUID }, sort: NEWEST, offset: 0, limit: 1 })).studies[0];
    if ((await found()) === undefined) {
      output.warn('This study is not in the archive.');
      await output.record({ ok: false });
      return 1;
    }
    await change(contract, studyInstanceUID, line);
    const { labels = [], pinned = false, readState: state = 'unread' } = (await found()) ?? {};
    const { comments } = await contract.invoke('user.comments.list', { studyInstanceUID });
    output.say(`${state}${pinned ? ', pinned' : ''}${labels.length === 0 ? '' : `; labels: ${labels.join(', ')}`}`);
    for (const { text, createdAt } of comments) output.say(`${new Date(createdAt).toISOString().slice(0, 10)}  ${text}`);
    await output.record({ ok: true, labels, pinned, readState: state, comments });
    return 0;
  },
};

const NEWEST = { by: 'studyDate', descending: true } as const;

async function change(contract: Contract, studyInstanceUID: string, { options }: CommandLine): Promise<void> {
  const { mark, comment, pin, unpin } = options;
  const [add, remove] = [labelsFrom(options['add-label']), labelsFrom(options['remove-label'])];
  const state = readState.optional().safeParse(mark);
  if (!state.success) throw new UsageError('--mark is unread, in-progress or read.');
  if (pin === true && unpin === true) throw new UsageError('Give --pin or --unpin, not both.');
  if (typeof comment === 'string' && (comment.trim() === '' || comment.length > 10_000)) {
    throw new UsageError('A comment has 1 to 10000 characters.');
  }
  if (add.length + remove.length > 0) await contract.invoke('user.labels.change', { targets: [{ studyInstanceUID }], add, remove });
  if (pin === true || unpin === true) {
    await contract.invoke('user.pins.set', { studyInstanceUIDs: [studyInstanceUID], pinned: pin === true });
  }
  if (state.data !== undefined) await contract.invoke('user.read.set', { studyInstanceUIDs: [studyInstanceUID], state: state.data });
  if (typeof comment === 'string') await contract.invoke('user.comments.add', { studyInstanceUID, text: comment });
}

const LOCAL_KEYS = {
  words: 'text',
  referring: 'referringPhysicianName',
  'series-description': 'seriesDescription',
  'body-part': 'bodyPartExamined',
  instance: 'sopInstanceUID',
  sex: 'patientSex',
  age: 'patientAge',
  mark: 'readState',
} as const;

/** What only the local archive can be asked for. Throws UsageError. */
export function localKeysFrom({ options }: CommandLine): Partial<LocalQuery> {
  const keys: Record<string, unknown> = {};
  const optionOf: Record<string, string> = { labels: 'label' };
  for (const [option, key] of Object.entries(LOCAL_KEYS) as [keyof typeof LOCAL_KEYS, string][]) {
    optionOf[key] = option;
    if (options[option] !== undefined) keys[key] = options[option];
  }
  if (options.label !== undefined) keys.labels = labelsFrom(options.label);
  if (options.pinned === true) keys.pinned = true;
  if (options.incomplete === true) keys.incomplete = true;
  const checked = localQuery.safeParse(keys);
  if (checked.success) return checked.data;
  const [issue] = checked.error.issues;
  throw new UsageError(`--${optionOf[String(issue?.path[0])] ?? 'words'} cannot be used: ${issue?.message ?? 'not valid'}.`);
}

function labelsFrom(value: string | boolean | undefined): string[] {
  if (typeof value !== 'string') return [];
  const labels = value.split(',').map((one) => label.safeParse(one));
  if (labels.length > 16 || labels.some(({ success }) => !success)) {
    throw new UsageError('A label has 1 to 64 characters; up to 16 are separated by commas.');
  }
  return labels.flatMap(({ data }) => (data === undefined ? [] : [data]));
}
