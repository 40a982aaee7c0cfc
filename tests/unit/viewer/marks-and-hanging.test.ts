import { describe, expect, it } from 'vitest';
import { AnnotationStore } from '../../../renderer/viewer/annotations/store.ts';
import { colourWords } from '../../../renderer/viewer/colour-maps.ts';
import { convolve } from '../../../renderer/viewer/filters.ts';
import { History } from '../../../renderer/viewer/history.ts';
import { type HangingRule, hang, ruleFor } from '../../../renderer/viewer/layout/hanging.ts';
import { gridLayout, panesOf } from '../../../renderer/viewer/layout/layout.ts';
import type { OpenStudy } from '../../../renderer/viewer/open-study.ts';
import { isSamePatient } from '../../../renderer/viewer/patient.ts';
import { buildStack } from '../../../renderer/viewer/stack.ts';
import { nextSpineLabel } from '../../../renderer/viewer/tools/spine.ts';
import type { ImageReading, LocalSeries, LocalStudy } from '../../../shared/contract/index.ts';
import type { Annotation } from '../../../shared/marks/index.ts';
import { axialSlice, imageModule, instance } from './frames.ts';

const mark = (id: string, change: Partial<Annotation> = {}): Annotation => ({
  id,
  kind: 'length',
  studyInstanceUID: '1',
  seriesInstanceUID: '1.1',
  sopInstanceUID: '1.1.1',
  frame: 0,
  points: [],
  name: '',
  ...change,
});

describe('marks', () => {
  it('are taken back and repeated, one step each', () => {
    const history = new History();
    const store = new AnnotationStore(history);
    store.put(mark('a'));
    store.put(mark('b'));
    store.put(mark('a', { name: 'Lesion' }));
    store.remove(['b']);
    const names = () => store.snapshot().map(({ id, name }) => `${id}${name}`);
    expect(names()).toEqual(['aLesion']);
    history.undo();
    expect(names()).toEqual(['aLesion', 'b']);
    history.undo();
    expect(names()).toEqual(['a', 'b']);
    history.redo();
    expect(names()).toEqual(['aLesion', 'b']);
    store.put(mark('c'));
    history.redo();
    expect(names(), 'a new step ends what could be repeated').toEqual(['aLesion', 'b', 'c']);
  });

  it('belong to a frame of an instance; one being drawn shows at once and is no step', () => {
    const history = new History();
    const store = new AnnotationStore(history);
    store.put(mark('a'));
    store.put(mark('b', { frame: 3 }));
    expect(store.of('1.1.1', 0).map(({ id }) => id)).toEqual(['a']);
    store.sketch(mark('c'));
    expect(store.of('1.1.1', 0).map(({ id }) => id)).toEqual(['a', 'c']);
    store.sketch(undefined);
    history.undo();
    expect(store.snapshot().map(({ id }) => id)).toEqual(['a']);
  });

  it('of the spine count on in the direction that the reader goes', () => {
    const label = (name: string) => mark(name, { kind: 'spine', name });
    expect(nextSpineLabel([], mark('x'))).toBe('C1');
    expect(nextSpineLabel([label('C7')], mark('x'))).toBe('T1');
    expect(nextSpineLabel([label('L5'), label('L4')], mark('x'))).toBe('L3');
  });
});

describe('colours and filters', () => {
  it('of hot iron go from black over red to white', () => {
    const words = colourWords('hot-iron');
    expect([words[0], words[255]]).toEqual([0xff000000, 0xffffffff]);
    expect((words[100] ?? 0) & 0xff, 'red').toBeGreaterThan(((words[100] ?? 0) >> 8) & 0xff);
  });

  it('smooth to the binomial mean, sharpen away from it, leave flat areas and padding as they are', () => {
    const level = { columns: 3, rows: 3, samples: Int16Array.from([0, 0, 0, 0, 16, 0, 0, 0, 0]) };
    const range = { first: -100, last: 100, padding: undefined };
    expect(convolve(level, 0, range)[4]).toBe(4);
    expect(convolve(level, 1, range)[4]).toBe(28);
    expect(convolve({ ...level, samples: new Int16Array(9).fill(7) }, 1, range)[4]).toBe(7);
    expect(convolve(level, 0, { ...range, padding: 16 })[4]).toBe(16);
  });
});

describe('who is on the screen', () => {
  const study = (change: Partial<LocalStudy>): LocalStudy => ({ ...LOCAL, ...change });

  it('is the same person with another spelling of empty parts, and not with another name or birth date', () => {
    expect(isSamePatient(LOCAL, study({ patientName: { alphabetic: 'DOE^JANE^^' } }))).toBe(true);
    expect(isSamePatient(LOCAL, study({ patientBirthDate: '' }))).toBe(true);
    expect(isSamePatient(LOCAL, study({ patientName: { alphabetic: 'Doe^John' } }))).toBe(false);
    expect(isSamePatient(LOCAL, study({ patientBirthDate: '19600103' }))).toBe(false);
    expect(isSamePatient(LOCAL, study({ patientID: 'other' }))).toBe(false);
  });
});

const LOCAL: LocalStudy = {
  level: 'study',
  studyInstanceUID: '1',
  patientName: { alphabetic: 'Doe^Jane' },
  patientID: 'P1',
  patientBirthDate: '19600102',
  patientSex: 'F',
  studyDate: '20261118',
  studyTime: '',
  accessionNumber: '',
  studyDescription: '',
  referringPhysicianName: { alphabetic: '' },
  studyID: '',
  modalities: [],
  numberOfSeries: 1,
  numberOfInstances: 4,
  bytes: 0,
  arrivedAt: 0,
};

const series = (modality: string, bodyPartExamined = ''): LocalSeries => ({
  level: 'series',
  studyInstanceUID: '1',
  seriesInstanceUID: `1.${modality}`,
  modality,
  seriesDescription: '',
  bodyPartExamined,
  seriesDate: '',
  numberOfInstances: 1,
  bytes: 0,
});

function opened(modality: string, readings: readonly ImageReading[], bodyPart = ''): OpenStudy {
  const instances = readings.map((reading, index) => instance(index + 1, imageModule({ reading })));
  return {
    studyInstanceUID: '1',
    study: LOCAL,
    series: [{ series: series(modality, bodyPart), frames: buildStack({ instances }) }],
    arrival: undefined,
    error: undefined,
    loading: false,
  };
}

describe('hanging', () => {
  const screening = opened('MG', [
    { laterality: 'L', viewPosition: 'MLO' },
    { laterality: 'R', viewPosition: 'CC' },
    { laterality: 'L', viewPosition: 'CC' },
    { laterality: 'R', viewPosition: 'MLO' },
  ]);

  it('puts mammograms in mirrored pairs, whatever their order', () => {
    const rule = ruleFor(screening, []);
    expect(rule === undefined ? [] : panesOf(rule.layout)).toHaveLength(4);
    const hung = rule === undefined ? [] : hang(rule, [screening]);
    expect(hung.map((found) => `${found?.laterality}${found?.view}`)).toEqual(['RCC', 'LCC', 'RMLO', 'LMLO']);
    expect(rule?.slots.map(({ align }) => align)).toEqual(['right', 'left', 'right', 'left']);
  });

  it('puts two radiographs side by side, and leaves a CT in one pane', () => {
    const chest = opened('DX', [{ viewPosition: 'PA' }, { viewPosition: 'LL' }]);
    const rule = ruleFor(chest, []);
    expect(rule === undefined ? [] : hang(rule, [chest]).map((found) => found?.view)).toEqual(['PA', 'LL']);
    const ct = opened('CT', [{}]);
    expect(
      ruleFor({ ...ct, series: [{ series: series('CT'), frames: buildStack({ instances: [instance(1, axialSlice(1))] }) }] }, []),
    ).toBeUndefined();
  });

  it('prefers the reader’s own rule, the one for the body part before the one for all', () => {
    const own = (bodyPart: string, columns: number): HangingRule => ({
      modality: 'MG',
      bodyPart,
      layout: gridLayout(1, columns, ['0', '1', '2'].slice(0, columns)),
      slots: [],
    });
    const breast = { ...screening, series: [{ ...screening.series[0], series: series('MG', 'BREAST') }] } as OpenStudy;
    expect(ruleFor(breast, [own('', 2), own('BREAST', 3)])).toMatchObject({ bodyPart: 'BREAST' });
    expect(ruleFor(screening, [own('BREAST', 3), own('', 2)])).toMatchObject({ bodyPart: '' });
  });

  it('hangs a prior beside the current study once it is there', () => {
    const rule: HangingRule = {
      modality: 'MG',
      bodyPart: '',
      layout: gridLayout(1, 2, ['0', '1']),
      slots: [0, 1].map((prior) => ({ prior, modality: 'MG', laterality: 'R', view: 'CC', plane: '', nth: 0, align: 'centre' }) as const),
    };
    expect(hang(rule, [screening])[1]).toBeUndefined();
    expect(hang(rule, [screening, screening]).map((found) => found?.view)).toEqual(['CC', 'CC']);
  });
});
