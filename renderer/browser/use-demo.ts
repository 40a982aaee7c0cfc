import { useState } from 'react';
import { attempt } from '../app/failure.ts';
import { startDemo } from '../app/node-commands.ts';

/** Starts the demo PACS once; its studies are made on first use, which takes a few seconds. */
export function useDemo(): { starting: boolean; start: () => void } {
  const [starting, setStarting] = useState(false);
  const start = () => {
    setStarting(true);
    attempt(() => startDemo().finally(() => setStarting(false)));
  };
  return { starting, start };
}
