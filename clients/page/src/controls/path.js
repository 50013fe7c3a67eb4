// The way around what is solid, for who walks to a point. The server knows nothing of it: it is told directions.

/** Tiles that are looked at most: what is farther away is walked to straight. */
const MAX_TILES = 3_000;
const UNITS = 1_024;
/** Whether a line is free is looked at in steps of so many units. */
const STEP = 200;
const STRAIGHT = 10;
const DIAGONAL = 14;
/** How far around a solid goal a free tile is looked for. */
const AROUND = 2;

/** Whether a body can walk straight from a point to another. */
export function isClear(grid, from, to, radius) {
  const steps = Math.ceil(Math.hypot(to.x - from.x, to.y - from.y) / STEP);
  for (let step = 1; step <= steps; step += 1) {
    const at = { x: from.x + ((to.x - from.x) * step) / steps, y: from.y + ((to.y - from.y) * step) / steps };
    if (!grid.isFree({ x: Math.round(at.x), y: Math.round(at.y) }, radius)) return false;
  }
  return true;
}

/**
 * The corners of the way from a point to another, the goal last. Without a way, or a grid, it is straight.
 * @param {import("../../../js/src/index.js").CollisionGrid | null} grid
 * @param {{ x: number, y: number }} from In units.
 * @param {number} radius Of the body, in units.
 */
export function findPath(grid, from, to, radius) {
  if (!grid || isClear(grid, from, to, radius)) return [to];
  const goal = freeTile(grid, tileOf(to));
  const found = goal && search(grid, tileOf(from), goal);
  if (!found) return [to];
  const points = found.map(({ x, y }) => ({ x: (x + 0.5) * UNITS, y: (y + 0.5) * UNITS }));
  const last = points.at(-1) ?? from;
  if (grid.isFree({ x: Math.round(to.x), y: Math.round(to.y) }, radius) && isClear(grid, last, to, radius))
    points.push(to);
  return straighten(grid, from, points, radius);
}

function tileOf({ x, y }) {
  return { x: Math.floor(x / UNITS), y: Math.floor(y / UNITS) };
}

/** The tile itself, or the nearest free one around it; null if there is none. */
function freeTile(grid, { x, y }) {
  let [nearest, least] = [null, Infinity];
  for (let dy = -AROUND; dy <= AROUND; dy += 1) {
    for (let dx = -AROUND; dx <= AROUND; dx += 1) {
      const far = Math.hypot(dx, dy);
      if (far < least && !grid.isSolid(x + dx, y + dy)) [nearest, least] = [{ x: x + dx, y: y + dy }, far];
    }
  }
  return nearest;
}

/** Leaves out the corners that need not be walked to. */
function straighten(grid, from, points, radius) {
  const kept = [];
  let at = from;
  for (let next = 0; next < points.length; next += 1) {
    const beyond = points[next + 1];
    if (beyond && isClear(grid, at, beyond, radius)) continue;
    kept.push(points[next]);
    at = points[next];
  }
  return kept;
}

/** The tiles of the shortest way, without the first one; null if there is none, or it is too far. */
function search(grid, start, goal) {
  const keyOf = ({ x, y }) => y * grid.width + x;
  const costs = new Map([[keyOf(start), 0]]);
  const before = new Map();
  const open = [{ tile: start, cost: 0, total: remaining(start, goal) }];
  for (let looked = 0; open.length > 0 && looked < MAX_TILES; looked += 1) {
    const { tile, cost } = takeLeast(open);
    if (tile.x === goal.x && tile.y === goal.y) return trace(before, tile, keyOf);
    if (cost > costs.get(keyOf(tile))) continue;
    for (const { next, price } of neighbours(grid, tile)) {
      const sum = cost + price;
      if (sum >= (costs.get(keyOf(next)) ?? Infinity)) continue;
      costs.set(keyOf(next), sum);
      before.set(keyOf(next), tile);
      add(open, { tile: next, cost: sum, total: sum + remaining(next, goal) });
    }
  }
  return null;
}

function trace(before, last, keyOf) {
  const tiles = [];
  for (let tile = last; before.has(keyOf(tile)); tile = before.get(keyOf(tile))) tiles.unshift(tile);
  return tiles;
}

function remaining(from, to) {
  const [dx, dy] = [Math.abs(from.x - to.x), Math.abs(from.y - to.y)];
  return STRAIGHT * Math.max(dx, dy) + (DIAGONAL - STRAIGHT) * Math.min(dx, dy);
}

/** The tiles that a body can step to: on a diagonal only where it touches no corner. */
function neighbours(grid, { x, y }) {
  const found = [];
  for (let dy = -1; dy <= 1; dy += 1) {
    for (let dx = -1; dx <= 1; dx += 1) {
      if ((dx === 0 && dy === 0) || grid.isSolid(x + dx, y + dy)) continue;
      const isDiagonal = dx !== 0 && dy !== 0;
      if (isDiagonal && (grid.isSolid(x + dx, y) || grid.isSolid(x, y + dy))) continue;
      found.push({ next: { x: x + dx, y: y + dy }, price: isDiagonal ? DIAGONAL : STRAIGHT });
    }
  }
  return found;
}

// A heap by `total`.

function add(heap, item) {
  let at = heap.push(item) - 1;
  while (at > 0) {
    const parent = (at - 1) >> 1;
    if (heap[parent].total <= item.total) break;
    heap[at] = heap[parent];
    at = parent;
  }
  heap[at] = item;
}

function takeLeast(heap) {
  const [least, last] = [heap[0], heap.pop()];
  if (heap.length === 0) return least;
  let at = 0;
  for (;;) {
    let child = 2 * at + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && heap[child + 1].total < heap[child].total) child += 1;
    if (heap[child].total >= last.total) break;
    heap[at] = heap[child];
    at = child;
  }
  heap[at] = last;
  return least;
}
