import type { Readable } from 'node:stream';
import { PhosphorError } from '../../../shared/contract/index.ts';
import type { Output } from './output.ts';

/** Where a secret comes from: a person at a terminal, or another program's output. Never the command line, which every user of the machine can see. */
export type SecretInput = Readable & { readonly isTTY?: boolean; setRawMode?(on: boolean): unknown };

/** As long as a field of the user identity sub-item can be (PS3.7 D.3.3.7). */
const MAX_BYTES = 65_535;
/** Also Ctrl-D. */
const ENTER = '\r\n\u0004';
const CTRL_C = '\u0003';
const BACKSPACE = '\b\u007f';

/**
 * One secret from standard input: the line that a person types, unseen, or all that another program gives, without its line end.
 * @throws PhosphorError `invalid-arguments` when there is none, `limit-exceeded`, `cancelled`
 */
export async function readSecret(input: SecretInput, output: Output, prompt: string): Promise<string> {
  const secret = input.isTTY && input.setRawMode ? await typed(input, output, prompt) : await piped(input);
  if (secret === '') throw new PhosphorError('invalid-arguments', 'no secret was given on standard input');
  if (Buffer.byteLength(secret) > MAX_BYTES) throw tooLong();
  return secret;
}

async function piped(input: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of input) {
    const bytes = Buffer.from(chunk);
    length += bytes.length;
    if (length > MAX_BYTES + 2) throw tooLong();
    chunks.push(bytes);
  }
  return Buffer.concat(chunks)
    .toString('utf8')
    .replace(/\r?\n$/, '');
}

function typed(input: SecretInput, output: Output, prompt: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let secret = '';
  const onData = (chunk: Buffer | string): void => {
    for (const character of chunk.toString()) {
      if (character === CTRL_C) {
        reject(new PhosphorError('cancelled', 'no secret was given'));
        return;
      }
      if (ENTER.includes(character)) {
        resolve(secret);
        return;
      }
      if (BACKSPACE.includes(character)) secret = [...secret].slice(0, -1).join('');
      else secret += character;
    }
    if (secret.length > MAX_BYTES) reject(tooLong());
  };
  output.warn(prompt);
  input.setRawMode?.(true);
  input.on('data', onData);
  input.once('end', () => resolve(secret));
  return promise.finally(() => {
    input.off('data', onData);
    input.setRawMode?.(false);
    input.pause();
  });
}

function tooLong(): PhosphorError {
  return new PhosphorError('limit-exceeded', 'the secret is longer than the standard allows');
}
