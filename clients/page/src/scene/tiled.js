// Maps of the editor Tiled: what of them is drawn. Where bodies can go, the server says.

/** What the highest bits of a tile's number say of how it lies. */
const FLIPPED_X = 0x80000000;
const FLIPPED_Y = 0x40000000;
const FLIPPED_DIAGONALLY = 0x20000000;
const ALL_FLAGS = 0xf0000000;

/**
 * `layers` are those of tiles, the lowest first: `gids` row by row. `properties` of a tileset are those of its tiles by
 * their id, `animations` the frames of each tile that has some. `darkness` is the map's property: 0 for daylight.
 * @typedef {{ width: number, height: number, tileSize: number, layers: TileLayer[], tilesets: Tileset[],
 *   vendors: { id: string, x: number, y: number }[], darkness: number }} TiledMap
 * @typedef {{ name: string, opacity: number, gids: Uint32Array }} TileLayer
 * @typedef {{ firstGid: number, source: string | null, image: string | null, columns: number, tileCount: number,
 *   properties: Map<number, Record<string, string>>, animations: Map<number, { tile: number, ms: number }[]>,
 *   picture: HTMLImageElement | null }} Tileset
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

/** The numbers of a layer's tiles. What is missing of them is empty. */
export function readCsv(text, count) {
  const gids = new Uint32Array(count);
  const values = text.split(",");
  for (let at = 0; at < Math.min(count, values.length); at += 1) gids[at] = Number(values[at].trim()) >>> 0;
  return gids;
}

/** The tileset that a tile is of, and its id there; null for an empty one. */
export function tileOfGid(tilesets, gid) {
  if (gid === 0) return null;
  const tileset = tilesets.findLast(({ firstGid }) => firstGid <= gid);
  return tileset ? { tileset, id: gid - tileset.firstGid } : null;
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
 * @returns {TiledMap}
 */
export function readMap(xml) {
  const map = xml.documentElement;
  const [width, height] = [number(map, "width"), number(map, "height")];
  if (map.tagName !== "map" || !width || !height) throw new Error("this is no Tiled map");
  return {
    width,
    height,
    tileSize: number(map, "tilewidth"),
    layers: children(map, "layer")
      .map((layer) => readLayer(layer, width * height))
      .filter((layer) => layer !== null),
    darkness: Math.min(Math.max(Number(readProperties(map).darkness ?? 0), 0), 1),
    tilesets: children(map, "tileset").map(readReference),
    vendors: children(map, "objectgroup")
      .flatMap((group) => children(group, "object"))
      .filter(isVendor)
      .map(readVendor),
  };
}

function isVendor(object) {
  return (object.getAttribute("type") ?? object.getAttribute("class")) === "vendor";
}

/** Which vendor stands where, in pixels: the server does not tell who is who. */
function readVendor(object) {
  return { id: readProperties(object).vendor ?? "", x: number(object, "x"), y: number(object, "y") };
}

function readLayer(layer, count) {
  const [data] = children(layer, "data");
  if (layer.getAttribute("visible") === "0" || data?.getAttribute("encoding") !== "csv") return null;
  const opacity = Number(layer.getAttribute("opacity") ?? 1);
  return { name: layer.getAttribute("name") ?? "", opacity, gids: readCsv(data.textContent, count) };
}

function readReference(element) {
  const told = { firstGid: number(element, "firstgid"), source: element.getAttribute("source"), picture: null };
  return { ...readTileset(element), ...told };
}

/** Reads what a tileset says of its tiles and its picture. */
export function readTileset(element) {
  const [properties, animations] = [new Map(), new Map()];
  for (const tile of children(element, "tile")) {
    const id = number(tile, "id");
    properties.set(id, readProperties(tile));
    const frames = children(tile, "animation").flatMap((animation) => children(animation, "frame"));
    if (frames.length > 0) animations.set(id, frames.map(readFrame));
  }
  const image = children(element, "image")[0]?.getAttribute("source") ?? null;
  const [columns, tileCount] = [number(element, "columns") || 1, number(element, "tilecount")];
  return { image, columns, tileCount, properties, animations };
}

function readFrame(frame) {
  return { tile: number(frame, "tileid"), ms: Math.max(number(frame, "duration"), 1) };
}

function readProperties(element) {
  const all = children(element, "properties").flatMap((list) => children(list, "property"));
  return Object.fromEntries(all.map((one) => [one.getAttribute("name"), one.getAttribute("value") ?? one.textContent]));
}

function children(element, tag) {
  return [...element.children].filter(({ tagName }) => tagName === tag);
}

function number(element, name) {
  return Number(element.getAttribute(name) ?? 0);
}
