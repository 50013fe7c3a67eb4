// The ground under the player's feet: another one on another map, and the last one until that is here.

import { Ground } from "./ground.js";

/** Loads the ground of the map that the player is on. */
export class Stage {
  /** The ground that is shown; null before the first one is here. */
  ground = null;
  /** The map that it is of. */
  mapId = null;
  /** Who stands where as a vendor, by the map's file. */
  vendors = [];
  /** How dark it is there, 0 to 1. */
  darkness = 0;
  leaves = 0;
  #assets;
  #wanted = null;

  constructor(assets) {
    this.#assets = assets;
  }

  /** Wants the ground of the session's map. Answers whether it is the one that is shown. */
  follow(session) {
    const { map } = session.welcome;
    if (this.mapId === map && this.ground) return true;
    if (this.#wanted !== map) {
      this.#wanted = map;
      this.#load(map, session);
    }
    return false;
  }

  async #load(mapId, session) {
    const map = (await this.#assets.map(mapId)) ?? (await plainMap(session));
    const pictures = await this.#tallPictures(map);
    // The player may be on yet another map by now.
    if (this.#wanted !== mapId) return;
    // What is tall is taken from the layers: the map itself stays as it is for the next time.
    const layers = map.layers.map((layer) => ({ ...layer, gids: layer.gids.slice() }));
    this.ground?.close();
    this.ground = new Ground({ ...map, layers }, pictures);
    [this.vendors, this.darkness, this.leaves] = [map.vendors, map.darkness, map.leaves];
    this.mapId = mapId;
  }

  /** Frees what takes memory. Nothing that is still on its way is wanted any more. */
  close() {
    this.#wanted = null;
    this.ground?.close();
  }

  /** The pictures of what is tall, by its name: the one of that name, and `_2` beside it if there is one. */
  async #tallPictures(map) {
    const names = new Set(map.tilesets.flatMap(({ properties }) => [...properties.values()].map(({ tall }) => tall)));
    names.delete(undefined);
    const found = await Promise.all(
      [...names].map(async (name) => {
        const paths = [`pictures/tall/${name}.png`, `pictures/tall/${name}_2.png`];
        const pictures = await Promise.all(paths.map((path) => this.#assets.picture(path)));
        return [name, pictures.filter((picture) => picture !== null)];
      }),
    );
    return new Map(found.filter(([, pictures]) => pictures.length > 0));
  }
}

/** A map without a file: what the server tells of solid tiles, in two colours. */
async function plainMap(session) {
  while (!session.grid) await new Promise((resolve) => setTimeout(resolve, 100));
  const { width, height } = session.grid;
  const gids = Uint32Array.from({ length: width * height }, (_, at) => {
    return session.grid.isSolid(at % width, Math.floor(at / width)) ? 2 : 1;
  });
  const tileset = {
    firstGid: 1,
    source: null,
    image: null,
    columns: 2,
    tileCount: 2,
    tileWidth: 32,
    tileHeight: 32,
    spacing: 0,
    margin: 0,
    offset: { x: 0, y: 0 },
    properties: new Map(),
    animations: new Map(),
    images: new Map(),
    picture: plainTiles(),
  };
  return {
    width,
    height,
    tileSize: 32,
    layers: [{ name: "ground", opacity: 1, gids }],
    tilesets: [tileset],
    vendors: [],
    darkness: 0,
    leaves: 0,
  };
}

function plainTiles() {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [64, 32];
  const context = canvas.getContext("2d");
  ["#6f8f4e", "#3d4a3a"].forEach((colour, tile) => {
    context.fillStyle = colour;
    context.fillRect(tile * 32, 0, 32, 32);
    context.fillStyle = "rgba(0, 0, 0, 0.12)";
    for (let speck = 0; speck < 12; speck += 1) {
      context.fillRect(tile * 32 + ((speck * 37) % 31), (speck * 53) % 31, 2, 1);
    }
  });
  return canvas;
}
