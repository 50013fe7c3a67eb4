// What a frame costs the browser, among many others.

import { frames as drawn } from "../testing/member.mjs";
import { costsOf } from "./trace.mjs";
import { onScreen, playsWithNumbers } from "./view.mjs";

const MOST_MS = 12;
const MANY = 150;
const LASTS_MS = 20_000;
const TURN_MS = 500;
const CATEGORIES = ["disabled-by-default-devtools.timeline", "devtools.timeline", "toplevel"];

/** Walks to and fro in the crowd, and strikes. */
export async function frames(browser) {
  const visitor = await playsWithNumbers(browser, "vera", "Vera");
  const { page } = visitor;
  await visitor.until(`${MANY} on the screen`, async () => (await onScreen(page)) >= MANY);
  await drawn(page, 120);
  const seen = [];
  await browser.startTracing(page, { categories: CATEGORIES });
  const endMs = performance.now() + LASTS_MS;
  await page.keyboard.down("Digit1");
  for (let key = "KeyA"; performance.now() < endMs; key = key === "KeyA" ? "KeyD" : "KeyA") {
    await page.keyboard.down(key);
    await page.waitForTimeout(TURN_MS);
    await page.keyboard.up(key);
    seen.push(await onScreen(page));
  }
  const trace = JSON.parse((await browser.stopTracing()).toString());
  await visitor.picture("measured-frames");
  await page.context().close();
  const { script, raster, both, perSecond } = costsOf(trace.traceEvents);
  const average = seen.reduce((sum, one) => sum + one, 0) / seen.length;
  return [
    {
      figure: "script and paint per frame, 1280 × 720",
      measured: `${both.p95.toFixed(1)} ms p95`,
      target: `≤ ${MOST_MS} ms p95`,
      holds: both.p95 <= MOST_MS,
      how:
        `CPU time of all tasks of the page's main thread and of raster, frame by frame, by tracing: median ${both.p50.toFixed(1)} ms; ` +
        `main thread alone ${script.p50.toFixed(1)} / ${script.p95.toFixed(1)}, raster ${raster.p50.toFixed(1)} / ${raster.p95.toFixed(1)} ms p50 / p95; ` +
        `${both.count} frames, ${perSecond.toFixed(0)} a second, ${average.toFixed(0)} figures on the screen on average (${Math.min(...seen)} to ${Math.max(...seen)})`,
    },
  ];
}
