// Whether the page's memory grows while it is played.

import { growthOf } from "./growth.mjs";
import { onScreen, playsWithNumbers } from "./view.mjs";

const EVERY_MS = 10_000;
/** So long things are still being filled: pictures, the chat up to its last line. */
const FILLS_MINUTES = 4;
const WINDOWS = ["KeyB", "KeyC", "KeyM", "KeyP"];
const HOUR_MINUTES = 60;

/** Plays on: walks, strikes, opens and closes windows, and counts what is left after each sweep. */
export async function memory(browser, minutes) {
  const visitor = await playsWithNumbers(browser, "vera", "Vera");
  const { page } = visitor;
  const devtools = await page.context().newCDPSession(page);
  await devtools.send("Performance.enable");
  const samples = { JSHeapUsedSize: [], Nodes: [], JSEventListeners: [] };
  const seen = [];
  const beganMs = performance.now();
  const minutesNow = () => (performance.now() - beganMs) / 60_000;
  await page.keyboard.down("Digit1");
  for (let turn = 0; minutesNow() < FILLS_MINUTES + minutes; turn += 1) {
    await oneTurn(page, turn);
    if (minutesNow() < FILLS_MINUTES) continue;
    seen.push(await onScreen(page));
    await devtools.send("HeapProfiler.collectGarbage");
    const { metrics } = await devtools.send("Performance.getMetrics");
    for (const { name, value } of metrics) samples[name]?.push([minutesNow(), value]);
  }
  await page.context().close();
  const average = seen.reduce((sum, one) => sum + one, 0) / seen.length;
  const parts = Object.entries(samples).map(([name, points]) => ({ name, ...growthOf(points, HOUR_MINUTES) }));
  const grown = parts.filter(({ grows }) => grows);
  const words = ({ name, mean, gain, noise }) => {
    const [scale, unit] = name === "JSHeapUsedSize" ? [1e6, " MB"] : [1, ""];
    const digits = scale > 1 ? 1 : 0;
    return `${name} ${(mean / scale).toFixed(digits)}${unit}, by the fit ${gain < 0 ? "−" : "+"}${Math.abs(gain / scale).toFixed(digits)} ± ${(noise / scale).toFixed(digits)}${unit} in an hour`;
  };
  return [
    {
      figure: "memory of the page after an hour of play",
      measured: grown.length === 0 ? "no growth" : `grows: ${grown.map(({ name }) => name).join(", ")}`,
      target: "no growth",
      holds: grown.length === 0,
      how:
        `extrapolated from ${minutes} min after ${FILLS_MINUTES} to fill, ${samples.Nodes.length} samples after a forced collection, ` +
        `${average.toFixed(0)} figures on the screen on average; ${parts.map(words).join("; ")}. It grows where the gain is more than its noise ` +
        `(two standard errors of the fit, neighbours being alike) and more than 5 % of what is there`,
    },
  ];
}

async function oneTurn(page, turn) {
  const key = turn % 2 === 0 ? "KeyA" : "KeyD";
  await page.keyboard.down(key);
  await page.waitForTimeout(600);
  await page.keyboard.up(key);
  const window = WINDOWS[turn % WINDOWS.length];
  await page.keyboard.press(window);
  await page.waitForTimeout(EVERY_MS - 1200);
  await page.keyboard.press(window);
  await page.waitForTimeout(600);
}
