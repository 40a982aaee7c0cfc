import { type PacsNodeDraft, pacsNodeDraft } from '../../shared/contract/index.ts';

/** What stands in the form, as typed. */
export interface NodeForm {
  readonly name: string;
  readonly host: string;
  readonly port: string;
  readonly aeTitle: string;
}

export type NodeField = keyof NodeForm;

/** Checks the form by the contract's own schema: the node, or the fields that are wrong. */
export function readForm(form: NodeForm, method: PacsNodeDraft['method']): { draft: PacsNodeDraft } | { wrong: readonly NodeField[] } {
  const port = /^\s*\d{1,5}\s*$/.test(form.port) ? Number(form.port) : Number.NaN;
  const checked = pacsNodeDraft.safeParse({ ...form, port, method });
  if (checked.success) return { draft: checked.data };
  return { wrong: [...new Set(checked.error.issues.map((issue) => issue.path[0] as NodeField))] };
}
