import { spawn } from 'node:child_process';
import { stopChild } from '../support/orthanc.ts';

/** A screen that nobody sees, for programs that open windows of their own. */
export interface Display extends AsyncDisposable {
  /** What DISPLAY has to be. */
  readonly name: string;
}

/** Starts an X server on a free number; `await using` stops it. */
export async function startDisplay(): Promise<Display> {
  const server = spawn('Xvfb', ['-displayfd', '3', '-screen', '0', '1440x900x24', '-nolisten', 'tcp'], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  });
  const number = await new Promise<string>((resolve, reject) => {
    let text = '';
    server.once('error', reject);
    server.once('exit', (code) => reject(new Error(`Xvfb ended with code ${code}`)));
    server.stdio[3]?.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      if (text.endsWith('\n')) resolve(text.trim());
    });
  });
  return { name: `:${number}`, [Symbol.asyncDispose]: () => stopChild(server) };
}
