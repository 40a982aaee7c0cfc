import { useState } from 'react';
import { screenPixelsPerMillimetre, setScreenPixelsPerMillimetre } from './screen.ts';
import { say } from './words.ts';

/** Length of a bank card (ISO/IEC 7810 ID-1), mm: what everybody has at hand. */
const CARD = 85.6;

/** Tells the viewer how large the screen's pixels are: the bar is made as long as a bank card. */
export function ScreenSize() {
  const [size, setSize] = useState(screenPixelsPerMillimetre());
  const length = Math.round(size.value * CARD);
  return (
    <label className="viewer-screen-size">
      <span className="quiet">{say(size.measured ? 'screenMeasured' : 'screenAssumed')}</span>
      <i style={{ width: length }} />
      <input
        type="range"
        min={150}
        max={1200}
        value={length}
        aria-label={say('screenSize')}
        onKeyDown={(event) => event.stopPropagation()}
        onChange={(event) => {
          setScreenPixelsPerMillimetre(Number(event.currentTarget.value) / CARD);
          setSize(screenPixelsPerMillimetre());
        }}
      />
    </label>
  );
}
