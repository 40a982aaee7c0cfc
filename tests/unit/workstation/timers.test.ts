import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Upkeep } from '../../../electron/workstation/upkeep.ts';
import { WatchedFolder } from '../../../electron/workstation/watched-folder.ts';
import type { Settings } from '../../../shared/contract/index.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

describe('the upkeep', () => {
  function upkeep(given: { hasTrash?: boolean; cleaning?: boolean; fails?: boolean } = {}) {
    const asked: unknown[] = [];
    const settings = { trashDays: 30, cleaning: { enabled: given.cleaning ?? true } } as Settings;
    const it = new Upkeep({
      settings: () => settings,
      request: async (action) => {
        asked.push(action);
        if (given.fails === true) throw new Error('the disk is away');
      },
      hasTrash: async () => given.hasTrash ?? true,
    });
    return { it, asked };
  }
  const both = [
    { command: 'purge', olderThanDays: 30 },
    { command: 'clean', dryRun: false },
  ];

  it('leaves a start alone, then purges and cleans, and again every six hours', async () => {
    const { it, asked } = upkeep();
    await vi.advanceTimersByTimeAsync(4 * MINUTE);
    expect(asked).toEqual([]);
    await vi.advanceTimersByTimeAsync(MINUTE);
    expect(asked).toEqual(both);
    await vi.advanceTimersByTimeAsync(6 * HOUR);
    expect(asked).toEqual([...both, ...both]);
    it.close();
    await vi.advanceTimersByTimeAsync(24 * HOUR);
    expect(asked).toHaveLength(4);
  });

  it('asks for nothing where there is no trash and no rule, and goes on after a failure', async () => {
    const idle = upkeep({ hasTrash: false, cleaning: false });
    const failing = upkeep({ fails: true });
    await vi.advanceTimersByTimeAsync(7 * HOUR);
    expect(idle.asked).toEqual([]);
    expect(failing.asked).toHaveLength(2);
    idle.it.close();
    failing.it.close();
  });

  it('lets nothing go for good by a clock that has just jumped', async () => {
    const { it, asked } = upkeep({ cleaning: false });
    vi.setSystemTime(Date.now() + 4_000 * 24 * HOUR);
    await vi.advanceTimersByTimeAsync(5 * MINUTE);
    expect(asked).toEqual([]);
    await vi.advanceTimersByTimeAsync(6 * HOUR);
    expect(asked).toHaveLength(1);
    it.close();
  });
});

describe('the watched folder', () => {
  const nothing = { conflict: 0, refused: 0, missing: 0, directories: 0, reasons: {}, inPart: 0, touched: [] };

  function watched(result: () => Promise<unknown>) {
    const looks: unknown[] = [];
    const said: string[] = [];
    const audited: unknown[] = [];
    const settings = { watch: { folder: '/in', move: true, everySeconds: 10 } };
    const cancel = vi.fn();
    const job = (_kind: string, args: unknown) => {
      looks.push(args);
      return { onItems: () => undefined, acknowledge: () => undefined, cancel, done: result() };
    };
    const it = new WatchedFolder({
      archive: { job } as never,
      settings: () => settings as Settings,
      raise: (_, sentence) => {
        said.push(sentence);
        return {} as never;
      },
      imported: async (...told) => void audited.push(told),
    });
    return { it, looks, said, audited, settings, cancel };
  }

  it('is looked at in the time that the settings say, one look at a time, and not when it is closed', async () => {
    const ends: ((summary: unknown) => void)[] = [];
    const { it, looks, settings, cancel } = watched(() => new Promise((resolve) => ends.push(resolve)));
    await vi.advanceTimersByTimeAsync(10_000);
    expect(looks).toEqual([{ folder: '/in', move: true }]);
    await vi.advanceTimersByTimeAsync(100_000);
    expect(looks).toHaveLength(1);
    settings.watch.everySeconds = 60;
    ends[0]?.(nothing);
    await vi.advanceTimersByTimeAsync(59_000);
    expect(looks).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(looks).toHaveLength(2);
    it.close();
    expect(cancel).toHaveBeenCalledOnce();
    ends[1]?.(nothing);
    await vi.advanceTimersByTimeAsync(600_000);
    expect(looks).toHaveLength(2);
  });

  it('is not looked at where there is none', async () => {
    const { it, looks, settings } = watched(async () => nothing);
    settings.watch.folder = '';
    await vi.advanceTimersByTimeAsync(60_000);
    expect(looks).toEqual([]);
    it.close();
  });

  it('that cannot be read is said once, and once more when it was readable between', async () => {
    let fails = true;
    const { it, said } = watched(async () => {
      if (fails) throw new Error('gone');
      return nothing;
    });
    await vi.advanceTimersByTimeAsync(40_000);
    expect(said).toEqual([expect.stringMatching(/cannot be read/)]);
    fails = false;
    await vi.advanceTimersByTimeAsync(10_000);
    fails = true;
    await vi.advanceTimersByTimeAsync(20_000);
    expect(said).toHaveLength(2);
    it.close();
  });

  it('tells the audit trail what came in, and nothing where nothing came', async () => {
    let result: object = nothing;
    const { it, audited } = watched(async () => result);
    await vi.advanceTimersByTimeAsync(10_000);
    result = { ...nothing, imported: 1, touched: [{ studyInstanceUID: '1.2.3', patientID: 'P' }] };
    await vi.advanceTimersByTimeAsync(10_000);
    expect(audited).toEqual([['/in', result]]);
    it.close();
  });

  it('says how much was not taken in, and does not count what was never an image', async () => {
    let result: object = { ...nothing, refused: 2, directories: 1, reasons: { 'not-dicom': 2 } };
    const { it, said } = watched(async () => result);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(said).toEqual([]);
    result = { ...nothing, refused: 2 };
    await vi.advanceTimersByTimeAsync(10_000);
    result = { ...nothing, refused: 1, inPart: 1 };
    await vi.advanceTimersByTimeAsync(10_000);
    expect(said).toEqual([expect.stringMatching(/^2 files/), expect.stringMatching(/“refused”/)]);
    it.close();
  });
});
