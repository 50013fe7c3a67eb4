// The tiles of a map's layers, in every format of Tiled's that the server accepts, and where they lie.

import { children, number } from "./xml.js";

/** What Tiled compresses with, as browsers call it. */
const COMPRESSIONS = { gzip: "gzip", zlib: "deflate" };
/** The bits of a tile's number that say how it lies. */
const FLAGS = 0xf0000000;

/**
 * A rectangle of tiles, in the columns and rows of the file: `gids` row by row.
 * @typedef {{ x: number, y: number, width: number, height: number }} Extent
 * @typedef {Extent & { gids: Uint32Array }} Chunk
 */

/**
 * The tiles of layers that are as large as their map, each row by row.
 * @param {Element[]} layers
 * @returns {Promise<Uint32Array[]>}
 */
export function readFixed(layers, { width, height }) {
  return Promise.all(
    layers.map((layer) => {
      const [data] = children(layer, "data");
      return data ? readTiles(data, data, width * height) : new Uint32Array(width * height);
    }),
  );
}

/**
 * The chunks with a tile of each layer of an infinite map.
 * @param {Element[]} layers
 * @returns {Promise<Chunk[][]>}
 */
export function readChunks(layers) {
  const read = async (data, chunk) => {
    const [x, y, width, height] = ["x", "y", "width", "height"].map((name) => number(chunk, name));
    return { x, y, width, height, gids: await readTiles(data, chunk, width * height) };
  };
  const readLayer = async (layer) => {
    const chunks = children(layer, "data").flatMap((data) => children(data, "chunk").map((chunk) => read(data, chunk)));
    return (await Promise.all(chunks)).filter(({ gids }) => gids.some((gid) => (gid & ~FLAGS) !== 0));
  };
  return Promise.all(layers.map(readLayer));
}

/**
 * The smallest rectangle around all chunks, which is the map: the server's rule, in `engine/src/map/read/chunks.rs`.
 * @param {Extent[]} chunks
 * @returns {Extent}
 */
export function extentOf(chunks) {
  if (chunks.length === 0) return { x: 0, y: 0, width: 0, height: 0 };
  const [first] = chunks;
  let [left, top, right, bottom] = [first.x, first.y, first.x, first.y];
  for (const { x, y, width, height } of chunks) {
    [left, top] = [Math.min(left, x), Math.min(top, y)];
    [right, bottom] = [Math.max(right, x + width), Math.max(bottom, y + height)];
  }
  return { x: left, y: top, width: right - left, height: bottom - top };
}

/**
 * The tiles of chunks, row by row of the map.
 * @param {Chunk[]} chunks
 * @param {Extent} extent
 */
export function joinChunks(chunks, extent) {
  const gids = new Uint32Array(extent.width * extent.height);
  for (const chunk of chunks) {
    for (let row = 0; row < chunk.height; row += 1) {
      const tiles = chunk.gids.subarray(row * chunk.width, (row + 1) * chunk.width);
      gids.set(tiles, (chunk.y - extent.y + row) * extent.width + chunk.x - extent.x);
    }
  }
  return gids;
}

/** The numbers of a layer's tiles. What is missing of them is empty. */
export function readCsv(text, count) {
  const gids = new Uint32Array(count);
  const values = text.split(",");
  for (let at = 0; at < Math.min(count, values.length); at += 1) gids[at] = Number(values[at].trim()) >>> 0;
  return gids;
}

/** The tiles in an element, as the layer's `data` says that they are written. */
async function readTiles(data, element, count) {
  const [encoding, compression] = [data.getAttribute("encoding"), data.getAttribute("compression")];
  if (encoding === "csv") return readCsv(element.textContent, count);
  if (encoding === "base64") return readPacked(element.textContent, compression, count);
  const tiles = children(element, "tile").slice(0, count);
  const gids = new Uint32Array(count);
  gids.set(tiles.map((tile) => number(tile, "gid")));
  return gids;
}

async function readPacked(text, compression, count) {
  const packed = Uint8Array.from(atob(text.trim()), (letter) => letter.charCodeAt(0));
  const bytes = compression ? await expand(packed, COMPRESSIONS[compression], count * 4) : packed;
  const view = new DataView(bytes.buffer, 0, Math.min(bytes.length, count * 4));
  const gids = new Uint32Array(count);
  for (let at = 0; at + 4 <= view.byteLength; at += 4) gids[at / 4] = view.getUint32(at, true);
  return gids;
}

/** The first bytes of a stream, as many as there should be. */
async function expand(packed, format, length) {
  const expanded = new Uint8Array(length);
  const reader = new Blob([packed]).stream().pipeThrough(new DecompressionStream(format)).getReader();
  for (let at = 0; ; ) {
    const { done, value } = await reader.read();
    if (done) return expanded;
    expanded.set(value.subarray(0, length - at), at);
    at += value.length;
    if (at > length) {
      await reader.cancel();
      return expanded;
    }
  }
}
