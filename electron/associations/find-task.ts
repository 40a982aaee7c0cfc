import type { MatchRow } from '../../shared/contract/index.ts';
import { find, findContexts, MODELS } from '../dicom/services/index.ts';
import { search } from './search.ts';
import { flagsOf, type OperationKind } from './task-control.ts';

/** C-FIND. */
export const findOperation: OperationKind<'find'> = {
  contexts: ({ query, informationModel }) => findContexts(query.level, informationModel),
  extendedNegotiation: flagsOf,
  run: (association, { clocks, query, informationModel, fallbackCharacterSet }, control, report) =>
    search<MatchRow>({
      clocks,
      control,
      deliver: (rows) => report.matches(rows),
      start: (onMatch) =>
        find(association, {
          query,
          ...(informationModel === undefined ? {} : { sopClassUID: MODELS[informationModel].find }),
          ...(fallbackCharacterSet === undefined ? {} : { fallbackCharacterSet }),
          onMatch,
        }),
      isSame: sameRow,
    }),
};

function sameRow(a: MatchRow, b: MatchRow): boolean {
  const other: Readonly<Record<string, unknown>> = { ...b };
  return Object.entries(a).every(([key, value]) => String(value) === String(other[key]));
}
