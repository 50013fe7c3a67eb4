// A scripted player of `cargo xtask feel --core js`, in Node or in a browser: it walks, presses abilities, and keeps what its screen shows.

import { Display, GameClient, readGrant } from "../../src/index.js";
import { Random } from "./random.js";
import { Walk } from "./walk.js";

const FRAME_MS = 1000 / 60;
/** How exact timers are: what is due in this time is due now. */
const TIMER_MS = 1;
/** How often it is looked whether the server applies commands again. */
const LOOK_EVERY_MS = 5;

/** A player in the world, with a screen. */
class Player {
  #walk;
  #client = null;
  #display = null;
  #nextFrame = 0;
  #frames = null;
  /** While it presses abilities: what it was told, and all that has happened. */
  #strikes = null;
  #random;
  /** Whether the keys of the frame that is due have been read: what is due with it is sent first. */
  #areKeysRead = false;
  #wake = () => {};

  constructor(seed) {
    this.#walk = new Walk(seed);
    this.#random = new Random(seed);
  }

  async enter(grant, transport) {
    const began = performance.now();
    this.#client = await GameClient.enter(readGrant(grant), {
      transport,
      intent: () => this.#display?.withSeen(this.#intent()) ?? {},
      onMessage: (message) => this.#hear(message),
      onTick: ({ session }) => this.#display?.takeTick(session, { heading: this.#walk.heading }, performance.now()),
      onSnapshot: ({ session }) => this.#display?.takeSnapshot(session, performance.now()),
      onEnd: () => this.#wake(),
    });
    const tookMs = performance.now() - began;
    const { tick_hz: tickHz, entity } = this.#client.session.welcome;
    this.#display = new Display(tickHz);
    this.#nextFrame = performance.now();
    this.#frame();
    return { tookMs, entity };
  }

  /** Enters; without an entity in the answer another ticket may help. */
  async tryToEnter(grant, transport) {
    const began = performance.now();
    try {
      return await this.enter(grant, transport);
    } catch (error) {
      if (!error.isWorthAnotherTicket) throw error;
      return { tookMs: performance.now() - began, entity: null };
    }
  }

  #intent() {
    return { heading: this.#keys(), action: this.#strikes ? this.#press(performance.now()) : undefined };
  }

  /** Another slot each time, at a point near somebody who is shown. */
  #press(atMs) {
    const { targets, everyMs, radius, events, next } = this.#strikes;
    const { session } = this.#client;
    const shown = targets.map((id) => [id, this.#display.place(session, id)]).filter(([, at]) => at);
    if (atMs < next || shown.length === 0) return undefined;
    this.#strikes.next = atMs + everyMs;
    const pressed = events.filter(({ what }) => what === "pressed").length;
    const slot = pressed % session.welcome.slots.length;
    const off = () => this.#random.below(4 * radius + 1) - 2 * radius;
    const [, aimed] = shown[pressed % shown.length];
    const point = { x: Math.round(aimed.x) + off(), y: Math.round(aimed.y) + off() };
    events.push({
      what: "pressed",
      atMs,
      command: session.commandsIssued + 1,
      slot,
      ability: session.welcome.slots[slot],
      point: [point.x, point.y],
      shown: shown.map(([id, { x, y }]) => [id, [x, y]]),
    });
    return { slot, aim: { type: "Point", point } };
  }

  #hear({ type, kind, source, target, ability, answers }) {
    const isRefused = type === "Refused" && answers.type === "Command";
    if (isRefused) this.#strikes?.events.push({ what: "refused", command: answers.number });
    const isHelp = type === "Combat" && kind === "Buff" && source === this.#client?.session.welcome.entity;
    if (isHelp) this.#strikes?.events.push({ what: "hit", atMs: performance.now(), ability, target });
  }

  /** As games do: first the keys are read, then what is due is sent, then the frame is drawn. */
  #keys() {
    if (!this.#areKeysRead && performance.now() >= this.#nextFrame - TIMER_MS) {
      this.#walk.frame(this.#client.session);
      this.#areKeysRead = true;
    }
    return this.#walk.heading;
  }

  #frame() {
    if (!this.#client) return;
    const now = performance.now();
    if (now >= this.#nextFrame) {
      this.#keys();
      this.#areKeysRead = false;
      this.#nextFrame += FRAME_MS;
      // Frames that were missed are not made good.
      if (this.#nextFrame < now) this.#nextFrame = now + FRAME_MS;
      this.#display.advance(this.#client.session, this.#walk.heading, now);
      this.#frames?.push(this.#picture(now));
    }
    if (!this.#client.end) setTimeout(() => this.#frame(), Math.max(this.#nextFrame - performance.now(), 0));
  }

  #picture(atMs) {
    const { session } = this.#client;
    const place = (id) => {
      const at = this.#display.place(session, id);
      return at && [at.x, at.y];
    };
    const own = session.welcome.entity;
    const players = [...session.world.entities()].filter(([id, { kind }]) => id !== own && kind === "Player");
    const others = players.map(([id]) => [id, place(id)]).filter(([, at]) => at);
    return { atMs, own: place(own), heading: this.#walk.heading, others };
  }

  #counted() {
    const { corrections, correctedUnits } = this.#client.session;
    return { corrections, correctedUnits, ...this.#display.counters };
  }

  /** Keeps every frame between two moments, or until the connection ends. */
  async watch(from, until) {
    const wait = (until) =>
      new Promise((resolve) => {
        this.#wake = resolve;
        setTimeout(resolve, Math.max(until - performance.now(), 0));
      });
    await wait(from);
    const before = this.#counted();
    this.#frames = [];
    await wait(until);
    const pictures = this.#frames;
    this.#frames = null;
    return { before, after: this.#counted(), pictures, isOver: this.#client.end !== null };
  }

  async strike({ until, ...told }) {
    const events = [];
    this.#strikes = { ...told, events, next: 0 };
    await pause(until - performance.now());
    this.#strikes = null;
    events.push({ what: "over", atMs: performance.now() });
    return { events };
  }

  /** `from` is when the line is up again. */
  async comeBack({ from, withinMs }) {
    await pause(from - performance.now());
    const { session } = this.#client;
    const command = session.commandsIssued + 1;
    const isApplied = () => session.world.head.last_command >= command;
    while (!isApplied() && performance.now() < from + withinMs && !this.#client.end) await pause(LOOK_EVERY_MS);
    if (this.#client.end) return { afterMs: null };
    return { afterMs: Math.min(performance.now() - from, withinMs) };
  }

  async leave() {
    const asked = performance.now();
    const { left, closeReason } = await this.#client.logOut();
    if (left !== "Logout") {
      const afterMs = Math.round(performance.now() - asked);
      throw new Error(`the log-out was not confirmed: ${left}, ${JSON.stringify(closeReason)} after ${afterMs} ms`);
    }
    [this.#client, this.#display] = [null, null];
    return { left };
  }
}

function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, Math.max(ms, 0)));
}

/**
 * A new player.
 * @param {number} seed
 * @returns {Record<string, (asked: object) => object>} What answers each question of feel.mjs.
 */
export function newPlayer(seed) {
  const player = new Player(seed);
  return {
    enter: ({ grant, transport }) => player.tryToEnter(grant, transport),
    visit: async ({ grant, transport }) => {
      const tried = await player.tryToEnter(grant, transport);
      if (tried.entity !== null) await player.leave();
      return tried;
    },
    clock: () => ({ nowMs: performance.now() }),
    watch: ({ from, until }) => player.watch(from, until),
    strike: (told) => player.strike(told),
    comeBack: (told) => player.comeBack(told),
    leave: () => player.leave(),
  };
}
