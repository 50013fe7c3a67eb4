// The ground of a map: its tiles in chunks that are painted once, and what stands on it.

import { Borders } from "./borders.js";
import { TILE_PX } from "./camera.js";
import { noise } from "./edges.js";
import { Kept } from "./kept.js";
import { drawCell, drawPiece, movingCells, picturePiece, tilePiece, UPRIGHT } from "./pieces.js";
import { reachOf, splitGid, tileOfGid } from "./tiled.js";

/** The light of a tall thing reaches no farther than this. */
const MOST_LIGHT_PX = 160;
const CHUNK_TILES = 16;
const CHUNK_PX = CHUNK_TILES * TILE_PX;
/** Chunks of a generation. Each takes a megabyte. */
const CHUNKS = 24;
/** How far a tall thing can reach over the edge of the view, in tiles. */
const TALL_REACH = 3;

/** Pictures the other way round, each made once: a wood of the same trees looks less like one. */
const mirrors = new WeakMap();

function mirrored(picture) {
  if (!mirrors.has(picture)) {
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [picture.width, picture.height];
    const context = canvas.getContext("2d");
    context.scale(-1, 1);
    context.drawImage(picture, -picture.width, 0);
    mirrors.set(picture, canvas);
  }
  return mirrors.get(picture);
}

function turn(flags, x, y) {
  flags.flipX = noise(x, y, 21) < 0.5;
}

/** The ground of one map. */
export class Ground {
  /** Its size in pixels. */
  width;
  height;
  #map;
  #chunks = new Kept(CHUNKS, ({ canvas }) => canvas);
  #borders;
  /** How far what is drawn at a place reaches over others, in tiles. */
  #reach;
  /** Tall things by the row on which they stand, and those that lie on the ground. */
  #tall;
  #flat = [];

  /**
   * @param {import("./tiled.js").TiledMap} map
   * @param {Map<string, CanvasImageSource[]>} tallPictures Of things taller than a tile, by name: one or more of each.
   */
  constructor(map, tallPictures) {
    this.#map = map;
    [this.width, this.height] = [map.width * TILE_PX, map.height * TILE_PX];
    this.#tall = Array.from({ length: map.height }, () => []);
    this.#findTall(tallPictures);
    this.#reach = reachOf(map);
    this.#borders = new Borders(map, (context, tileset, id) => {
      const piece = tilePiece({ tileset, id }, UPRIGHT, map.tileSize, { x: 0, y: 0 });
      if (piece) drawPiece(context, piece);
    });
  }

  #findTall(pictures) {
    for (const layer of this.#map.layers) {
      layer.gids.forEach((value, at) => {
        const kinds = pictures.get(this.#propertyOf(value, "tall"));
        if (!kinds) return;
        const [x, y] = [at % this.#map.width, Math.floor(at / this.#map.width)];
        const picture = kinds[Math.floor(noise(x, y, 5) * kinds.length)];
        const shown = noise(x, y, 3) < 0.5 ? picture : mirrored(picture);
        const of = (name) => this.#propertyOf(value, name);
        // The tile itself stays where it is what lies below, such as a shadow.
        const hasFoot = of("foot") === "true";
        const thing = {
          picture: of("roof") || of("flat") ? picture : shown,
          x: (x + 0.5) * TILE_PX + Number(of("aside") ?? 0),
          y: (y + 1) * TILE_PX,
          hasFoot,
          isRoof: of("roof") === "true",
          light: Math.min(Math.max(Number(of("light")) || 0, 0), MOST_LIGHT_PX),
          alpha: 1,
        };
        if (!hasFoot) layer.gids[at] = 0;
        (of("flat") === "true" ? this.#flat : this.#tall[y]).push(thing);
      });
    }
  }

  #propertyOf(value, name) {
    const found = tileOfGid(this.#map.tilesets, splitGid(value).gid);
    return found?.tileset.properties.get(found.id)?.[name];
  }

  /** Draws what of the ground is in view. */
  draw(context, view, nowMs) {
    const [left, top] = [Math.floor(view.x / CHUNK_PX), Math.floor(view.y / CHUNK_PX)];
    const [right, bottom] = [(view.x + view.width) / CHUNK_PX, (view.y + view.height) / CHUNK_PX];
    for (let y = Math.max(top, 0); y < bottom; y += 1) {
      for (let x = Math.max(left, 0); x < right; x += 1) this.#drawChunk(context, x, y, view, nowMs);
    }
  }

  #drawChunk(context, x, y, view, nowMs) {
    if (x * CHUNK_TILES >= this.#map.width || y * CHUNK_TILES >= this.#map.height) return;
    const { canvas, moving } = this.#chunk(x, y);
    const [left, top] = [x * CHUNK_PX - view.x, y * CHUNK_PX - view.y];
    context.drawImage(canvas, left, top);
    const isSeen = (cell) => {
      const [at, down] = [left + cell.x, top + cell.y];
      return at > -TILE_PX && down > -TILE_PX && at < view.width && down < view.height;
    };
    if (!moving.some(isSeen)) return;
    context.save();
    context.translate(left, top);
    for (const cell of moving) if (isSeen(cell)) drawCell(context, cell, nowMs);
    context.restore();
  }

  #chunk(x, y) {
    const key = y * 4096 + x;
    return this.#chunks.get(key) ?? this.#chunks.set(key, this.#paint(x * CHUNK_TILES, y * CHUNK_TILES));
  }

  #paint(left, top) {
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [CHUNK_PX, CHUNK_PX];
    const context = canvas.getContext("2d", { alpha: false });
    context.imageSmoothingEnabled = false;
    const pieces = [...this.#piecesOf(left, top)];
    for (const piece of pieces) drawPiece(context, piece);
    return { canvas, moving: movingCells(pieces, CHUNK_TILES) };
  }

  /** What a chunk is painted with, layer by layer: also what reaches in from places around it. */
  *#piecesOf(left, top) {
    const { layers, width, height } = this.#map;
    const [firstX, firstY] = [Math.max(left - this.#reach, 0), Math.max(top - this.#reach, 0)];
    const endX = Math.min(left + CHUNK_TILES + this.#reach, width);
    const endY = Math.min(top + CHUNK_TILES + this.#reach, height);
    for (let layer = 0; layer < layers.length; layer += 1) {
      for (let y = firstY; y < endY; y += 1) {
        for (let x = firstX; x < endX; x += 1) yield* this.#piecesAt(layer, x, y, left, top);
      }
    }
    for (const { picture, x, y } of this.#flat)
      yield picturePiece(picture, x - picture.width / 2 - left * TILE_PX, y - picture.height - top * TILE_PX);
  }

  /** A tile, and on the uppermost one of a place the edges there. */
  *#piecesAt(number, x, y, left, top) {
    const { layers, width } = this.#map;
    const place = y * width + x;
    if (layers[number].gids[place] === 0) return;
    const at = { x: (x - left) * TILE_PX, y: (y - top) * TILE_PX };
    const piece = this.#pieceOf(layers[number], x, y, at);
    if (piece) yield piece;
    for (let above = number + 1; above < layers.length; above += 1) if (layers[above].gids[place] !== 0) return;
    for (const edge of this.#borders.of(x, y)) yield picturePiece(edge, at.x, at.y);
  }

  #pieceOf(layer, x, y, at) {
    const flags = splitGid(layer.gids[y * this.#map.width + x]);
    const found = tileOfGid(this.#map.tilesets, flags.gid);
    if (!found) return null;
    // What lies about lies each time in another way.
    if (found.tileset.properties.get(found.id)?.turns === "true") turn(flags, x, y);
    const { tileset } = found;
    const pieceOf = (id) => tilePiece({ tileset, id }, flags, this.#map.tileSize, at, layer.opacity);
    const piece = pieceOf(this.#shownId(found, layer, x, y));
    const frames = tileset.animations.get(found.id)?.map(({ tile, ms }) => ({ tile: pieceOf(tile), ms }));
    return piece && frames ? { ...piece, frames } : piece;
  }

  /**
   * What is drawn for a tile: of a wall with more of it in the south its `top`; else one of its `variants`, a list of
   * ids in which one can be more than once. So a meadow is no pattern.
   */
  #shownId({ tileset, id }, layer, x, y) {
    const { top, variants } = tileset.properties.get(id) ?? {};
    const at = y * this.#map.width + x;
    const south = y + 1 < this.#map.height ? layer.gids[at + this.#map.width] : 0;
    if (top !== undefined && splitGid(south).gid === splitGid(layer.gids[at]).gid) return Number(top);
    if (variants === undefined) return id;
    const ids = variants.split(",").map(Number);
    return ids[Math.floor(noise(x, y, 11) * ids.length)];
  }

  /** Calls back for each tall thing in view, from north to south. */
  eachTall(view, callback) {
    const top = Math.max(Math.floor(view.y / TILE_PX), 0);
    const bottom = Math.min(Math.ceil((view.y + view.height) / TILE_PX) + TALL_REACH, this.#map.height);
    for (let row = top; row < bottom; row += 1) {
      for (const tall of this.#tall[row]) {
        const half = tall.picture.width / 2;
        if (tall.x + half > view.x && tall.x - half < view.x + view.width) callback(tall);
      }
    }
  }

  /** A small picture of the whole map, so many pixels to a tile. */
  overview(pxPerTile) {
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [this.#map.width * pxPerTile, this.#map.height * pxPerTile];
    const context = canvas.getContext("2d", { alpha: false });
    context.imageSmoothingQuality = "high";
    for (let y = 0; y < this.#map.height; y += CHUNK_TILES) {
      for (let x = 0; x < this.#map.width; x += CHUNK_TILES) {
        const { canvas: chunk } = this.#chunk(x / CHUNK_TILES, y / CHUNK_TILES);
        context.drawImage(chunk, x * pxPerTile, y * pxPerTile, CHUNK_TILES * pxPerTile, CHUNK_TILES * pxPerTile);
      }
    }
    for (const { picture, x, y } of this.#tall.flat()) {
      const [wide, high] = [picture.width, picture.height].map((px) => (px / TILE_PX) * pxPerTile * 0.8);
      const scale = pxPerTile / TILE_PX;
      context.drawImage(picture, x * scale - wide / 2, y * scale - high, wide, high);
    }
    return canvas;
  }

  /** Frees what takes memory. */
  close() {
    this.#chunks.clear();
  }
}
