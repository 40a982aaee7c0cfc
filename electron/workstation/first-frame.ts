/** Where in our code something was thrown (`file:line:column`): a place, never a message. */
export function firstFrame(thrown: unknown): string | undefined {
  if (!(thrown instanceof Error)) return undefined;
  return /\(?([^()\s]+:\d+:\d+)\)?/.exec(thrown.stack?.split('\n').find((line) => line.startsWith('    at ')) ?? '')?.[1]?.slice(-200);
}
