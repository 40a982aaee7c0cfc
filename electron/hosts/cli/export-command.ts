import { resolve } from 'node:path';
import { EXPORT_FIELDS, type ExportRequest, exportRequest, MEDIA_PROFILES, PhosphorError } from '../../../shared/contract/index.ts';
import { contractOf } from '../host-session.ts';
import { deIdentificationFrom } from './edit-commands.ts';
import { type CommandLine, UsageError } from './parse-command-line.ts';
import { readSecret } from './read-secret.ts';
import type { CommandContext } from './run-command.ts';

/** What `phosphor export` asks for. A password is read from standard input and handed over apart from the action. Throws UsageError, PhosphorError. */
export async function exportAction(context: CommandContext): Promise<ExportRequest> {
  const request = requestFrom(context.line);
  if (context.line.options.password !== true) return request;
  if (request.container !== 'zip') throw new UsageError('--password belongs to --zip: only ZIP files are encrypted.');
  const input = context.input();
  if (input === undefined) throw new PhosphorError('invalid-arguments', 'there is no standard input to read the password from');
  const password = await readSecret(input, context.output, 'Password of the ZIP file (not shown), then Enter:');
  const { passwordId } = await contractOf(context.host).invoke('archive.holdPassword', { password });
  return { ...request, passwordId };
}

function requestFrom(line: CommandLine): ExportRequest {
  const { options } = line;
  const list = (value: string | boolean | undefined): string[] | undefined =>
    typeof value === 'string'
      ? value
          .split(',')
          .map((one) => one.trim())
          .filter((one) => one !== '')
      : undefined;
  const lists = {
    patientIDs: list(options['patient-id']),
    studyInstanceUIDs: list(options.study),
    seriesInstanceUIDs: list(options.series),
    sopInstanceUIDs: list(options.instance),
  };
  const selection = Object.fromEntries(Object.entries(lists).filter(([, values]) => values !== undefined));
  if (Object.keys(selection).length === 0) {
    throw new UsageError(
      'Say what to export: --study UID, --series UID, --instance UID or --patient-id ID; several are separated by commas.',
    );
  }
  const { form, pictures } = formOf(options);
  const checked = exportRequest.safeParse({
    command: 'export',
    selection,
    to: resolve(String(options.to)),
    form,
    container: options.zip === true ? 'zip' : 'folder',
    ...(options.template === undefined ? {} : { template: options.template }),
    ...(options['media-profile'] === undefined ? {} : { profile: options['media-profile'] }),
    ...(options.replace === true ? { replace: true } : {}),
    ...(pictures === undefined ? {} : { pictures }),
    ...(options.deidentify === undefined ? {} : { deidentify: { project: options.deidentify, options: deIdentificationFrom(line) } }),
  });
  if (checked.success) return checked.data;
  throw new UsageError(
    PROBLEMS[String(checked.error.issues[0]?.path[0])] ?? 'The export cannot be made like this; `phosphor export --help`.',
  );
}

const PROBLEMS: Readonly<Record<string, string>> = {
  selection: '--study, --series and --instance take UIDs, --patient-id an ID; several are separated by commas.',
  to: '--to names a folder, or with --zip a file.',
  form: '--form is files, media, jpeg, png or tiff.',
  deidentify: '--deidentify names a project of 1 to 64 characters.',
  template: `--template names folders and the file, separated by /, of text and of fields such as {PatientName} or {InstanceNumber:5}: ${Object.keys(EXPORT_FIELDS).join(', ')}.`,
  profile: `--media-profile is one of ${MEDIA_PROFILES.join(', ')}.`,
};

type Pictures = NonNullable<ExportRequest['pictures']>;

function formOf({ form = 'files', text, marks, deep }: CommandLine['options']): { form: unknown; pictures?: Pictures } {
  if (form !== 'jpeg' && form !== 'png' && form !== 'tiff') return { form };
  if (deep === true && form === 'jpeg') throw new UsageError('--deep belongs to png and tiff: JPEG has 8 bits.');
  if (marks !== undefined && marks !== 'yes' && marks !== 'no') throw new UsageError('--marks is yes or no.');
  const drawn = marks === undefined ? {} : { marks: marks === 'yes' };
  return { form: 'images', pictures: { format: form, bits: deep === true ? 16 : 8, quality: 90, cornerText: text === true, ...drawn } };
}
