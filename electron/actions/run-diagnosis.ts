import type { Diagnosis } from '../../shared/contract/index.ts';
import type { ActionRun } from './action-run.ts';
import { type DiagnosisInput, diagnose } from './diagnosis.ts';
import { localAddressTowards } from './local-address.ts';
import type { TextKey } from './texts.ts';
import type { EngineParts } from './types.ts';

/** Sentences that name no address: nothing is looked up for them. */
const INWARD: ReadonlySet<TextKey> = new Set<TextKey>([
  'cancelled',
  'closed',
  'rowsNotTaken',
  'growing',
  'importRefused',
  'editFailed',
  'studyGone',
  'correctionGone',
  'copyWithUIDs',
  'projectSealed',
  'wrapRefused',
  'pixelWarnings',
  'verifyProblems',
  'restoreProblems',
  'exportFailed',
  'exportFull',
  'exportTarget',
  'exportTaken',
  'exportNothing',
  'exportTooMany',
  'exportPassword',
]);

/** The diagnosis of one action: adds its node, ourselves, and the address under which that node would reach us. */
export async function diagnoseRun(
  run: Pick<ActionRun, 'node'>,
  parts: Pick<EngineParts, 'receiver' | 'settings'>,
  end: DiagnosisInput['end'],
  numbers: Pick<DiagnosisInput, 'received' | 'expected' | 'failed'> = {},
): Promise<Diagnosis> {
  const { node } = run;
  const ownHost =
    node === undefined || ('text' in end && INWARD.has(end.text)) ? undefined : await localAddressTowards(node.host, node.port);
  return diagnose({ node, own: parts.receiver.address(), ownHost, clocks: parts.settings().clocks, end, ...numbers });
}
