import { formatFigure, formatValue, type Measurement } from './measure.ts';
import type { Annotation } from './model.ts';
import type { MarkWord } from './words.en.ts';

/** The sentence of a catalogue for `key`, with its values filled in. */
export type Say = (key: MarkWord, values?: Readonly<Record<string, string | number>>) => string;

/** What stands beside a mark. */
export function linesOf(annotation: Annotation, measurement: Measurement, say: Say): string[] {
  const { figures, statistics, note, colour } = measurement;
  const lines = annotation.name === '' ? [] : [annotation.name];
  const unit = measurement.valueUnit === '' ? '' : ` ${measurement.valueUnit}`;
  const inline = annotation.kind === 'bidirectional' || figures.some(({ what }) => what === 'across' || what === 'along');
  if (inline) lines.push(figures.map(formatFigure).join(' × '));
  if (statistics !== undefined) {
    lines.push(`${formatValue(short(statistics.mean))} ± ${formatValue(short(statistics.deviation))}${unit}`);
    lines.push(say('range', { low: formatValue(short(statistics.minimum)), high: formatValue(short(statistics.maximum)) }));
  }
  if (!inline) lines.push(...figures.map(formatFigure));
  if (colour !== undefined) lines.push(say('colourValue', { red: colour[0], green: colour[1], blue: colour[2] }));
  if (note !== undefined && figures.length > 0 && annotation.kind !== 'probe') {
    const words = NOTES[note];
    if (words !== undefined) lines.push(say(words));
  }
  return lines.filter((line) => line !== '');
}

const NOTES = { detector: 'atDetector', magnified: 'magnified', byHand: 'calibratedByHand', ultrasound: undefined } as const;

/** Means and deviations to a tenth. */
function short(value: number): number {
  return Math.abs(value) >= 1 ? Math.round(value * 10) / 10 : Number(value.toPrecision(3));
}
