import { resolve } from 'node:path';
import { type ActionItem, corrections, deIdentificationOptions, type PseudonymMapping } from '../../../shared/contract/index.ts';
import { contractOf } from '../host-session.ts';
import type { Column, Output } from './output.ts';
import { type CommandLine, UsageError } from './parse-command-line.ts';
import type { CommandContext } from './run-command.ts';

type ExitCode = 0 | 1 | 2;
type Act = (context: CommandContext, action: Parameters<typeof import('./run-action.ts').runAction>[0]['action']) => Promise<ExitCode>;
type EditItem = Extract<ActionItem, { kind: 'change' | 'pixel-warning' | 'instance-failed' }>;

const CHANGE_COLUMNS: readonly Column[] = [
  { title: 'Attribute', width: 34 },
  { title: 'Becomes', width: 8 },
  { title: 'Before', width: 32 },
  { title: 'After', width: 32 },
];
const PIXEL_COLUMNS: readonly Column[] = [
  { title: 'Look at', width: 30 },
  { title: 'SOP Instance UID', width: 64 },
];
const FAILED_COLUMNS: readonly Column[] = [
  { title: 'Why', width: 16 },
  { title: 'SOP Instance UID', width: 64 },
];
const MAPPING_COLUMNS: readonly Column[] = [
  { title: 'Pseudonym', width: 30 },
  { title: 'Patient ID', width: 20 },
  { title: 'Patient', width: 28 },
  { title: 'Days', width: 5, right: true },
  { title: 'New Study Instance UID', width: 44 },
];

/** Commands that make new instances out of others. `act` starts an action and stays with it. */
export function editCommands(act: Act) {
  return {
    deidentify: (context: CommandContext) => {
      const { study, project, preview } = context.line.options;
      return act(context, {
        command: 'deidentify',
        studyInstanceUID: String(study),
        project: String(project),
        options: deIdentificationFrom(context.line),
        ...(preview === true ? { preview: true } : {}),
      });
    },

    async pseudonyms({ host, line, output, interrupted }: CommandContext): Promise<ExitCode> {
      let mappings = 0;
      for (;;) {
        const page = await contractOf(host).invoke('deidentification.mapping', { project: String(line.options.project), offset: mappings });
        for (const mapping of page.mappings) await output.record(mapping);
        await output.rows(MAPPING_COLUMNS, page.mappings.map(mappingCells));
        mappings += page.mappings.length;
        if (mappings >= page.total || page.mappings.length === 0 || interrupted.aborted) break;
      }
      if (mappings === 0) output.say('Nothing was de-identified in this project yet.');
      await output.record({ ok: true, mappings });
      return 0;
    },

    async correct(context: CommandContext): Promise<ExitCode> {
      const changes = corrections.safeParse(changesFrom(context.line));
      if (!changes.success) throw new UsageError(`The correction cannot be made: ${changes.error.issues[0]?.message ?? 'not valid'}.`);
      return await act(context, { command: 'correct', studyInstanceUID: String(context.line.options.study), changes: changes.data });
    },

    'undo-correction': (context: CommandContext) => {
      const correctionId = context.line.positionals[0] ?? '';
      if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(correctionId)) {
        throw new UsageError('A correction is named by the actionId that `phosphor correct --json` ends with.');
      }
      return act(context, { command: 'undo-correction', correctionId });
    },

    wrap: (context: CommandContext) =>
      act(context, {
        command: 'wrap',
        studyInstanceUID: String(context.line.options.study),
        paths: context.line.positionals.map((path) => resolve(path)),
        ...(context.line.options.endoscopic === true ? { endoscopic: true } : {}),
      }),
  };
}

/** Items of these actions as rows. */
export async function printEditItem(output: Output, item: EditItem): Promise<void> {
  await output.record(item);
  if (item.kind === 'change') {
    const cells = [item.keyword || item.path, item.change, item.before, item.after ?? ''];
    await output.rows(CHANGE_COLUMNS, [cells]);
  } else if (item.kind === 'pixel-warning') await output.rows(PIXEL_COLUMNS, [[item.warning, item.sopInstanceUID]]);
  else await output.rows(FAILED_COLUMNS, [[item.error.kind, item.sopInstanceUID]]);
}

/** How a de-identification differs from the Basic Profile. Throws UsageError. */
export function deIdentificationFrom(line: CommandLine) {
  const options = deIdentificationOptions.safeParse(optionsFrom(line));
  if (options.success) return options.data;
  throw new UsageError('--dates is remove, shift or retain; --blank is X,Y,W,H, several parted by semicolons.');
}

function optionsFrom({ options }: CommandLine): Record<string, unknown> {
  const { dates, blank } = options;
  const chosen: Record<string, unknown> = {
    retainUIDs: options['retain-uids'],
    dates,
    retainPatientCharacteristics: options['retain-patient'],
    retainDeviceIdentity: options['retain-device'],
    retainInstitutionIdentity: options['retain-institution'],
    retainSafePrivate: options['retain-private'],
    cleanDescriptors: options['clean-descriptors'],
    cleanStructuredContent: options['clean-structured'],
    cleanGraphics: options['clean-graphics'],
    blank: typeof blank === 'string' ? blank.split(';').map(rectangleFrom) : undefined,
  };
  return Object.fromEntries(Object.entries(chosen).filter(([, value]) => value !== undefined));
}

function rectangleFrom(text: string): Record<string, number> {
  const [x = Number.NaN, y = Number.NaN, width = Number.NaN, height = Number.NaN] = text.split(',').map(Number);
  return { x, y, width, height };
}

function changesFrom({ options }: CommandLine): Record<string, unknown> {
  const chosen: Record<string, unknown> = {
    patientName: options['new-name'],
    patientID: options['new-id'],
    issuerOfPatientID: options['new-issuer'],
    patientBirthDate: options['new-birth-date'],
    patientSex: options['new-sex'],
    accessionNumber: options['new-accession'],
    studyDescription: options['new-description'],
  };
  return Object.fromEntries(Object.entries(chosen).filter(([, value]) => value !== undefined));
}

function mappingCells({ pseudonym, patientID, patientName, days, newStudyInstanceUID }: PseudonymMapping): string[] {
  return [pseudonym, patientID, patientName, String(days), newStudyInstanceUID];
}
