// Points on a map, in units of 1/1,024 tile: x grows to the east, y to the south.

import { LIMITS } from "../generated/protocol.js";

/** Units in a tile. */
export const UNITS_PER_TILE = 1024;
/** The greatest coordinate of the largest map. */
export const FARTHEST_UNITS = LIMITS.map_tiles * UNITS_PER_TILE - 1;

/** The tile of a coordinate. */
export function tileOf(units) {
  return Math.floor(units / UNITS_PER_TILE);
}

/** A coordinate or length in tiles, as people and JSON have it. */
export function tiles(units) {
  return units / UNITS_PER_TILE;
}

/** The position of a point in tiles, as `spawn_pos` and `GET /status` name it. */
export function positionOfTiles({ x, y }) {
  return { x: Math.trunc(x * UNITS_PER_TILE), y: Math.trunc(y * UNITS_PER_TILE) };
}

/** The square of the distance between two points, in square units. Below 2^53 on every map. */
export function distanceSquared(a, b) {
  return (a.x - b.x) ** 2 + (a.y - b.y) ** 2;
}

/** The distance between two points in units, rounded down. */
export function distance(a, b) {
  return Math.floor(Math.sqrt(distanceSquared(a, b)));
}

/** Whether two points are at most `units` apart. */
export function within(a, b, units) {
  return distanceSquared(a, b) <= units * units;
}
