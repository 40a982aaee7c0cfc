/** DOM id of a row, for the grid's aria-activedescendant. */
export function domId(rowId: string): string {
  return `row-${rowId.replaceAll(' ', '-')}`;
}
