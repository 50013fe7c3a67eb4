// Reads a trace of Chromium: what each frame cost, in CPU time of the threads that work for the page.

const MICRO = 1000;

/**
 * @param {any[]} events
 * @returns What each frame cost in milliseconds: `script` on the main thread (scripts, styles, layout, paint), `raster` on the
 *   threads that make pixels, and both together.
 */
export function costsOf(events) {
  const frames = events.filter(({ name, ph }) => name === "FireAnimationFrame" && ph === "X");
  const { pid, tid } = most(frames);
  const own = frames.filter((of) => of.pid === pid && of.tid === tid).sort((a, b) => a.ts - b.ts);
  const tasks = events.filter((of) => of.name === "RunTask" && of.ph === "X" && of.pid === pid && of.tid === tid);
  const rasters = events.filter((of) => of.name === "RasterTask" && of.ph === "X" && of.pid === pid);
  const starts = beginnings(own, tasks);
  const [script, raster] = [sums(starts, tasks), sums(starts, rasters)];
  const seconds = (starts.at(-1) - starts[0]) / MICRO / 1000;
  return {
    script: spread(script),
    raster: spread(raster),
    both: spread(script.map((ms, index) => ms + raster[index])),
    perSecond: script.length / seconds,
  };
}

/** The thread on which most of these happened. */
function most(events) {
  const counts = new Map();
  for (const { pid, tid } of events) {
    const key = `${pid} ${tid}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  const [[key] = []] = [...counts].sort(([, a], [, b]) => b - a);
  if (!key) throw new Error("the trace has no frame");
  const [pid, tid] = key.split(" ").map(Number);
  return { pid, tid };
}

/** A frame begins with the task in which it is drawn. */
function beginnings(frames, tasks) {
  const sorted = tasks.toSorted((a, b) => a.ts - b.ts);
  let at = 0;
  return frames.map(({ ts }) => {
    while (at + 1 < sorted.length && sorted[at + 1].ts <= ts) at += 1;
    const task = sorted[at];
    return task && task.ts <= ts && ts <= task.ts + task.dur ? task.ts : ts;
  });
}

/** What each frame cost: all that began between its beginning and the next one's. */
function sums(starts, tasks) {
  const costs = new Array(starts.length - 1).fill(0);
  const sorted = tasks.toSorted((a, b) => a.ts - b.ts);
  let frame = 0;
  for (const { ts, dur, tdur } of sorted) {
    if (ts < starts[0]) continue;
    while (frame < costs.length && ts >= starts[frame + 1]) frame += 1;
    if (frame === costs.length) break;
    costs[frame] += (tdur ?? dur) / MICRO;
  }
  return costs;
}

function spread(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share) => sorted[Math.min(Math.floor(share * sorted.length), sorted.length - 1)];
  return { p50: at(0.5), p95: at(0.95), count: sorted.length };
}
