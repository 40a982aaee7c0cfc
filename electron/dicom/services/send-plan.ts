import { TransferSyntaxUID } from '../dataset/index.ts';
import type { ProposedContext } from '../network/index.ts';
import { LIMITS } from '../network/limits.ts';

/** What has to be known of an instance to plan its sending. */
export interface SendItem {
  readonly sopClassUID: string;
  readonly transferSyntaxUID: string;
}

/** One association's worth of a send. */
export interface SendPart<Item extends SendItem> {
  /** At most 128. */
  readonly contexts: readonly ProposedContext[];
  readonly items: readonly Item[];
}

/**
 * What every instance can be converted to, in the order in which there is room made for it: the default transfer syntax is to be offered wherever
 * that is possible without loss (PS3.5 §10.1).
 */
const FALL_BACKS: readonly string[] = [
  TransferSyntaxUID.ImplicitVRLittleEndian,
  TransferSyntaxUID.ExplicitVRLittleEndian,
  TransferSyntaxUID.DeflatedExplicitVRLittleEndian,
  TransferSyntaxUID.ExplicitVRBigEndian,
];

/**
 * Splits a send into associations of at most 128 presentation contexts (PS3.8 §9.3.2.2). Each SOP class has one context for each of its stored transfer
 * syntaxes, since the acceptor chooses inside a context, and as its fall-backs one context for each uncompressed syntax that is not stored, where the
 * association has room for them: first the default one for every SOP class. Instances keep their order inside a part.
 */
export function sendPlan<Item extends SendItem>(items: readonly Item[]): SendPart<Item>[] {
  const parts: { keys: Map<string, ProposedContext>; items: Item[] }[] = [];
  const partOf = new Map<string, { keys: Map<string, ProposedContext>; items: Item[] }>();
  for (const item of items) {
    const key = keyOf(item);
    let part = partOf.get(key);
    if (part === undefined) {
      part = parts.at(-1);
      if (part === undefined || part.keys.size === LIMITS.presentationContexts) {
        part = { keys: new Map(), items: [] };
        parts.push(part);
      }
      part.keys.set(key, { abstractSyntax: item.sopClassUID, transferSyntaxes: [item.transferSyntaxUID] });
      partOf.set(key, part);
    }
    part.items.push(item);
  }
  return parts.map(({ keys, items: ofPart }) => ({ contexts: withFallBacks(keys), items: ofPart }));
}

function withFallBacks(keys: Map<string, ProposedContext>): ProposedContext[] {
  const contexts = [...keys.values()];
  const abstractSyntaxes = new Set(contexts.map(({ abstractSyntax }) => abstractSyntax));
  for (const transferSyntaxUID of FALL_BACKS) {
    for (const abstractSyntax of abstractSyntaxes) {
      if (contexts.length === LIMITS.presentationContexts) return contexts;
      if (keys.has(keyOf({ sopClassUID: abstractSyntax, transferSyntaxUID }))) continue;
      contexts.push({ abstractSyntax, transferSyntaxes: [transferSyntaxUID] });
    }
  }
  return contexts;
}

function keyOf({ sopClassUID, transferSyntaxUID }: SendItem): string {
  return `${sopClassUID} ${transferSyntaxUID}`;
}
