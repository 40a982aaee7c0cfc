import type { StoredObject } from '../../dataset/stored-object.ts';

export type DocumentForm = 'pdf' | 'cda' | 'other';

/** An encapsulated document (PS3.3 C.24.2). */
export interface EncapsulatedDocument {
  readonly form: DocumentForm;
  readonly title: string;
  /** MIME type as the instance names it. */
  readonly type: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Takes a document out of its instance, without the byte that made its length even. Rejects with PhosphorError as fetching does. */
export async function readDocument(object: StoredObject, signal?: AbortSignal): Promise<EncapsulatedDocument> {
  const { root } = object;
  const type = root.string('00420012').slice(0, 128);
  const all = await object.bytes(root, '00420011', signal);
  const form = formOf(all, type);
  const length = root.number('00420015');
  const end = length !== undefined && length > 0 && length <= all.length ? length : form === 'pdf' ? pdfEnd(all) : all.length;
  return { form, title: root.string('00420010'), type, bytes: all.slice(0, end) };
}

function formOf(bytes: Uint8Array, type: string): DocumentForm {
  if (String.fromCharCode(...bytes.subarray(0, 5)) === '%PDF-' || /^application\/pdf$/i.test(type)) return 'pdf';
  return /^text\/xml$|^application\/xml$|hl7-sda|cda/i.test(type) ? 'cda' : 'other';
}

/** A PDF ends behind %%EOF and the end of its line: a NUL that follows is padding. */
function pdfEnd(bytes: Uint8Array): number {
  return bytes.at(-1) === 0 ? bytes.length - 1 : bytes.length;
}

/** How a document's file is called when it is saved: never by anything that the file says. */
export function documentName({ form, type }: EncapsulatedDocument): string {
  if (form === 'pdf') return 'document.pdf';
  if (form === 'cda') return 'document.xml';
  return `document.${ENDINGS[type.toLowerCase()] ?? 'bin'}`;
}

const ENDINGS: Readonly<Partial<Record<string, string>>> = {
  'model/stl': 'stl',
  'application/sla': 'stl',
  'model/obj': 'obj',
  'model/mtl': 'mtl',
  'text/plain': 'txt',
  'image/jpeg': 'jpg',
};
