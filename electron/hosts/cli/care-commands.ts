import type { CleanedItem, Conflict, TrashedStudy } from '../../../shared/contract/index.ts';
import { contractOf } from '../host-session.ts';
import { bytesText, type Column } from './output.ts';
import { UsageError } from './parse-command-line.ts';
import type { CommandContext } from './run-command.ts';
import { dateText, nameText } from './tables.ts';

type ExitCode = 0 | 1 | 2;
type Act = (context: CommandContext, action: Parameters<typeof import('./run-action.ts').runAction>[0]['action']) => Promise<ExitCode>;

const PAGE = 200;

const TRASH_COLUMNS: readonly Column[] = [
  { title: 'Batch', width: 13 },
  { title: 'When', width: 16 },
  { title: 'Why', width: 9 },
  { title: 'Patient', width: 28 },
  { title: 'ID', width: 14 },
  { title: 'Date', width: 10 },
  { title: 'Images', width: 6, right: true },
  { title: 'Size', width: 9, right: true },
  { title: 'Study Instance UID', width: 20 },
];
const CONFLICT_COLUMNS: readonly Column[] = [
  { title: 'No', width: 6, right: true },
  { title: 'Came', width: 16 },
  { title: 'From', width: 16 },
  { title: 'First is of', width: 28 },
  { title: 'Other is of', width: 28 },
  { title: 'SOP Instance UID', width: 44 },
];
export const CLEANED_COLUMNS: readonly Column[] = [
  { title: 'Because', width: 7 },
  { title: 'Last used', width: 16 },
  { title: 'Images', width: 6, right: true },
  { title: 'Size', width: 9, right: true },
  { title: 'Study Instance UID', width: 44 },
];

/** Commands about the trash, second versions and cleaning. `act` starts an action and stays with it. */
export function careCommands(act: Act) {
  return {
    'archive delete': (context: CommandContext) => {
      const { study, series, instance } = context.line.options;
      if (typeof instance === 'string' && typeof series !== 'string') throw new UsageError('--instance needs --series too.');
      const targets = [
        {
          studyInstanceUID: String(study),
          ...(typeof series === 'string' ? { seriesInstanceUID: series } : {}),
          ...(typeof instance === 'string' ? { sopInstanceUID: instance } : {}),
        },
      ];
      return act(context, { command: 'delete', targets });
    },

    'archive restore': (context: CommandContext) => {
      const { study } = context.line.options;
      const one = typeof study === 'string' ? { studyInstanceUID: study } : {};
      const selection = context.line.positionals.map((batch) => ({ batch: batchFrom(batch), ...one }));
      return act(context, { command: 'restore', selection });
    },

    'archive purge': (context: CommandContext) => {
      const { batch, study, 'older-than': olderThan } = context.line.options;
      const one = typeof study === 'string' ? { studyInstanceUID: study } : {};
      const selection = typeof batch === 'string' ? { selection: batch.split(',').map((it) => ({ batch: batchFrom(it), ...one })) } : {};
      const days = typeof olderThan === 'string' ? Number(olderThan) : undefined;
      if (days !== undefined && !(days >= 0)) throw new UsageError('--older-than is a number of days.');
      if (days === undefined && typeof batch !== 'string')
        throw new UsageError('Say what is to go for good: --batch BATCH, or --older-than DAYS.');
      return act(context, { command: 'purge', ...selection, ...(days === undefined ? {} : { olderThanDays: days }) });
    },

    'archive clean': (context: CommandContext) => act(context, { command: 'clean', dryRun: context.line.options['dry-run'] === true }),

    'archive compact': (context: CommandContext) => act(context, { command: 'compact' }),

    async 'archive trash'({ host, output, interrupted }: CommandContext): Promise<ExitCode> {
      let studies = 0;
      for (let offset = 0; !interrupted.aborted; offset += PAGE) {
        const page = await contractOf(host).invoke('archive.trash.list', { offset, limit: PAGE });
        for (const row of page.studies) await output.record(row);
        await output.rows(TRASH_COLUMNS, page.studies.map(trashCells));
        studies += page.studies.length;
        if (offset + PAGE >= page.total) break;
      }
      if (studies === 0) output.say('The trash is empty.');
      await output.record({ ok: true, studies });
      return 0;
    },

    async 'archive conflicts'({ host, output, interrupted }: CommandContext): Promise<ExitCode> {
      let conflicts = 0;
      for (let offset = 0; !interrupted.aborted; offset += PAGE) {
        const page = await contractOf(host).invoke('archive.conflicts.list', { offset, limit: PAGE });
        for (const row of page.conflicts) await output.record(row);
        await output.rows(CONFLICT_COLUMNS, page.conflicts.map(conflictCells));
        conflicts += page.conflicts.length;
        if (offset + PAGE >= page.total) break;
      }
      if (conflicts === 0) output.say('There are no conflicts.');
      await output.record({ ok: true, conflicts });
      return 0;
    },

    async 'archive resolve'({ host, line, output }: CommandContext): Promise<ExitCode> {
      const { keep } = line.options;
      if (keep !== 'first' && keep !== 'other') throw new UsageError('--keep is "first" or "other".');
      for (const number of line.positionals) {
        if (!/^\d{1,15}$/.test(number)) throw new UsageError('A conflict is named by its number; `phosphor archive conflicts` shows it.');
        await contractOf(host).invoke('archive.conflicts.resolve', { conflictId: Number(number), keep });
      }
      output.say(
        keep === 'first'
          ? 'The first version stays; the other is in the trash.'
          : 'The other version took the place of the first, which is in the trash.',
      );
      await output.record({ ok: true, resolved: line.positionals.length });
      return 0;
    },
  };
}

export function cleanedCells({ because, usedAt, instances, bytes, studyInstanceUID }: CleanedItem): string[] {
  return [because, momentText(usedAt), String(instances), bytesText(bytes), studyInstanceUID];
}

function trashCells({ batch, reason, patientName, patientID, studyDate, instances, bytes, studyInstanceUID }: TrashedStudy): string[] {
  const who = [nameText(patientName), patientID, dateText(studyDate)];
  return [String(batch), momentText(batch), reason, ...who, String(instances), bytesText(bytes), studyInstanceUID];
}

function conflictCells({ conflictId, arrivedAt, origin, sourceAETitle, first, other, sopInstanceUID }: Conflict): string[] {
  const whose = (one: Conflict['first']): string => (one === undefined ? '' : `${nameText(one.patientName)} ${one.patientID}`.trim());
  return [String(conflictId), momentText(arrivedAt), sourceAETitle || origin, whose(first), whose(other), sopInstanceUID];
}

function batchFrom(text: string): number {
  if (!/^\d{13}$/.test(text)) throw new UsageError('A batch is named by its number; `phosphor archive trash` shows it.');
  return Number(text);
}

/** Local time to the minute. */
function momentText(milliseconds: number): string {
  const moment = new Date(milliseconds - new Date(milliseconds).getTimezoneOffset() * 60_000);
  return moment.toISOString().slice(0, 16).replace('T', ' ');
}
