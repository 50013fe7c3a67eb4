// Ragged edges between grounds: a ground creeps a few pixels over its neighbours of a lower rank.

import { TILE_PX } from "./camera.js";

const VARIANTS = 4;
/** How far a ground reaches over its neighbour where two tiles meet: there all edges fit together. */
const DEPTH_PX = 3;
const SHADE = "rgba(20, 16, 10, 0.28)";

/** A number from 0 to 1 that only depends on three others. */
export function noise(x, y, salt = 0) {
  let mixed = Math.imul(x + 1, 374761393) + Math.imul(y + 1, 668265263) + Math.imul(salt + 1, 2246822519);
  mixed = Math.imul(mixed ^ (mixed >>> 16), 2246822507);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 3266489909);
  return ((mixed ^ (mixed >>> 16)) >>> 0) / 2 ** 32;
}

/** How far an edge reaches at each of its pixels. */
export function edgeDepths(variant) {
  return Array.from({ length: TILE_PX }, (_, at) => {
    const toEnd = Math.min(at, TILE_PX - 1 - at) / 4;
    const wave = Math.sin((at / TILE_PX) * Math.PI * 2 * (1 + (variant % 2)) + variant * 2);
    const rough = (noise(at, variant, 7) - 0.4) * 4 + wave * 1.6;
    return Math.max(Math.round(DEPTH_PX + rough * Math.min(toEnd, 1)), 1);
  });
}

/** The places of one tile that its neighbours reach into: sides and corners, by where the neighbour lies. */
export const NEIGHBOURS = [
  { name: "north", dx: 0, dy: -1 },
  { name: "east", dx: 1, dy: 0 },
  { name: "south", dx: 0, dy: 1 },
  { name: "west", dx: -1, dy: 0 },
  { name: "northeast", dx: 1, dy: -1 },
  { name: "southeast", dx: 1, dy: 1 },
  { name: "southwest", dx: -1, dy: 1 },
  { name: "northwest", dx: -1, dy: -1 },
];

/**
 * The neighbours that creep over a tile: all sides of a higher rank, and corners whose sides are not.
 * @param {(dx: number, dy: number) => number | null} rankAt Of a neighbour; null for one that has none.
 */
export function creeping(own, rankAt) {
  if (own === null) return [];
  const isHigher = (dx, dy) => (rankAt(dx, dy) ?? -Infinity) > own;
  return NEIGHBOURS.filter(({ dx, dy }) => {
    const isCorner = dx !== 0 && dy !== 0;
    return isHigher(dx, dy) && !(isCorner && (isHigher(dx, 0) || isHigher(0, dy)));
  });
}

/**
 * Where the top of a wall has a rim on its tile: beside which neighbours, and from which row of pixels to which. A wall's lowest
 * tiles show only some rows of its top, and then its front, on which is none.
 * @param {(dx: number, dy: number) => number} topAt How many rows of the same wall's top a neighbour shows, or the tile itself.
 */
export function rims(topAt) {
  const to = topAt(0, 0);
  const from = ({ dx, dy }) => {
    if (dy > 0) return to;
    if (dx === 0) return topAt(0, -1) > 0 ? to : 0;
    if (dy === 0) return topAt(dx, 0);
    // Around a corner it goes where both sides are the wall's.
    return topAt(dx, dy) === 0 && topAt(dx, 0) > 0 && topAt(0, dy) > 0 ? 0 : to;
  };
  return NEIGHBOURS.map((neighbour) => ({ neighbour, from: from(neighbour), to })).filter((rim) => rim.from < rim.to);
}

/** The pictures of edges, each made once. */
export class Edges {
  #made = new Map();

  /**
   * The part of a ground's tile that lies on its neighbour.
   * @param {string} key What the ground's tile is kept by.
   * @param {(context: CanvasRenderingContext2D) => void} drawTile Draws the tile at 0, 0.
   */
  edge(key, neighbour, variant, drawTile) {
    const name = `${key} ${neighbour.name} ${variant % VARIANTS}`;
    if (!this.#made.has(name)) this.#made.set(name, makeEdge(neighbour, variant % VARIANTS, drawTile));
    return this.#made.get(name);
  }

  /** An edge that is a tile of its own, or some rows of one. */
  rows(key, drawTile, from = 0, to = TILE_PX) {
    const name = `${key} ${from} to ${to}`;
    if (!this.#made.has(name)) this.#made.set(name, makeRows(drawTile, from, to));
    return this.#made.get(name);
  }
}

function makeRows(drawTile, from, to) {
  const [edge, context] = blank();
  context.rect(0, from, TILE_PX, to - from);
  context.clip();
  drawTile(context);
  return edge;
}

function makeEdge(neighbour, variant, drawTile) {
  const [edge, context] = blank();
  maskOf(context, neighbour, variant, 1);
  context.globalCompositeOperation = "source-in";
  context.fillStyle = SHADE;
  context.fillRect(0, 0, TILE_PX, TILE_PX);
  const [above, upper] = blank();
  maskOf(upper, neighbour, variant, 0);
  upper.globalCompositeOperation = "source-in";
  drawTile(upper);
  context.globalCompositeOperation = "source-over";
  context.drawImage(above, 0, 0);
  return edge;
}

/** Fills what an edge covers, and so many pixels more. */
function maskOf(context, { dx, dy }, variant, more) {
  context.fillStyle = "#000";
  if (dx !== 0 && dy !== 0) {
    fillCorner(context, dx, dy, more);
    return;
  }
  edgeDepths(variant).forEach((depth, at) => {
    const far = depth + more;
    if (dy < 0) context.fillRect(at, 0, 1, far);
    else if (dy > 0) context.fillRect(at, TILE_PX - far, 1, far);
    else if (dx < 0) context.fillRect(0, at, far, 1);
    else context.fillRect(TILE_PX - far, at, far, 1);
  });
}

function fillCorner(context, dx, dy, more) {
  for (let row = 0; row < DEPTH_PX + more; row += 1) {
    const long = DEPTH_PX + more - row;
    context.fillRect(dx < 0 ? 0 : TILE_PX - long, dy < 0 ? row : TILE_PX - 1 - row, long, 1);
  }
}

function blank() {
  const canvas = document.createElement("canvas");
  canvas.width = TILE_PX;
  canvas.height = TILE_PX;
  return [canvas, canvas.getContext("2d")];
}
