// Which tiles of a map are solid, as a set of bits.

import { LIMITS } from "../generated/protocol.js";
import { UNITS_PER_TILE, distanceSquared, tileOf } from "./position.js";

/** The solid tiles of a map. Everything outside the map is solid. */
export class CollisionGrid {
  #bits;

  /**
   * An open grid. Throws a `RangeError` unless both sides are 1 to 4,096 tiles.
   * @param {number} width Tiles from west to east.
   * @param {number} height Tiles from north to south.
   */
  constructor(width, height) {
    const isLegal = (side) => Number.isInteger(side) && side >= 1 && side <= LIMITS.map_tiles;
    if (!isLegal(width) || !isLegal(height)) throw new RangeError(`invalid map size: ${width} by ${height} tiles`);
    this.width = width;
    this.height = height;
    this.#bits = new Uint32Array(Math.ceil((width * height) / 32));
  }

  /** Reads a grid from rows of text, `#` for solid and anything else for open, as `GET /status` has it. */
  static fromRows(rows) {
    const grid = new CollisionGrid(rows[0].length, rows.length);
    rows.forEach((row, y) => {
      for (let x = 0; x < grid.width; x += 1) grid.setSolid(x, y, row[x] === "#");
    });
    return grid;
  }

  /** Rebuilds a grid from lengths of runs, as `MapLayout` has them; null if they do not cover exactly this size. */
  static fromRuns(width, height, runs) {
    const grid = new CollisionGrid(width, height);
    let at = 0;
    for (const [place, run] of runs.entries()) {
      const end = at + run;
      if (end > width * height) return null;
      if (place % 2 === 1) {
        for (let tile = at; tile < end; tile += 1) grid.#bits[tile >> 5] |= 1 << (tile & 31);
      }
      at = end;
    }
    return at === width * height ? grid : null;
  }

  /** Makes a tile solid or open. Does nothing outside the map. */
  setSolid(x, y, isSolid) {
    if (x < 0 || y < 0 || x >= this.width || y >= this.height) return;
    const tile = y * this.width + x;
    if (isSolid) this.#bits[tile >> 5] |= 1 << (tile & 31);
    else this.#bits[tile >> 5] &= ~(1 << (tile & 31));
  }

  /** Whether a tile blocks movement and sight. Everything outside the map does. */
  isSolid(x, y) {
    if (x < 0 || y < 0 || x >= this.width || y >= this.height) return true;
    const tile = y * this.width + x;
    return ((this.#bits[tile >> 5] >> (tile & 31)) & 1) === 1;
  }

  /** Whether a circle touches no solid tile. Touching an edge exactly is free. */
  isFree(centre, radius) {
    const reach = radius * radius;
    const [west, east] = [tileOf(centre.x - radius), tileOf(centre.x + radius)];
    const [north, south] = [tileOf(centre.y - radius), tileOf(centre.y + radius)];
    for (let y = north; y <= south; y += 1) {
      for (let x = west; x <= east; x += 1) {
        if (this.isSolid(x, y) && distanceSquared(centre, nearestInTile(centre, x, y)) < reach) return false;
      }
    }
    return true;
  }

  /**
   * Whether nothing solid lies on the straight line between two points. Walks every tile that it passes through. A line
   * through the corner where two solid tiles meet is blocked.
   */
  lineOfSight(from, to) {
    let [x, y] = [tileOf(from.x), tileOf(from.y)];
    const [dx, dy] = [to.x - from.x, to.y - from.y];
    const [stepX, stepY] = [Math.sign(dx), Math.sign(dy)];
    // Distance to the next edge of a tile along each axis, times the other axis' length so that both compare.
    const border = (tile, step, at) => Math.abs((tile + (step > 0 ? 1 : 0)) * UNITS_PER_TILE - at);
    let nextX = border(x, stepX, from.x) * Math.abs(dy);
    let nextY = border(y, stepY, from.y) * Math.abs(dx);
    let left = Math.abs(tileOf(to.x) - x) + Math.abs(tileOf(to.y) - y);
    if (this.isSolid(x, y)) return false;
    while (left > 0) {
      const isCorner = stepX !== 0 && stepY !== 0 && nextX === nextY;
      if (isCorner && this.isSolid(x + stepX, y) && this.isSolid(x, y + stepY)) return false;
      const goesX = isCorner || stepY === 0 || (stepX !== 0 && nextX < nextY);
      if (goesX) [x, nextX, left] = [x + stepX, nextX + UNITS_PER_TILE * Math.abs(dy), left - 1];
      if (isCorner || !goesX) [y, nextY, left] = [y + stepY, nextY + UNITS_PER_TILE * Math.abs(dx), left - 1];
      if (this.isSolid(x, y)) return false;
    }
    return true;
  }
}

/** The point of a tile that is nearest to a point. */
export function nearestInTile(point, x, y) {
  const [west, north] = [x * UNITS_PER_TILE, y * UNITS_PER_TILE];
  const clamp = (value, least) => Math.min(Math.max(value, least), least + UNITS_PER_TILE);
  return { x: clamp(point.x, west), y: clamp(point.y, north) };
}
