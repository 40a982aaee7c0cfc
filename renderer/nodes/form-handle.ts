import { type ChangeEvent, useRef, useState } from 'react';
import { t } from '../i18n/index.ts';
import type { Complaint, NodeField, NodeForm } from './draft.ts';

/** The form as its parts see it: what is typed, what is wrong with it, and how to change it. */
export interface FormHandle {
  readonly form: NodeForm;
  change(changes: Partial<NodeForm>): void;
  /** The sentence beside a field, once it was left or submitted. */
  complaint(field: NodeField): string | undefined;
  /** What every field that is typed into has in common; the hint gives way to the complaint. */
  typed(field: NodeField, hint: string): TypedProps;
}

interface TypedProps {
  readonly className: string;
  readonly value: string;
  readonly description: string | undefined;
  readonly error: string | undefined;
  readonly autoComplete: string;
  readonly spellCheck: false;
  readonly inputWrapperOrder: ('label' | 'input' | 'error' | 'description')[];
  readonly ref: (element: HTMLElement | null) => void;
  readonly onBlur: () => void;
  readonly onChange: (event: ChangeEvent<HTMLInputElement | HTMLTextAreaElement>) => void;
}

export interface FormState extends Omit<FormHandle, 'complaint' | 'typed'> {
  /** The handle for these complaints. */
  handle(wrong: ReadonlyMap<NodeField, Complaint>): FormHandle;
  /** From now on each of these fields is criticised. */
  criticise(fields: readonly NodeField[]): void;
  focus(field: NodeField): void;
}

/** Keeps what is typed. `onChange`: an answer that stood there is no longer about this form. */
export function useFormState(initial: () => NodeForm, onChange: () => void): FormState {
  const [form, setForm] = useState(initial);
  const [left, setLeft] = useState<ReadonlySet<NodeField>>(new Set());
  const elements = useRef<Partial<Record<NodeField, HTMLElement | null>>>({});
  const criticise = (fields: readonly NodeField[]): void => setLeft((before) => new Set([...before, ...fields]));
  const change = (changes: Partial<NodeForm>): void => {
    setForm((before) => ({ ...before, ...changes }));
    onChange();
  };
  return {
    form,
    change,
    criticise,
    focus: (field) => elements.current[field]?.focus(),
    handle(wrong) {
      const complaint = (field: NodeField): string | undefined => {
        const why = wrong.get(field);
        return why === undefined || !left.has(field) ? undefined : t(`node.invalid.${why}`);
      };
      return {
        form,
        change,
        complaint,
        typed: (field, hint) => ({
          className: 'editor-field',
          value: form[field],
          description: complaint(field) === undefined ? hint : undefined,
          error: complaint(field),
          autoComplete: 'off',
          spellCheck: false,
          inputWrapperOrder: ['label', 'input', 'error', 'description'],
          ref: (element) => {
            elements.current[field] = element;
          },
          onBlur: () => form[field] !== '' && criticise([field]),
          onChange: (event) => change({ [field]: event.currentTarget.value }),
        }),
      };
    },
  };
}
