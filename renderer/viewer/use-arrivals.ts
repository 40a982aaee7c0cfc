import { useEffect, useReducer } from 'react';
import type { AwaitedFrames } from './awaited-frames.ts';
import type { FrameStore } from './frame-store.ts';

/** How many awaited frames have arrived: what is drawn of them changes with it. They are given up with the component. */
export function useArrivals(store: FrameStore, awaited: AwaitedFrames): number {
  const [arrivals, arrived] = useReducer((count: number) => count + 1, 0);
  useEffect(() => {
    const end = store.subscribe((key) => {
      if (awaited.waitsFor(key)) arrived();
    });
    return () => {
      end();
      awaited.close();
    };
  }, [store, awaited]);
  return arrivals;
}
