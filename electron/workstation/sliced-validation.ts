import { setImmediate as nextTurn } from 'node:timers/promises';
import { z } from 'zod';
import { mainThreadTasks } from '../actions/index.ts';

/** Work on the main thread between two turns of the event loop. */
const SLICE_MS = 8;
/** Lists up to this length are validated in one go. */
const SHORT_LIST = 64;

/**
 * Validates like `schema.safeParse`, but goes through long lists element by element and lets other work run in between: a manifest of
 * 10,000 instances must not hold the main thread. Resolves with the path of the first mistake, or undefined when all is well.
 */
export async function firstMistake(schema: z.ZodType, value: unknown): Promise<string | undefined> {
  const slices = new Slices();
  try {
    return await check(schema, value, [], slices);
  } finally {
    slices.end();
  }
}

/** Each stretch between two turns is a task of its own on the main thread, and measured as one. */
class Slices {
  #since = performance.now();
  #measured = mainThreadTasks.begin('result validation');

  /** A turn for other work when this stretch is over, else undefined. */
  breathe(): Promise<void> | undefined {
    return performance.now() - this.#since <= SLICE_MS ? undefined : this.#nextTurn();
  }

  async #nextTurn(): Promise<void> {
    this.end();
    await nextTurn();
    this.#since = performance.now();
    this.#measured = mainThreadTasks.begin('result validation');
  }

  end(): void {
    this.#measured();
  }
}

async function check(schema: z.ZodType, value: unknown, path: readonly (string | number)[], slices: Slices): Promise<string | undefined> {
  const inner = unwrap(schema, value);
  if (inner instanceof z.ZodArray && Array.isArray(value) && value.length > SHORT_LIST) {
    // The list's own limits, without its elements.
    const shell = new z.ZodArray({ ...inner.def, element: z.unknown() }).safeParse(value);
    if (!shell.success) return path.join('.');
    const element = inner.element as z.ZodType;
    for (let i = 0; i < value.length; i += 1) {
      const mistake = holdsLongList(value[i])
        ? await check(element, value[i], [...path, i], slices)
        : leaf(element, value[i], [...path, i]);
      if (mistake !== undefined) return mistake;
      const pause = slices.breathe();
      if (pause !== undefined) await pause;
    }
    return undefined;
  }
  if (inner instanceof z.ZodObject && isRecord(value) && holdsLongList(value)) {
    for (const key of Object.keys(value)) if (!(key in inner.shape)) return [...path, key].join('.');
    for (const [key, field] of Object.entries<z.ZodType>(inner.shape)) {
      const mistake = await check(field, value[key], [...path, key], slices);
      if (mistake !== undefined) return mistake;
    }
    return undefined;
  }
  return leaf(schema, value, path);
}

function leaf(schema: z.ZodType, value: unknown, path: readonly (string | number)[]): string | undefined {
  const { success, error } = schema.safeParse(value);
  return success ? undefined : [...path, ...(error.issues[0]?.path ?? [])].join('.');
}

function unwrap(schema: z.ZodType, value: unknown): z.ZodType {
  if (value === undefined || value === null) return schema;
  if (schema instanceof z.ZodDiscriminatedUnion && isRecord(value)) {
    const { discriminator } = schema.def;
    const option = (schema.options as z.ZodType[]).find(
      (it) => it instanceof z.ZodObject && (it.shape[discriminator] as z.ZodType | undefined)?.safeParse(value[discriminator]).success,
    );
    return option === undefined ? schema : option;
  }
  if (schema instanceof z.ZodNullable || schema instanceof z.ZodOptional) return unwrap(schema.unwrap() as z.ZodType, value);
  return schema;
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);

/** Whether a list worth slicing stands in this value or up to three levels below. */
function holdsLongList(value: unknown, depth = 3): boolean {
  if (Array.isArray(value)) return value.length > SHORT_LIST;
  return depth > 0 && isRecord(value) && Object.values(value).some((it) => holdsLongList(it, depth - 1));
}
