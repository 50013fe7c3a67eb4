// Maps of the editor Tiled: what of them is drawn. Where bodies can go, the server says.
//
// `engine/src/map/features.rs` lists what there is in such maps: what is drawn is read here, and about all else the server's
// check warns, or refuses the map.

import { extentOf, joinChunks, readChunks, readFixed } from "./tile-layers.js";
import { children, number } from "./xml.js";

/** What the highest bits of a tile's number say of how it lies. */
const FLIPPED_X = 0x80000000;
const FLIPPED_Y = 0x40000000;
const FLIPPED_DIAGONALLY = 0x20000000;
const ALL_FLAGS = 0xf0000000;
/** More leaves than these would be weather. */
const MOST_LEAVES = 60;

/**
 * `layers` are the visible ones of tiles, the lowest first: `gids` row by row. `tilesets` are in the order of their first
 * numbers. `properties` of a tileset are those of its tiles by their id, `animations` the frames of each tile that has some,
 * `images` those of a collection, in which each tile has one of its own. `offset` is how far from its place a tile is drawn,
 * in pixels of the picture. `darkness` and `leaves` are properties of the map: 0 for daylight, and how many leaves drift over a view.
 * @typedef {{ width: number, height: number, tileSize: number, layers: TileLayer[], tilesets: Tileset[],
 *   vendors: { id: string, x: number, y: number }[], darkness: number, leaves: number }} TiledMap
 * @typedef {{ name: string, opacity: number, gids: Uint32Array }} TileLayer
 * @typedef {{ firstGid: number, source: string | null, image: string | null, columns: number, tileCount: number,
 *   tileWidth: number, tileHeight: number, spacing: number, margin: number, offset: { x: number, y: number },
 *   properties: Map<number, Record<string, string>>, animations: Map<number, { tile: number, ms: number }[]>,
 *   images: Map<number, { source: string, picture: HTMLImageElement | null }>,
 *   picture: HTMLImageElement | null }} Tileset
 * @typedef {{ picture: CanvasImageSource, x: number, y: number, width: number, height: number }} Part
 */

/** The number of a tile without its flags, and how it lies. */
export function splitGid(value) {
  return {
    gid: (value & ~ALL_FLAGS) >>> 0,
    flipX: (value & FLIPPED_X) !== 0,
    flipY: (value & FLIPPED_Y) !== 0,
    diagonal: (value & FLIPPED_DIAGONALLY) !== 0,
  };
}

/** The tileset that a tile is of, and its id there; null for an empty one. */
export function tileOfGid(tilesets, gid) {
  if (gid === 0) return null;
  const tileset = tilesets.findLast(({ firstGid }) => firstGid <= gid);
  return tileset ? { tileset, id: gid - tileset.firstGid } : null;
}

/**
 * The part of a picture that shows a tile; null for a tile without a picture.
 * @param {Tileset} tileset
 * @returns {Part | null}
 */
export function partOf(tileset, id) {
  const { picture, columns, margin, spacing, tileWidth: width, tileHeight: height } = tileset;
  if (picture) {
    const [column, row] = [id % columns, Math.floor(id / columns)];
    return { picture, x: margin + column * (width + spacing), y: margin + row * (height + spacing), width, height };
  }
  const image = tileset.images.get(id)?.picture;
  return image ? { picture: image, x: 0, y: 0, width: image.width, height: image.height } : null;
}

/**
 * How far the picture of a tile reaches beyond its place at most, in tiles.
 * @param {TiledMap} map
 */
export function reachOf({ tilesets, tileSize }) {
  const reaches = tilesets.map(({ images, tileWidth, tileHeight, offset }) => {
    const sides = [...images.values()].flatMap(({ picture }) => (picture ? [picture.width, picture.height] : []));
    return Math.max(tileSize, tileWidth, tileHeight, ...sides) - tileSize + Math.max(Math.abs(offset.x), Math.abs(offset.y));
  });
  return Math.ceil(Math.max(0, ...reaches) / tileSize);
}

/** The frame of an animation at a moment. */
export function frameAt(frames, nowMs) {
  const total = frames.reduce((sum, { ms }) => sum + ms, 0);
  let left = total > 0 ? nowMs % total : 0;
  for (const { tile, ms } of frames) {
    if (left < ms) return tile;
    left -= ms;
  }
  return frames[0].tile;
}

/**
 * Reads a map. Its external tilesets have only their `firstGid` and `source` until they are read as well.
 * @param {Document} xml
 * @returns {Promise<TiledMap>}
 */
export async function readMap(xml) {
  const map = xml.documentElement;
  const { extent, layers } = await readLayers(map);
  const { width, height } = extent;
  if (map.tagName !== "map" || !width || !height) throw new Error("not a Tiled map");
  const tileSize = number(map, "tilewidth");
  return {
    width,
    height,
    tileSize,
    layers,
    darkness: bounded(readProperties(map).darkness, 1),
    leaves: bounded(readProperties(map).leaves, MOST_LEAVES),
    tilesets: children(map, "tileset").map(readReference),
    vendors: layersOf(map, "objectgroup")
      .flatMap(({ element }) => children(element, "object"))
      .filter(isVendor)
      .map((object) => readVendor(object, { x: extent.x * tileSize, y: extent.y * tileSize })),
  };
}

/** The layers of tiles that are visible, and the columns and rows of the file that are the map. */
async function readLayers(map) {
  const all = layersOf(map, "layer");
  const shown = all.filter(({ isVisible }) => isVisible);
  const withTiles = (gids) =>
    shown.map(({ element, opacity }, at) => ({ name: element.getAttribute("name") ?? "", opacity, gids: gids[at] }));
  if (map.getAttribute("infinite") === "1") {
    // Chunks of layers that are invisible are part of the map too.
    const chunks = await readChunks(all.map(({ element }) => element));
    const extent = extentOf(chunks.flat());
    const gids = chunks.filter((_, at) => all[at].isVisible).map((ofLayer) => joinChunks(ofLayer, extent));
    return { extent, layers: withTiles(gids) };
  }
  const extent = { x: 0, y: 0, width: number(map, "width"), height: number(map, "height") };
  const gids = await readFixed(shown.map(({ element }) => element), extent);
  return { extent, layers: withTiles(gids) };
}

/** The layers of one kind, also those in groups, with what these say of them. */
function layersOf(outer, tag, isVisible = true, opacity = 1) {
  return [...outer.children].flatMap((element) => {
    if (element.tagName !== tag && element.tagName !== "group") return [];
    const shown = {
      isVisible: isVisible && element.getAttribute("visible") !== "0",
      opacity: opacity * Number(element.getAttribute("opacity") ?? 1),
    };
    if (element.tagName === "group") return layersOf(element, tag, shown.isVisible, shown.opacity);
    return [{ element, ...shown }];
  });
}

function isVendor(object) {
  return (object.getAttribute("type") ?? object.getAttribute("class")) === "vendor";
}

/** Which vendor stands where, in pixels from the map's corner: the server does not tell who is who. */
function readVendor(object, corner) {
  const [x, y] = [number(object, "x") - corner.x, number(object, "y") - corner.y];
  return { id: readProperties(object).vendor ?? "", x, y };
}

function readReference(element) {
  const told = { firstGid: number(element, "firstgid"), source: element.getAttribute("source"), picture: null };
  return { ...readTileset(element), ...told };
}

/** Reads what a tileset says of its tiles and its picture. */
export function readTileset(element) {
  const [properties, animations, images] = [new Map(), new Map(), new Map()];
  for (const tile of children(element, "tile")) {
    const id = number(tile, "id");
    properties.set(id, readProperties(tile));
    const frames = children(tile, "animation").flatMap((animation) => children(animation, "frame"));
    if (frames.length > 0) animations.set(id, frames.map(readFrame));
    const source = imageOf(tile);
    if (source !== null) images.set(id, { source, picture: null });
  }
  const [columns, tileCount] = [number(element, "columns") || 1, number(element, "tilecount")];
  const [tileWidth, tileHeight] = [number(element, "tilewidth"), number(element, "tileheight")];
  const [spacing, margin] = [number(element, "spacing"), number(element, "margin")];
  const [moved] = children(element, "tileoffset");
  const offset = { x: moved ? number(moved, "x") : 0, y: moved ? number(moved, "y") : 0 };
  const sizes = { columns, tileCount, tileWidth, tileHeight, spacing, margin, offset };
  return { image: imageOf(element), ...sizes, properties, animations, images };
}

function imageOf(element) {
  return children(element, "image")[0]?.getAttribute("source") ?? null;
}

function readFrame(frame) {
  return { tile: number(frame, "tileid"), ms: Math.max(number(frame, "duration"), 1) };
}

function readProperties(element) {
  const all = children(element, "properties").flatMap((list) => children(list, "property"));
  return Object.fromEntries(all.map((one) => [one.getAttribute("name"), one.getAttribute("value") ?? one.textContent]));
}

/** A property that is a number from 0 to a limit; 0 for anything else. */
function bounded(value, most) {
  return Math.min(Math.max(Number(value) || 0, 0), most);
}
