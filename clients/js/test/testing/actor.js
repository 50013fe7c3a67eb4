// A player on a real server that does what it is told from outside, and tells what its screen shows: in Node or in a
// browser.

import { Api, Entry, Player, angleBetween, decodeReliable } from "../../src/index.js";

/** Time between two frames of its screen, and between two pictures that it tells. */
const FRAME_MS = 1000 / 60;
const PICTURE_MS = 50;
/** So long it is tried again. */
const ENTERS_WITHIN_MS = 60_000;
/** A walk that is so near to its goal has ended, in units. */
const THERE = 150;

/** The ports that are reached through others, on this machine: something stands between. */
function through(Socket, ports) {
  return class extends Socket {
    constructor(url, ...more) {
      const at = new URL(url);
      at.port = ports[at.port] ?? at.port;
      super(at.href, ...more);
    }
  };
}

/** A player that is told what to do. */
export class Actor {
  #player;
  #goal = null;
  #victim = null;
  #heading = null;
  #events = [];
  #heard = { asked: [], ended: [], refused: [], hits: 0 };
  #heardAt = 0;
  #left = null;

  /**
   * Enters the world with a new account.
   * @param {{ base: string, name: string, transport: string, ports: Record<string, number> }} play
   * @returns {Promise<Actor>}
   */
  static async enter({ base, name, transport, ports }) {
    const api = new Api(base);
    const { access_token: token } = await api.register(name, "correct horse battery");
    // A class whose first ability reaches far.
    const character = await api.createCharacter(token, name, "cleric");
    const sockets = { WebSocket: through(WebSocket, ports) };
    if (globalThis.WebTransport) sockets.WebTransport = through(WebTransport, ports);
    const [actor, gateway] = [new Actor(), await api.gatewayUrl()];
    const options = {
      ...sockets,
      transport,
      intent: () => actor.#intent(),
      onSnapshot: () => (actor.#heardAt = performance.now()),
      onEvent: (event, { session }) => actor.#hear(event, session),
    };
    actor.#player = await whenThereIsRoom(() =>
      Player.enter(new Entry(gateway, token, character.id, sockets), options),
    );
    return actor;
  }

  /** Shows frame by frame, and tells pictures of them. */
  show(tell) {
    setInterval(() => this.#player.show(this.#heading), FRAME_MS);
    setInterval(() => tell(this.#picture()), PICTURE_MS);
  }

  /** Does what it is told: walks to a goal, attacks a victim, asks a message (as it goes over the wire), or leaves. */
  async obey(order) {
    if ("walk" in order) this.#goal = order.walk;
    if ("attack" in order) this.#victim = order.attack;
    if ("ask" in order) this.#player.ask(decodeReliable("ClientMessage", Uint8Array.from(order.ask)));
    if ("leave" in order) this.#left = (await this.#player.logOut()).left ?? "lost";
  }

  #intent() {
    const { session } = this.#player;
    const at = session.position;
    const isThere = !at || !this.#goal || Math.hypot(this.#goal.x - at.x, this.#goal.y - at.y) < THERE;
    this.#heading = isThere ? null : angleBetween(at, this.#goal);
    const attacks = this.#victim !== null && session.mayUse(0);
    const aim = { type: "Entity", entity: this.#victim };
    return { heading: this.#heading, action: attacks ? { slot: 0, aim } : null };
  }

  #hear(event, session) {
    if (event.type !== "Told") return void this.#events.push(event.type);
    const { message } = event;
    const own = session.welcome.entity;
    if (message.type === "TradeRequested") this.#heard.asked.push(message.name);
    if (message.type === "TradeEnded") this.#heard.ended.push(message.end);
    if (message.type === "Refused") this.#heard.refused.push(`${message.request}: ${message.reason}`);
    if (message.type === "Combat" && message.source === own && message.target === this.#victim) this.#heard.hits += 1;
  }

  #picture() {
    const player = this.#player;
    const { session } = player;
    const { trade, welcome } = session;
    const others = [...session.world.entities()].filter(([id]) => id !== welcome.entity);
    return {
      ...this.#heard,
      events: this.#events,
      transport: player.client.transport,
      is_connected: player.isConnected,
      silent_ms: performance.now() - this.#heardAt,
      left: this.#left,
      map: welcome.map,
      entity: welcome.entity,
      place: player.place(),
      gold: Number(session.possessions.gold),
      trade: trade && {
        revision: trade.revision,
        gold: [trade.mine, trade.theirs].map(({ gold }) => Number(gold)),
        confirmed: [trade.mine, trade.theirs].map(({ confirmed }) => confirmed),
      },
      others: others.map(([id, entity]) => ({
        entity: id,
        kind: entity.kind,
        name: entity.name,
        place: player.place(id),
        health: entity.components.Health?.current ?? null,
      })),
    };
  }
}

/** A server that is late, on a machine that does much else, lets nobody in for now. */
async function whenThereIsRoom(enter) {
  const endMs = performance.now() + ENTERS_WITHIN_MS;
  for (;;) {
    try {
      return await enter();
    } catch (error) {
      if (error.code !== "MAP_FULL" || performance.now() > endMs) throw error;
      await new Promise((resolve) => setTimeout(resolve, 1_000));
    }
  }
}
