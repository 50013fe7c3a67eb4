// What only the test can do that has started a script: it is asked by lines of JSON, and says when something is done. It
// also tells what its own player, in Rust, sees.

import { createInterface } from "node:readline";
import { encodeReliable } from "../../../js/src/index.js";
import { until } from "./visitor.mjs";

export const UNITS_PER_TILE = 1024;

export class Stage {
  /** The player in Rust. */
  rusty = new Rusty(this);
  #waiting = new Map();
  #asked = 0;
  #lines = createInterface({ input: process.stdin });

  constructor() {
    this.#lines.on("line", (line) => this.#hear(JSON.parse(line)));
  }

  #hear({ done, picture }) {
    if (picture) this.rusty.picture = picture;
    else this.#waiting.get(done)?.();
  }

  /** Asks for something; resolves when it is done. */
  async ask(what) {
    this.#asked += 1;
    const id = this.#asked;
    const done = new Promise((resolve) => this.#waiting.set(id, resolve));
    console.log(JSON.stringify({ id, ...what }));
    await done;
    this.#waiting.delete(id);
  }

  /** How all lines are from now on: `good`, `silent` or `cut`. */
  async lines(are) {
    await this.ask({ lines: are });
  }

  /** What becomes of the server: `kill`, `stop` or `start`. */
  async server(fate) {
    await this.ask({ server: fate });
  }

  close() {
    this.#lines.close();
    process.stdin.destroy();
  }
}

/** The player in Rust, who does as it is told. */
class Rusty {
  name = "Rusty";
  /** What it sees and has heard: `Picture` of tests/tests/realms/javascript/actors.rs. */
  picture = null;
  #stage;

  constructor(stage) {
    this.#stage = stage;
  }

  /** Waits until its picture is so, and answers it. */
  async until(what, isSo) {
    await until(`${this.name}: ${what}`, async () => this.picture !== null && isSo(this.picture)).catch((error) => {
      throw new Error(`${error.message}: ${JSON.stringify(this.picture)}`);
    });
    return this.picture;
  }

  /** Walks to a point, in tiles. */
  async walk(x, y) {
    await this.#stage.ask({ walk: [Math.round(x * UNITS_PER_TILE), Math.round(y * UNITS_PER_TILE)] });
  }

  /** Attacks an entity until it is told to stop, with null. */
  async attack(entity) {
    await this.#stage.ask({ attack: entity });
  }

  /** @param {import("../../../js/src/index.js").ClientMessage} message */
  async say(message) {
    await this.#stage.ask({ ask: [...encodeReliable("ClientMessage", message)] });
  }

  /** Returns to life, if something has killed it. The server refuses the request of a living player, which changes nothing. */
  async livesOn() {
    await this.say({ type: "Respawn" });
  }

  /** Where it sees somebody, in tiles; null if it does not. */
  placeOf(name) {
    const place = this.picture?.others.find((other) => other.name === name)?.place;
    return place ? { x: place.x / UNITS_PER_TILE, y: place.y / UNITS_PER_TILE } : null;
  }
}
