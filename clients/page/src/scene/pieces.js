// The pieces that a chunk of ground is painted with: tiles, the edges that lie on them, and what lies flat on the ground.

import { TILE_PX } from "./camera.js";
import { frameAt, partOf, splitGid } from "./tiled.js";

/** How a tile lies that is not turned. */
export const UPRIGHT = splitGid(0);

/**
 * A part of a picture, and where it lies in its chunk, in pixels of the world. One that moves has the pieces of its frames.
 * @typedef {{ part: import("./tiled.js").Part, x: number, y: number, width: number, height: number, alpha: number,
 *   flags: { flipX: boolean, flipY: boolean, diagonal: boolean }, frames?: { tile: Piece | null, ms: number }[] }} Piece
 */

/**
 * The piece that shows a tile: its lower left corner is that of the place, but for the offset of its tileset. Null for a
 * tile without a picture.
 * @param {{ x: number, y: number }} at The upper left corner of the place.
 * @returns {Piece | null}
 */
export function tilePiece({ tileset, id }, flags, tileSize, at, alpha = 1) {
  const part = partOf(tileset, id);
  if (!part) return null;
  const scaled = (px) => (px * TILE_PX) / tileSize;
  const [width, height] = flags.diagonal ? [part.height, part.width] : [part.width, part.height];
  const [x, bottom] = [at.x + scaled(tileset.offset.x), at.y + TILE_PX + scaled(tileset.offset.y)];
  return { part, x, y: bottom - scaled(height), width: scaled(width), height: scaled(height), alpha, flags };
}

/** The piece that shows a whole picture in its own size. */
export function picturePiece(picture, x, y) {
  const { width, height } = picture;
  return { part: { picture, x: 0, y: 0, width, height }, x, y, width, height, alpha: 1, flags: UPRIGHT };
}

/** Draws a piece as it stands. */
export function drawPiece(context, { part, x, y, width, height, alpha, flags }) {
  const { picture } = part;
  context.globalAlpha = alpha;
  if (!flags.flipX && !flags.flipY && !flags.diagonal) {
    context.drawImage(picture, part.x, part.y, part.width, part.height, x, y, width, height);
  } else {
    const [wide, high] = flags.diagonal ? [height, width] : [width, height];
    context.save();
    context.translate(x + width / 2, y + height / 2);
    context.scale(flags.flipX ? -1 : 1, flags.flipY ? -1 : 1);
    if (flags.diagonal) context.transform(0, 1, 1, 0, 0, 0);
    context.drawImage(picture, part.x, part.y, part.width, part.height, -wide / 2, -high / 2, wide, high);
    context.restore();
  }
  context.globalAlpha = 1;
}

/**
 * The places of a chunk where something moves, each with all pieces that are seen there, in their order.
 * @param {Piece[]} pieces
 * @param {number} tiles Places on a side of the chunk.
 */
export function movingCells(pieces, tiles) {
  if (!pieces.some(({ frames }) => frames)) return [];
  const cells = new Map();
  for (const piece of pieces) {
    for (const { x, y } of placesUnder(piece, tiles)) {
      const key = y * tiles + x;
      const cell = cells.get(key) ?? { x: x * TILE_PX, y: y * TILE_PX, pieces: [], isCut: false };
      cell.pieces.push(piece);
      cell.isCut ||= reachesOut(piece, cell);
      cells.set(key, cell);
    }
  }
  return [...cells.values()].filter((cell) => cell.pieces.some(({ frames }) => frames));
}

/** What a piece shows at some time. */
function shownOf(piece) {
  return piece.frames ? [piece, ...piece.frames.map(({ tile }) => tile).filter((tile) => tile !== null)] : [piece];
}

function placesUnder(piece, tiles) {
  const shown = shownOf(piece);
  const [left, top] = [Math.min(...shown.map(({ x }) => x)), Math.min(...shown.map(({ y }) => y))];
  const right = Math.max(...shown.map(({ x, width }) => x + width));
  const bottom = Math.max(...shown.map(({ y, height }) => y + height));
  const places = [];
  for (let y = Math.max(Math.floor(top / TILE_PX), 0); y < Math.min(bottom / TILE_PX, tiles); y += 1) {
    for (let x = Math.max(Math.floor(left / TILE_PX), 0); x < Math.min(right / TILE_PX, tiles); x += 1) places.push({ x, y });
  }
  return places;
}

function reachesOut(piece, cell) {
  return shownOf(piece).some(
    ({ x, y, width, height }) =>
      x < cell.x || y < cell.y || x + width > cell.x + TILE_PX || y + height > cell.y + TILE_PX,
  );
}

/** Draws a place as it is at a moment. */
export function drawCell(context, { x, y, pieces, isCut }, nowMs) {
  if (isCut) {
    context.save();
    context.beginPath();
    context.rect(x, y, TILE_PX, TILE_PX);
    context.clip();
  }
  context.fillStyle = "#000";
  context.fillRect(x, y, TILE_PX, TILE_PX);
  for (const piece of pieces) {
    const shown = piece.frames ? frameAt(piece.frames, nowMs) : piece;
    if (shown) drawPiece(context, shown);
  }
  if (isCut) context.restore();
}
