// What lies on a tile because of its neighbours: grounds that grow over it, banks, rims and shadows of walls.
//
// Properties of the tileset say which tiles have what. Each names the first of some tiles in the order of `NEIGHBOURS`:
// `fringe` is the edge of a ground that grows over those of a lower rank (`creeps`), `bank` what lies on the tile
// itself beside those of a higher one, and `round` rounds the corner between two such sides. `rim` lies on the top of a
// wall beside what is no such top, and `shade` is the shadow that a wall throws.

import { TILE_PX } from "./camera.js";
import { creeping, Edges, NEIGHBOURS, noise, rims } from "./edges.js";
import { splitGid, tileOfGid } from "./tiled.js";

const CORNERS = NEIGHBOURS.slice(4);

export class Borders {
  #map;
  #drawTile;
  #edges = new Edges();

  /**
   * @param {import("./tiled.js").TiledMap} map
   * @param {(context: CanvasRenderingContext2D, tileset: object, id: number) => void} drawTile Draws a tile at 0, 0.
   */
  constructor(map, drawTile) {
    [this.#map, this.#drawTile] = [map, drawTile];
  }

  /** The pictures that lie on a tile, the lowest first. */
  of(x, y) {
    const own = this.#surface(x, y);
    if (!own) return [];
    if (own.shade !== undefined) return this.#rims(own, x, y);
    return [...(own.creeps === undefined ? [] : this.#grown(own, x, y)), ...this.#shades(x, y)];
  }

  /** The uppermost tile of a place with its properties; null without one. Below what is tall the ground is seen. */
  #surface(x, y) {
    const { width, height, layers, tilesets } = this.#map;
    if (x < 0 || y < 0 || x >= width || y >= height) return null;
    for (let layer = layers.length - 1; layer >= 0; layer -= 1) {
      const found = tileOfGid(tilesets, splitGid(layers[layer].gids[y * width + x]).gid);
      const properties = found?.tileset.properties.get(found.id) ?? {};
      if (found && properties.tall === undefined) return { ...found, ...properties };
    }
    return null;
  }

  /** The grounds that grow over a tile: the lowest first, and then the corners between their sides. */
  #grown(own, x, y) {
    const rankAt = (dx, dy) => {
      const { creeps } = this.#surface(x + dx, y + dy) ?? {};
      return creeps === undefined ? null : Number(creeps);
    };
    const grown = creeping(Number(own.creeps), rankAt)
      .map((neighbour) => ({ neighbour, on: this.#surface(x + neighbour.dx, y + neighbour.dy) }))
      .sort((one, other) => Number(one.on.creeps) - Number(other.on.creeps));
    return [...grown.map(({ neighbour, on }) => this.#edge(own, neighbour, on, x, y)), ...this.#rounds(own, grown)];
  }

  #edge(own, neighbour, on, x, y) {
    const [of, first] = own.bank !== undefined ? [own, own.bank] : [on, on.fringe];
    if (first !== undefined) return this.#piece(of.tileset, Number(first) + NEIGHBOURS.indexOf(neighbour));
    // A ground without a fringe grows over with its own tile.
    const variant = Math.floor(noise(x, y, neighbour.dx * 3 + neighbour.dy) * 4);
    const draw = (context) => this.#drawTile(context, on.tileset, on.id);
    return this.#edges.edge(`${on.tileset.firstGid} ${on.id}`, neighbour, variant, draw);
  }

  /** Where two sides of the same kind meet, their corner is round. */
  #rounds(own, grown) {
    const sourceAt = (dx, dy) => {
      const on = grown.find(({ neighbour }) => neighbour.dx === dx && neighbour.dy === dy)?.on;
      return on && (own.bank !== undefined ? own : on);
    };
    return CORNERS.flatMap(({ dx, dy }, corner) => {
      const [across, along] = [sourceAt(dx, 0), sourceAt(0, dy)];
      const isRound = across?.round !== undefined && across.round === along?.round;
      return isRound ? [this.#piece(across.tileset, Number(across.round) + corner)] : [];
    });
  }

  /** The shadows that walls throw on a tile. */
  #shades(x, y) {
    const wallAt = (dx, dy) => {
      const found = this.#surface(x + dx, y + dy);
      return found?.shade === undefined ? null : found;
    };
    return creeping(0, (dx, dy) => (wallAt(dx, dy) ? 1 : 0)).map((neighbour) => {
      const wall = wallAt(neighbour.dx, neighbour.dy);
      return this.#piece(wall.tileset, Number(wall.shade) + NEIGHBOURS.indexOf(neighbour));
    });
  }

  /** The rim of a wall's top. */
  #rims(own, x, y) {
    if (own.rim === undefined) return [];
    return rims((dx, dy) => this.#topRows(own, x + dx, y + dy)).map(({ neighbour, from, to }) =>
      this.#piece(own.tileset, Number(own.rim) + NEIGHBOURS.indexOf(neighbour), from, to),
    );
  }

  /** How many rows of a place show the top of this wall: with more of it in the south all of them, else its `cap`. */
  #topRows(own, x, y) {
    const isOfIt = (other) => other?.id === own.id && other.tileset === own.tileset;
    const here = this.#surface(x, y);
    // Beyond the edge of the map the wall goes on.
    if (!here) return TILE_PX;
    if (!isOfIt(here)) return 0;
    return isOfIt(this.#surface(x, y + 1)) ? TILE_PX : Number(own.cap ?? 0);
  }

  /** A tile that lies over others, or some rows of one. */
  #piece(tileset, id, from, to) {
    return this.#edges.rows(`${tileset.firstGid} ${id}`, (context) => this.#drawTile(context, tileset, id), from, to);
  }
}
