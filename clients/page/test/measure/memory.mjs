// Whether the page's memory grows while it is played.

import { growthOf } from "./growth.mjs";
import { memoryOf } from "./heap.mjs";
import { onScreen, playsWithNumbers } from "./view.mjs";

const EVERY_MS = 10_000;
/** So long things are still being filled: pictures, the chat up to its last line. */
const FILLS_MINUTES = 4;
const WINDOWS = ["KeyB", "KeyC", "KeyM", "KeyP"];
const HOUR_MINUTES = 60;
/** So many classes are named of those that have grown. */
const MOST_GROWN = 8;
/** An evening of play at this adds a megabyte: a fortieth of what the canvases of a scene have. */
const MEANT_BYTES = 100_000;
/** What noise may hide at most. Where it hides more the run was too short, and says nothing either way. */
const HIDDEN_BYTES = 10 * MEANT_BYTES;
/** Listeners and nodes of the document weigh a few hundred bytes each. */
const MEANT_COUNT = MEANT_BYTES / 400;

/** Plays on: walks, strikes, opens and closes windows, and counts what is left after each sweep. */
export async function memory(browser, minutes) {
  const visitor = await playsWithNumbers(browser, "vera", "Vera");
  const { page } = visitor;
  const devtools = await page.context().newCDPSession(page);
  for (const domain of ["Performance", "HeapProfiler"]) await devtools.send(`${domain}.enable`);
  const seen = [];
  const beganMs = performance.now();
  const minutesNow = () => (performance.now() - beganMs) / 60_000;
  const samples = [];
  await page.keyboard.down("Digit1");
  for (let turn = 0; minutesNow() < FILLS_MINUTES + minutes; turn += 1) {
    await oneTurn(page, turn);
    if (minutesNow() < FILLS_MINUTES) continue;
    seen.push(await onScreen(page));
    samples.push({ minute: minutesNow(), ...(await memoryOf(devtools)), ...(await countsOf(devtools)) });
  }
  await page.context().close();
  return [verdictOn(samples, { minutes, seen: seen.reduce((sum, one) => sum + one, 0) / seen.length })];
}

/** How many listeners there are, and nodes, also of those that are in no document. */
async function countsOf(devtools) {
  const { metrics } = await devtools.send("Performance.getMetrics");
  const count = (name) => metrics.find((metric) => metric.name === name).value;
  return { nodes: count("Nodes"), listeners: count("JSEventListeners") };
}

/** What the samples say, as a figure: the page's own memory as a whole and by kind. */
export function verdictOn(samples, { minutes, seen }) {
  const lineOf = (of, meant) => growthOf(samples.map((sample) => [sample.minute, of(sample)]), HOUR_MINUTES, meant);
  const inBytes = (name, of, count) => {
    const line = lineOf(of, MEANT_BYTES);
    return { name, ...line, words: `${name}${count === null ? "" : ` (${count.toFixed(0)})`} ${bytesWords(line)}` };
  };
  const averageOf = (of) => samples.reduce((sum, sample) => sum + of(sample), 0) / samples.length;
  const kinds = Object.keys(samples[0].own).map((kind) =>
    inBytes(kind, ({ own }) => own[kind].bytes, averageOf(({ own }) => own[kind].count)),
  );
  const inAll = inBytes("all", ({ own }) => Object.values(own).reduce((sum, { bytes }) => sum + bytes, 0), null);
  const counts = ["nodes", "listeners"].map((name) => {
    const line = lineOf((sample) => sample[name], MEANT_COUNT);
    return { name, ...line, words: `${name} ${line.mean.toFixed(0)}, ${gainWords(line, 1)}` };
  });
  const classes = mostGrown(samples, lineOf);
  const code = inBytes("V8's code", (sample) => sample.code.bytes, null);
  const grown = [inAll, ...kinds, ...counts].filter(({ grows }) => grows);
  const isHidden = inAll.noise > HIDDEN_BYTES;
  const whole = `${gainWords(inAll, 1000)} KB an hour of ${(inAll.mean / 1e6).toFixed(1)} MB`;
  return {
    figure: "memory of the page after an hour of play",
    measured: `${verdictWords(grown, isHidden)} ${whole}`,
    target: "no growth",
    holds: grown.length === 0 && !isHidden,
    how:
      `extrapolated from ${minutes} min after ${FILLS_MINUTES} to fill, ${samples.length} snapshots of the heap, each after a collection, with ` +
      `${seen.toFixed(0)} figures on the screen on average. The page's own, in KB and what the fit adds in an hour, by kind (how many): ` +
      `${[...kinds, ...counts].map(({ words }) => words).join("; ")}. Pixels are those of all canvases. It grows where the gain is more than its ` +
      `noise (three standard errors of the fit, neighbours being alike) and more than ${MEANT_BYTES / 1000} KB, or ${MEANT_COUNT} nodes or listeners, in ` +
      `an hour: less is no more than a megabyte in an evening. Nothing is said where the noise of all is more than ${HIDDEN_BYTES / 1000} KB. Beside it, and not the page's: ${code.words}. ` +
      `Classes that gained most: ${classes.join("; ") || "none"}`,
  };
}

/** Classes whose gain is more than its noise, the largest first. */
function mostGrown(samples, lineOf) {
  const names = new Set(samples.flatMap(({ classes }) => Object.keys(classes)));
  return [...names]
    .map((name) => ({ name, line: lineOf(({ classes }) => classes[name] ?? 0, 0) }))
    .filter(({ line }) => line.grows)
    .sort((one, other) => other.line.gain - one.line.gain)
    .slice(0, MOST_GROWN)
    .map(({ name, line }) => `${name} ${bytesWords(line)}`);
}

function verdictWords(grown, isHidden) {
  if (grown.length > 0) return `grows: ${grown.map(({ name }) => name).join(", ")}; all`;
  return isHidden ? "cannot tell, play for longer:" : "no growth:";
}

function bytesWords(line) {
  return `${(line.mean / 1000).toFixed(0)}, ${gainWords(line, 1000)}`;
}

function gainWords({ gain, noise }, scale) {
  return `${gain < 0 ? "−" : "+"}${Math.abs(gain / scale).toFixed(0)} ± ${(noise / scale).toFixed(0)}`;
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
