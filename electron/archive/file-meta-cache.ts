import { encodeFileMeta } from '../dicom/dataset/index.ts';
import type { ArrivalOrigin, ArrivalWriter } from './types.ts';

interface Made {
  readonly sopClassUID: string;
  readonly transferSyntaxUID: string;
  readonly sourceAETitle: string | undefined;
  readonly uidLength: number;
  readonly bytes: Uint8Array;
  /** Where the SOP Instance UID stands in them. */
  readonly uidAt: number;
}

/** Preamble 128, prefix 4, group length 12, version (OB) 12 + 2, the header of the SOP Class UID (UI) 8. */
const CLASS_UID_AT = 166;
const UI_HEADER = 8;

/**
 * The File Meta Information of instances that follow each other: in a series only the SOP Instance UID differs, mostly not even in its length, so that
 * the bytes of the one before need that UID alone (PS3.10 §7.1).
 */
export class FileMetaCache {
  #made: Made | undefined;

  /** Puts it at the start of `target`; its length. */
  write(target: Uint8Array, announced: Parameters<ArrivalWriter['begin']>[0], origin: ArrivalOrigin): number {
    const { sopClassUID, sopInstanceUID, transferSyntaxUID } = announced;
    const sourceAETitle = origin.kind === 'import' ? undefined : origin.sourceAETitle.trim().slice(0, 16);
    const last = this.#made;
    if (
      last !== undefined &&
      last.uidLength === sopInstanceUID.length &&
      last.sopClassUID === sopClassUID &&
      last.transferSyntaxUID === transferSyntaxUID &&
      last.sourceAETitle === sourceAETitle
    ) {
      target.set(last.bytes);
      for (let i = 0; i < last.uidLength; i += 1) target[last.uidAt + i] = sopInstanceUID.charCodeAt(i);
      return last.bytes.length;
    }
    const bytes = encodeFileMeta({ ...announced, ...(sourceAETitle === undefined ? {} : { sourceAETitle }) });
    const uidAt = CLASS_UID_AT + sopClassUID.length + (sopClassUID.length % 2) + UI_HEADER;
    this.#made = { sopClassUID, transferSyntaxUID, sourceAETitle, uidLength: sopInstanceUID.length, bytes, uidAt };
    target.set(bytes);
    return bytes.length;
  }
}
