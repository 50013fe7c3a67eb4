// A player in the world: ticks at the server's rate, travels from server to server, and logs out.

import { Display } from "./display/display.js";
import { readGrant } from "./grant.js";
import { Host } from "./host.js";
import { EnterError, QUIET_TICK_MS, Stay } from "./stay.js";
import { Choice } from "./transport/choice.js";

/** How long the server may take to save and to confirm the logout. */
const LEAVE_WITHIN_MS = 10_000;
/** A client that is further behind than this does not catch up: the server takes one command per tick. */
const MAX_BEHIND_MS = 250;
/** Maximum tickets to try before giving up. */
const MAX_TICKETS = 5;

/**
 * How a player's time in the world ended: the reason that the server gave, if any; why the connection closed; and why a
 * journey failed, if one did.
 * @typedef {{ left: string | null, closeReason: import("./transport/transport.js").CloseReason | null, error: Error | null }} End
 */

/**
 * What a program hands in. `intent` is asked once for each tick what the player wants; the others are told what happens.
 * `onEnter` is told of each session before its first message, also after a journey; `signal` calls entering off.
 * @typedef {import("./host.js").HostOptions & {
 *   grids?: Map<number, any>,
 *   acceptWithinMs?: number,
 *   transport?: "auto" | "websocket" | "webtransport",
 *   signal?: AbortSignal,
 *   intent?: (client: GameClient) => import("./session.js").Intent,
 *   anotherGrant?: (
 *     why: { isTravelling: boolean, signal: AbortSignal | undefined },
 *   ) => Promise<import("./grant.js").EntryGrant>,
 *   onEnter?: (client: GameClient) => void,
 *   onMessage?: (message: object, client: GameClient) => void,
 *   onSnapshot?: (client: GameClient) => void,
 *   onTick?: (client: GameClient) => void,
 *   onTravel?: (client: GameClient) => void,
 *   onEnd?: (end: End, client: GameClient) => void,
 * }} ClientOptions
 */

/** A player in the world. */
export class GameClient {
  #options;
  #setup;
  #host;
  #stay;
  #display = null;
  #nextTick = 0;
  #callOff = () => {};
  /** Calls off the journey that is under way; null while there is none. */
  #journey = null;
  /** The log-out that was asked for: when, and whom to tell. */
  #leaving = null;
  #end = null;

  constructor(options, setup, stay) {
    [this.#options, this.#setup, this.#host] = [options, setup, setup.host];
    this.#settle(stay);
  }

  /**
   * Connects with a grant and greets. With `anotherGrant` it tries up to 5 tickets: one may be lost on a bad line, or be spent on a
   * WebTransport session that comes to nothing.
   *
   * Rejects with an `EnterError`, or with what `anotherGrant` rejects with.
   * @param {import("./grant.js").EntryGrant} grant
   * @param {ClientOptions} [options]
   * @returns {Promise<GameClient>}
   */
  static async enter(grant, options = {}) {
    const { grids, acceptWithinMs, transport, signal } = options;
    const setup = { host: new Host(options), choice: new Choice(transport), grids, acceptWithinMs };
    const stay = await enterWithTickets(grant, options, setup, { signal });
    try {
      signal?.throwIfAborted();
      return new GameClient(options, setup, stay);
    } catch (error) {
      // It was called off meanwhile, or the program threw at the first messages: nobody else would end it.
      stay.close();
      throw error;
    }
  }

  /** What the player sees, owns and predicts. A new one after each travel. */
  get session() {
    return this.#stay.session;
  }

  /** The player's predicted position, in units of 1/1,024 tile; null before the first snapshot. */
  get position() {
    return this.session.position;
  }

  /** Counters of this connection, in both directions. */
  get traffic() {
    return this.#stay.traffic;
  }

  /** The transport to the map server: `websocket` or `webtransport`. */
  get transport() {
    return this.#stay.transport;
  }

  /** Whether the player is connected. */
  get isConnected() {
    return !this.#end && !this.#journey;
  }

  /** Creates the `Display` for a screen: see `show`. A client without a screen does not need it. */
  openDisplay() {
    this.#display = new Display(this.session.welcome.tick_hz);
  }

  /** What a screen shows; null before `openDisplay`. A new one after each travel. */
  get display() {
    return this.#display;
  }

  /**
   * A frame is about to be drawn: moves the display on to this moment.
   * @param {number | null} [heading] The direction that the player presses now.
   */
  show(heading = null) {
    this.#display?.advance(this.session, heading, this.#host.now());
  }

  /** How the stay in the world ended; null while it lasts. */
  get end() {
    return this.#end;
  }

  /**
   * Queues a request, which is sent with the next tick. Throws when it is too long or too much is queued.
   * @param {import("./generated/protocol.js").ClientMessage} message
   * @returns {number} Its id, by which `Refused.answers` names it.
   */
  ask(message) {
    return this.#stay.ask(message);
  }

  /**
   * Logs out, and waits until the server has saved and confirmed it. In a fight the body stays until that is over.
   * @returns {Promise<End>}
   */
  logOut() {
    if (this.#end) return Promise.resolve(this.#end);
    if (!this.#leaving) {
      let tell;
      const told = new Promise((resolve) => (tell = resolve));
      this.#leaving = { startedMs: this.#host.now(), told, tell };
      if (!this.#journey) this.ask({ type: "Logout" });
    }
    return this.#leaving.told;
  }

  /** Ends the connection at once. The player stays in the world until the server notices. */
  close() {
    this.#stay.close();
    this.#finish();
  }

  /** Goes on with this stay. */
  #settle(stay) {
    this.#stay = stay;
    this.#journey = null;
    this.#nextTick = this.#host.now();
    if (this.#display) this.openDisplay();
    if (this.#leaving) this.ask({ type: "Logout" });
    this.#options.onEnter?.(this);
    stay.listen({
      message: (message) => this.#receive(message, stay),
      snapshot: () => this.#see(stay),
      ended: () => stay === this.#stay && !this.#journey && this.#finish(),
    });
    this.#schedule();
  }

  #receive(message, stay) {
    if (stay !== this.#stay || this.#end || this.#journey) return;
    try {
      this.#options.onMessage?.(message, this);
    } finally {
      // Whatever the program throws in its own code, the player goes where it is sent.
      if (!this.#end) this.#obey(message, stay);
    }
  }

  #obey(message, stay) {
    if (message.type === "Travel") this.#travel(message.grant);
    if (message.type === "Leave") {
      // Once more, so that the server gets the acknowledgement of its last message.
      stay.quietTick();
      this.close();
    }
  }

  #see(stay) {
    if (stay !== this.#stay || this.#end) return;
    this.#display?.takeSnapshot(this.session, this.#host.now());
    this.#options.onSnapshot?.(this);
    // Timers of a page that nobody looks at come late. What the server sends does not.
    if (this.#host.now() >= this.#nextTick) this.#run();
  }

  async #travel(text) {
    const journey = new AbortController();
    this.#journey = journey;
    this.#callOff();
    const left = this.#stay;
    left.quietTick();
    left.close();
    try {
      const { signal } = journey;
      const grant = readGrant(JSON.parse(text));
      const carried = left.session.possessions;
      const stay = await enterWithTickets(grant, this.#options, this.#setup, { carried, signal });
      if (this.#end) return stay.close();
      this.#settle(stay);
    } catch (error) {
      return this.#finish(error);
    }
    return this.#options.onTravel?.(this);
  }

  #schedule() {
    this.#callOff();
    if (!this.isConnected) return;
    this.#callOff = this.#host.after(Math.max(0, this.#nextTick - this.#host.now()), () => this.#run());
  }

  #run() {
    try {
      while (this.isConnected && this.#host.now() >= this.#nextTick) this.#act();
    } finally {
      // Whatever the program throws in its own code, the player goes on.
      this.#schedule();
    }
  }

  #act() {
    const now = this.#host.now();
    this.#nextTick += this.#leaving ? QUIET_TICK_MS : this.session.pace.intervalMs;
    if (now - this.#nextTick > MAX_BEHIND_MS) this.#nextTick = now;
    if (!this.#leaving) {
      const intent = this.#options.intent?.(this) ?? {};
      this.#stay.tick(intent);
      this.#display?.takeTick(this.session, intent, now);
      this.#options.onTick?.(this);
      return;
    }
    this.#stay.quietTick();
    const since = Math.max(this.#stay.staysUntilMs, this.#leaving.startedMs);
    if (now >= since + LEAVE_WITHIN_MS) this.close();
  }

  #finish(error = null) {
    if (this.#end) return;
    this.#callOff();
    this.#journey?.abort();
    this.#end = { left: this.#stay.left, closeReason: this.#stay.closeReason, error };
    this.#leaving?.tell(this.#end);
    this.#options.onEnd?.(this.#end, this);
  }
}

/** Enters with a grant, or with others while those may help. */
async function enterWithTickets(grant, { anotherGrant }, setup, { carried = null, signal }) {
  for (let tries = 1, next = grant; ; tries += 1) {
    try {
      return await Stay.enter(next, setup, { carried, signal });
    } catch (error) {
      const isWorthIt = error instanceof EnterError && error.isWorthAnotherTicket && tries < MAX_TICKETS;
      if (!anotherGrant || !isWorthIt) throw error;
      next = await anotherGrant({ isTravelling: carried !== null, signal });
    }
  }
}
