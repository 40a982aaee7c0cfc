import { describe, expect, it } from 'vitest';
import { Item } from '../../../renderer/viewer/dataset/item.ts';
import { cssFromLab } from '../../../renderer/viewer/presentation/lab.ts';
import { readState } from '../../../renderer/viewer/presentation/read-state.ts';
import { graphicPath } from '../../../renderer/viewer/presentation/shapes.ts';
import { type Graphic, refersTo } from '../../../renderer/viewer/presentation/state.ts';
import type { DicomJson, DicomJsonValue } from '../../../shared/contract/index.ts';

const PLACING = { toScreen: { a: 2, b: 0, c: 0, d: 2, e: 10, f: 20 }, area: { left: 0, top: 0, right: 100, bottom: 50 } };

const element = (vr: string, ...Value: DicomJsonValue[]) => ({ vr, Value });
const state = (more: DicomJson) =>
  readState(
    new Item({ '00080016': element('UI', '1.2.840.10008.5.1.4.1.1.11.1'), '00080018': element('UI', '1.2.3'), ...more }),
    () => undefined,
  );
const drawn = (objects: DicomJson): Graphic[] =>
  state({ '00700001': element('SQ', { '00700002': element('CS', 'A'), ...objects }) })?.layers[0]?.annotations[0]?.graphics.slice() ?? [];

describe('graphics of a presentation state', () => {
  it('stand where their units say: in the image, or in the displayed area', () => {
    const [inImage, onDisplay] = drawn({
      '00700009': element(
        'SQ',
        { '00700005': element('CS', 'PIXEL'), '00700022': element('FL', 1, 1, 3, 4), '00700023': element('CS', 'POLYLINE') },
        { '00700005': element('CS', 'DISPLAY'), '00700022': element('FL', 0, 0, 1, 1), '00700023': element('CS', 'POLYLINE') },
      ),
    });
    if (inImage === undefined || onDisplay === undefined) throw new Error('not read');
    expect(graphicPath(inImage, PLACING)).toBe('M12 22L16 28');
    expect(graphicPath(onDisplay, PLACING)).toBe('M10 20L210 120');
  });

  it('of a compound kind are drawn by their simple forms where those are there, else as they are', () => {
    const rectangle = {
      '00700226': element('UL', 7),
      '00700282': element('CS', 'PIXEL'),
      '00700294': element('CS', 'RECTANGLE'),
      '00700022': element('FL', 0, 0, 10, 5),
    };
    const line = {
      '00700226': element('UL', 7),
      '00700005': element('CS', 'PIXEL'),
      '00700023': element('CS', 'POLYLINE'),
      '00700022': element('FL', 0, 0, 10, 0),
    };
    expect(drawn({ '00700209': element('SQ', rectangle), '00700009': element('SQ', line) }).map(({ shape }) => shape)).toEqual([
      'polyline',
    ]);
    const [alone] = drawn({ '00700209': element('SQ', rectangle) });
    if (alone === undefined) throw new Error('not read');
    expect(graphicPath(alone, PLACING)).toBe('M10 20L30 20L30 30L10 30Z');
    const [turned] = drawn({ '00700209': element('SQ', { ...rectangle, '00700230': element('FD', 90), '00700273': element('FL', 0, 0) }) });
    if (turned === undefined) throw new Error('not read');
    expect(graphicPath(turned, PLACING)).toBe('M10 20L10 40L0 40L0 20Z');
  });

  it('that are damaged or too many are left out, and the state says so', () => {
    const broken = { '00700005': element('CS', 'PIXEL'), '00700022': element('FL', 1), '00700023': element('CS', 'CIRCLE') };
    expect(drawn({ '00700009': element('SQ', broken, { '00700023': element('CS', 'SPIRAL') }) })).toEqual([]);
    const many = Array.from({ length: 20_001 }, () => broken);
    expect(state({ '00700001': element('SQ', { '00700009': element('SQ', ...many) }) })?.notApplied).toEqual(['cut']);
  });

  it('say to which frames they belong', () => {
    const images = [
      { sopInstanceUID: '1.2', frames: [0, 4] },
      { sopInstanceUID: '1.3', frames: undefined },
    ];
    expect([refersTo(images, '1.2', 4), refersTo(images, '1.2', 1), refersTo(images, '1.3', 9), refersTo(images, '1.4', 0)]).toEqual([
      true,
      false,
      true,
      false,
    ]);
    expect(refersTo(undefined, '1.4', 0)).toBe(true);
  });

  it('have the colour that their CIELab value means', () => {
    expect(cssFromLab([65_535, 32_896, 32_896])).toBe('rgb(255 255 255)');
    expect(cssFromLab([0, 32_896, 32_896])).toBe('rgb(0 0 0)');
  });
});
