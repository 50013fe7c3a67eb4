// Pictures, maps and sounds, by their names in the repository.

import { unpacked } from "./pack.js";
import { readMap, readTileset } from "./scene/tiled.js";

/** Pictures and maps of the world. What is not there is null: whoever draws has something of its own to show. */
export class Assets {
  #files;
  #sounds;
  #pack;
  /** Pictures of the pack until it is here. */
  #packed;
  #unpacked = null;
  #pictures = new Map();
  #ready = new Map();
  #maps = new Map();

  /**
   * @param {Record<string, string>} files Addresses by name, such as `pictures/ui/logo.png`.
   * @param {string} [logoSays] The name that the logo says; empty for one that says none.
   * @param {Record<string, string>} [sounds] Addresses by name, such as `sounds/effects/hit.mp3`.
   * @param {import("./pack.js").Pack} [pack] Small pictures in one answer.
   */
  constructor(files, logoSays = "Realmgate", sounds = {}, pack = undefined) {
    [this.#files, this.#sounds] = [files, sounds];
    this.logoSays = logoSays;
    this.#pack = pack;
    this.#packed = new Set(pack?.parts.map(([path]) => path));
  }

  /**
   * Asks the server which files there are. Without an answer there are none.
   * @param {string} [address]
   */
  static async load(address = "/assets.json") {
    try {
      const answer = await fetch(address);
      const { files, logo_says, sounds, pack } = answer.ok ? await answer.json() : {};
      return new Assets(files ?? {}, logo_says, sounds, pack);
    } catch {
      return new Assets({});
    }
  }

  /**
   * The address of a file; null if there is none.
   * @param {string} path
   */
  url(path) {
    return Object.hasOwn(this.#files, path) ? this.#files[path] : null;
  }

  /** The names of all sounds. */
  get sounds() {
    return Object.keys(this.#sounds);
  }

  /** The address of one of `sounds`. */
  soundUrl(path) {
    return this.#sounds[path];
  }

  /** Loads the small pictures at once. Without them, each is loaded by its own address. */
  unpack() {
    this.#unpacked ??= this.#unpack();
    return this.#unpacked;
  }

  async #unpack() {
    const found = this.#pack ? await unpacked(this.#pack) : {};
    this.#files = { ...this.#files, ...found };
    this.#packed.clear();
  }

  /**
   * A picture, ready to be drawn; null if there is none.
   * @param {string} path
   * @returns {Promise<HTMLImageElement | null>}
   */
  picture(path) {
    // What there is not is not kept: a server can name anything.
    if (this.url(path) === null) return Promise.resolve(null);
    if (!this.#pictures.has(path)) this.#pictures.set(path, this.#loadPicture(path));
    return this.#pictures.get(path);
  }

  /**
   * A picture if it is here already: undefined while it is on its way (which this call starts), null if there is none.
   * @param {string} path
   * @returns {HTMLImageElement | null | undefined}
   */
  ready(path) {
    const picture = this.#ready.get(path);
    if (picture !== undefined) return picture;
    if (this.url(path) === null) return null;
    this.picture(path);
    return undefined;
  }

  async #loadPicture(path) {
    if (this.#packed.has(path)) await this.unpack();
    const picture = await loadImage(this.url(path));
    this.#ready.set(path, picture);
    return picture;
  }

  /**
   * A Tiled map with its tilesets and their pictures; null if there is none.
   * @param {number} mapId
   * @returns {Promise<import("./scene/tiled.js").TiledMap | null>}
   */
  map(mapId) {
    if (!this.#maps.has(mapId)) {
      const map = this.#loadMap(this.#mapPath(mapId)).catch(() => null);
      this.#maps.set(mapId, map);
      // A map that did not come is asked for again the next time.
      map.then((found) => found ?? this.#maps.delete(mapId));
    }
    return this.#maps.get(mapId);
  }

  /**
   * What a map is called, by the name of its file: `maps/1_greenvale.tmx` is "Greenvale".
   * @param {number} mapId
   */
  mapName(mapId) {
    const slug = this.#mapPath(mapId)?.match(/_(.+)\.tmx$/)?.[1] ?? `map ${mapId}`;
    return slug.replaceAll("_", " ").replace(/\b[a-z]/g, (letter) => letter.toUpperCase());
  }

  #mapPath(mapId) {
    return Object.keys(this.#files).find((path) => path.startsWith(`maps/${mapId}_`) && path.endsWith(".tmx")) ?? null;
  }

  async #loadMap(path) {
    if (!path) return null;
    const map = await readMap(await this.#loadXml(path));
    await Promise.all(
      map.tilesets.map(async (tileset) => {
        const from = tileset.source ? besides(path, tileset.source) : path;
        if (tileset.source) Object.assign(tileset, readTileset((await this.#loadXml(from)).documentElement));
        const load = (source) => this.picture(besides(from, source));
        tileset.picture = tileset.image ? await load(tileset.image) : null;
        const loadImage = async (image) => Object.assign(image, { picture: await load(image.source) });
        await Promise.all([...tileset.images.values()].map(loadImage));
      }),
    );
    return map;
  }

  async #loadXml(path) {
    const answer = await fetch(this.url(path));
    if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
    return new DOMParser().parseFromString(await answer.text(), "text/xml");
  }
}

/** The path of a file that another one names from where it lies. */
export function besides(path, relative) {
  const parts = path.split("/").slice(0, -1);
  for (const part of relative.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== ".") parts.push(part);
  }
  return parts.join("/");
}

async function loadImage(url) {
  if (!url) return null;
  const image = new Image();
  // Without this, a picture from another host could be drawn, but not kept in a canvas.
  image.crossOrigin = "anonymous";
  image.src = url;
  try {
    await image.decode();
    return image;
  } catch {
    return null;
  }
}
