import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { freePort } from '../support/free-port.ts';
import { phosphor, startWorkstation } from '../support/workstation.ts';

/** A workstation with studies in its archive and its window, for measurements. */
export interface ViewerBench extends AsyncDisposable {
  readonly page: Page;
  readonly profile: string;
  /** Where images for the workstation arrive. */
  readonly port: number;
  /** Resident memory of the page's process, MB. */
  rendererMB(): Promise<number>;
  /** The window anew, as it is after a start: no worker has decoded anything. */
  reopen(): Promise<void>;
}

/** The window without a GPU; frames come as fast as they are drawn, so that times are those of the work and not of waiting for 1/60 s. */
export async function openViewerBench(folder: string, files: string): Promise<ViewerBench> {
  const profile = join(folder, 'profile');
  const port = await freePort();
  const workstation = await startWorkstation({ profile, port });
  const imported = await phosphor(['import', files, '--profile', profile]);
  if (imported.code !== 0) throw new Error(`phosphor import: ${imported.stderr}`);
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: [
      ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
      '--disable-gpu',
      '--disable-frame-rate-limit',
      '--disable-gpu-vsync',
      '--no-first-run',
      '--disable-background-networking',
    ],
  });
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, reducedMotion: 'reduce', bypassCSP: true });
  const page = await context.newPage();
  const reopen = async () => {
    await page.goto(await workstation.launchPage());
    await page.locator('[role="grid"]').first().waitFor();
    await page.locator('.study-row').first().waitFor();
    await page.evaluate(METER);
  };
  await reopen();
  return {
    page,
    profile,
    port,
    reopen,
    rendererMB: () => rendererMB(browser),
    [Symbol.asyncDispose]: async () => {
      await browser.close();
      await workstation.stop();
    },
  };
}

async function rendererMB(browser: Browser): Promise<number> {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  await session.detach();
  const sizes = await Promise.all(
    processInfo
      .filter(({ type }) => type === 'renderer')
      .map(async ({ id }) => Number(/VmRSS:\s+(\d+)/.exec(await readFile(`/proc/${id}/status`, 'utf8').catch(() => ''))?.[1] ?? 0) / 1000),
  );
  return Math.max(0, ...sizes);
}

/** How long each input took until its pixels were there, ms: since it happened, and since the browser handed it to the page. */
export interface Latency {
  readonly p50: number;
  readonly p95: number;
  readonly pageP95: number;
  /** Of each input. */
  readonly times: readonly Times[];
}

type Times = readonly [sinceEvent: number, sincePage: number];

/** Meters inside the page: from the event's own time stamp to the raster of every pane that it changes. */
const METER = `(() => {
  const meter = { times: [], panes: 1, started: undefined, seen: new Set(), opened: undefined, complete: undefined };
  globalThis.viewerMeter = meter;
  const begin = (event) => { if (meter.started === undefined) { meter.started = { event: event.timeStamp, page: performance.now() }; meter.seen.clear(); } };
  for (const type of ['wheel', 'pointermove', 'keydown']) document.addEventListener(type, begin, { capture: true, passive: true });
  document.addEventListener('dblclick', (event) => { meter.opened = event.timeStamp; }, true);
  const drawn = (pane) => {
    if (meter.started === undefined) return;
    meter.seen.add(pane);
    if (meter.seen.size < meter.panes) return;
    const { started } = meter;
    const panes = [...meter.seen];
    meter.started = undefined;
    const channel = new MessageChannel();
    // Behind layout and paint of this frame; reading a pixel back waits for the canvas.
    channel.port1.onmessage = () => {
      for (const pane of panes) pane.querySelector('canvas')?.getContext('2d', { desynchronized: true })?.getImageData(0, 0, 1, 1);
      meter.times.push([performance.now() - started.event, performance.now() - started.page]);
    };
    channel.port2.postMessage(0);
  };
  new MutationObserver((changes) => { for (const { target } of changes) drawn(target); }).observe(document, { subtree: true, attributeFilter: ['data-draws'] });
})()`;

/** Sends inputs one by one, each when the one before is on the screen, and tells how long they took. */
export async function latencyOf(page: Page, panes: number, inputs: number, input: (index: number) => Promise<void>): Promise<Latency> {
  await page.evaluate(`viewerMeter.times = []; viewerMeter.started = undefined; viewerMeter.panes = ${panes}`);
  for (let index = 0; index < inputs; index++) {
    await page.evaluate('viewerMeter.started = undefined');
    await input(index);
    await page
      .waitForFunction(`viewerMeter.times.length > ${index} || viewerMeter.started === undefined`, undefined, {
        polling: 5,
        timeout: 2_000,
      })
      .catch(() => undefined);
  }
  const times = (await page.evaluate('viewerMeter.times')) as Times[];
  if (times.length < inputs / 2) throw new Error(`only ${times.length} of ${inputs} inputs changed ${panes} panes`);
  return latency(times);
}

export function latency(times: readonly Times[]): Latency {
  const at = (share: number, which: 0 | 1) => {
    const sorted = times.map((pair) => pair[which]).sort((a, b) => a - b);
    return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
  };
  return { p50: at(0.5, 0), p95: at(0.95, 0), pageP95: at(0.95, 1), times };
}

/**
 * What drawing costs by itself, from its animation frame to its raster, without what led to it and what follows it on the page: middle of what the
 * inputs make, ms.
 */
export async function drawingTime(page: Page, inputs: number, input: (index: number) => Promise<void>): Promise<number> {
  await page.evaluate(`(() => {
    const ask = globalThis.requestAnimationFrame;
    const pane = document.querySelector('.viewer-pane');
    const context = pane.querySelector('canvas').getContext('2d', { desynchronized: true });
    const drawing = { times: [], end: () => { globalThis.requestAnimationFrame = ask; } };
    globalThis.viewerDrawing = drawing;
    globalThis.requestAnimationFrame = (callback) => ask.call(globalThis, (time) => {
      const before = pane.dataset.draws;
      const started = performance.now();
      callback(time);
      if (pane.dataset.draws === before) return;
      context.getImageData(0, 0, 1, 1);
      drawing.times.push(performance.now() - started);
    });
  })()`);
  await latencyOf(page, 1, inputs, input);
  return await page.evaluate<number>('viewerDrawing.end(), viewerDrawing.times.sort((a, b) => a - b)[viewerDrawing.times.length >> 1]');
}

/** The least that drawing such an image can cost: table, canvas, raster, in the same page and at the same size; ms. */
export async function bareDrawing(page: Page, columns: number, rows: number): Promise<number> {
  return await page.evaluate(
    `(() => {
      const [columns, rows] = [${columns}, ${rows}];
      const source = document.querySelector('.viewer-canvas canvas');
      const canvas = document.createElement('canvas');
      canvas.width = source.width; canvas.height = source.height;
      const small = document.createElement('canvas');
      small.width = columns; small.height = rows;
      const [context, inner] = [canvas.getContext('2d', { desynchronized: true }), small.getContext('2d')];
      const samples = Int16Array.from({ length: columns * rows }, (_, i) => (i * 31) & 4095);
      const table = Uint32Array.from({ length: 4096 }, (_, v) => 0xff000000 | ((v >> 4) * 0x010101));
      const image = inner.createImageData(columns, rows);
      const words = new Uint32Array(image.data.buffer);
      const side = Math.min(canvas.width, canvas.height);
      const times = [];
      for (let round = 0; round < 40; round++) {
        const started = performance.now();
        for (let i = 0; i < samples.length; i++) words[i] = table[samples[i]];
        inner.putImageData(image, 0, 0);
        context.drawImage(small, 0, 0, side, side);
        context.getImageData(0, 0, 1, 1);
        times.push(performance.now() - started);
      }
      return times.sort((a, b) => a - b)[20];
    })()`,
  );
}

/**
 * What a wheel event of DevTools takes on a page that does nothing but mark an animation frame: the part of a wheel's times that is not the viewer's.
 */
export async function emptyPageWheel(viewer: Page, inputs: number): Promise<Latency> {
  const page = await viewer.context().newPage();
  await page.setContent('<div class="viewer-pane" style="position: fixed; inset: 0"><canvas width="1" height="1"></canvas></div>');
  await page.evaluate(METER);
  await page.evaluate(`(() => {
    const pane = document.querySelector('.viewer-pane');
    let draws = 0;
    pane.addEventListener('wheel', (event) => {
      event.preventDefault();
      requestAnimationFrame(() => { pane.dataset.draws = String(++draws); });
    }, { passive: false });
  })()`);
  await page.mouse.move(200, 200);
  const latency = await latencyOf(page, 1, inputs, () => page.mouse.wheel(0, 100));
  await page.close();
  await viewer.bringToFront();
  return latency;
}
