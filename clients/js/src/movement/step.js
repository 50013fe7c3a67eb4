// One step of a circle over the grid: section 8 of the protocol. Bit-identical to the server's.

import { nearestInTile } from "./grid.js";
import { UNITS_PER_TILE, distance, tileOf } from "./position.js";

/** Longest allowed step on each axis: one tile per tick. A longer one is clamped to it. */
export const MAX_STEP_UNITS = UNITS_PER_TILE;
/** Longest part of a step that is resolved at once, so that no wall is passed at any allowed speed. */
const MAX_PART_UNITS = 128;
const CORNERS = [
  [-1, -1],
  [1, -1],
  [-1, 1],
  [1, 1],
];

/**
 * Moves a circle by (`dx`, `dy`) units, sliding along solid tiles.
 * @param {import("./grid.js").CollisionGrid} grid
 * @param {{ x: number, y: number }} from
 * @param {number} radius
 * @param {number} dx
 * @param {number} dy
 * @returns {{ x: number, y: number }}
 */
export function step(grid, from, radius, dx, dy) {
  const clamp = (units) => Math.min(Math.max(units, -MAX_STEP_UNITS), MAX_STEP_UNITS);
  const [wholeX, wholeY] = [clamp(dx), clamp(dy)];
  const parts = Math.floor((Math.max(Math.abs(wholeX), Math.abs(wholeY)) + MAX_PART_UNITS - 1) / MAX_PART_UNITS);
  // The difference of two rounded values, so that the parts add up to the whole.
  const share = (whole, part) => Math.trunc((whole * (part + 1)) / parts) - Math.trunc((whole * part) / parts);
  let at = { x: from.x, y: from.y };
  for (let part = 0; part < parts; part += 1) at = stepPart(grid, at, radius, share(wholeX, part), share(wholeY, part));
  return at;
}

function stepPart(grid, from, radius, dx, dy) {
  const wished = { x: from.x + dx, y: from.y + dy };
  if (grid.isFree(wished, radius)) return wished;
  const pushed = pushFromCorners(grid, pushFromFaces(grid, wished, radius), radius);
  if (grid.isFree(pushed, radius)) return pushed;
  // Pushing did not help, as in a nook: try each axis alone, else stay.
  const alongX = { x: from.x + dx, y: from.y };
  if (grid.isFree(alongX, radius)) return alongX;
  const alongY = { x: from.x, y: from.y + dy };
  return grid.isFree(alongY, radius) ? alongY : from;
}

/**
 * Pushes the circle off the flat sides of tiles. This comes first, because along a wall of several tiles the inner
 * corners would otherwise stop a circle that should slide.
 */
function pushFromFaces(grid, at, radius) {
  const [x, y] = [tileOf(at.x), tileOf(at.y)];
  if (grid.isSolid(x, y)) return at;
  const [west, north] = [x * UNITS_PER_TILE, y * UNITS_PER_TILE];
  const pushed = { x: at.x, y: at.y };
  if (grid.isSolid(x - 1, y)) pushed.x = Math.max(pushed.x, west + radius);
  if (grid.isSolid(x + 1, y)) pushed.x = Math.min(pushed.x, west + UNITS_PER_TILE - radius);
  if (grid.isSolid(x, y - 1)) pushed.y = Math.max(pushed.y, north + radius);
  if (grid.isSolid(x, y + 1)) pushed.y = Math.min(pushed.y, north + UNITS_PER_TILE - radius);
  return pushed;
}

/** Pushes the circle off corners, along the line from the corner to its centre. */
function pushFromCorners(grid, from, radius) {
  const [x, y] = [tileOf(from.x), tileOf(from.y)];
  let at = from;
  for (const [sideX, sideY] of CORNERS) {
    if (!grid.isSolid(x + sideX, y + sideY)) continue;
    const corner = nearestInTile(at, x + sideX, y + sideY);
    const apart = distance(at, corner);
    if (apart === 0 || apart >= radius) continue;
    // Rounded away from the corner, so that the result at most touches it.
    const out = (part) => Math.sign(part) * Math.floor((Math.abs(part) * radius + apart - 1) / apart);
    at = { x: corner.x + out(at.x - corner.x), y: corner.y + out(at.y - corner.y) };
  }
  return at;
}
