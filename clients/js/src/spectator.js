// Somebody who watches a channel without a character, and comes back after a connection that is lost: operators and designers,
// who have the service token. It is tried for as long as the program wants: servers go and come back.

import { Display } from "./display/display.js";
import { readGrant } from "./grant.js";
import { Host } from "./host.js";
import { EnterError, Stay } from "./stay.js";
import { Choice } from "./transport/choice.js";

/** First pause before a lost connection is made anew. */
const FIRST_PAUSE_MS = 250;
/** Longest pause; each is twice the one before. */
const LONGEST_PAUSE_MS = 8_000;
/** Time between two messages that say where to look: the server takes ten a second. */
const LOOK_EVERY_MS = 150;
/** Refusals that may be over a while later; so may what is refused for being too much, and every failure of a server. */
const PASSING = ["MAP_NOT_FOUND"];

/**
 * What is watched: a map, one of its channels (by default the one with the most players), and where several map servers have
 * that channel, which.
 * @typedef {{ map: number, channel?: number | null, server?: string | null }} Watched
 */

/**
 * What happens to a spectator, besides what its session shows:
 *
 * - `Lost`: the connection is lost, and is being made anew.
 * - `Waits`: it could not be made anew yet; it is tried again.
 * - `Entered`: the spectator sees the channel again; the session is a new one.
 * - `GaveUp`: trying again is of no use: the token is wrong, or the program too old.
 * @typedef {{ type: "Lost", reason: import("./transport/transport.js").CloseReason }
 *   | { type: "Waits", error: Error }
 *   | { type: "Entered" }
 *   | { type: "GaveUp", error: Error }} SpectatorEvent
 */

/**
 * @typedef {import("./host.js").HostOptions & {
 *   transport?: "auto" | "websocket" | "webtransport",
 *   signal?: AbortSignal,
 *   onEvent?: (event: SpectatorEvent, spectator: Spectator) => void,
 *   onSnapshot?: (spectator: Spectator) => void,
 * }} SpectatorOptions
 */

/** Somebody who watches. */
export class Spectator {
  #api;
  #token;
  #watched;
  #options;
  #host;
  #choice;
  /** The stay, also while it leads nowhere any more: what was seen last is shown on. */
  #stay = null;
  #display = null;
  #grant = null;
  #nextTick = 0;
  #callOff = () => {};
  #life = new AbortController();
  /** Where to look, and whom to follow; what of that the server was told, and when. */
  #wish = null;
  #told = null;
  #toldMs = -Infinity;

  constructor(api, token, watched, options) {
    [this.#api, this.#token, this.#watched, this.#options] = [api, token, watched, options];
    this.#host = new Host(options);
    this.#choice = new Choice(options.transport);
  }

  /**
   * Begins to watch. Rejects with an `ApiError` or an `EnterError`.
   * @param {import("./api.js").Api} api
   * @param {string} serviceToken
   * @param {Watched} watched
   * @param {SpectatorOptions} [options]
   * @returns {Promise<Spectator>}
   */
  static async watch(api, serviceToken, watched, options = {}) {
    const spectator = new Spectator(api, serviceToken, watched, options);
    options.signal?.addEventListener("abort", () => spectator.close(), { once: true });
    options.signal?.throwIfAborted();
    // A ticket may be spent on a transport that comes to nothing.
    await spectator.#enter(watched).catch((error) => {
      if (!(error instanceof EnterError && error.isWorthAnotherTicket)) throw error;
      return spectator.#enter(watched);
    });
    return spectator;
  }

  /** What is seen: everything of a player's session but an own character. Another one after each `Entered`. */
  get session() {
    return this.#stay.session;
  }

  /** What a screen shows. A new one after each `Entered`. */
  get display() {
    return this.#display;
  }

  /** The grant that it entered with: it names the map, the channel and the server. */
  get grant() {
    return this.#grant;
  }

  /** Counters of this connection, in both directions. */
  get traffic() {
    return this.#stay.traffic;
  }

  /** The transport to the map server: `websocket` or `webtransport`. */
  get transport() {
    return this.#stay.transport;
  }

  /** Whether the spectator is connected. */
  get isConnected() {
    return !this.#life.signal.aborted && this.#stay.closeReason === null;
  }

  /** Where the server lets the spectator look from, in units; null before the first snapshot. */
  get viewpoint() {
    return this.session.world.viewpoint;
  }

  /**
   * Looks elsewhere, in units, and follows an entity from there on if one is given. May be called for each frame: the server is
   * told now and then.
   * @param {{ x: number, y: number }} at
   * @param {number | null} [follow]
   */
  look({ x, y }, follow = null) {
    this.#wish = { x: Math.round(x), y: Math.round(y), follow };
  }

  /** A frame is about to be drawn: moves the display on to this moment. */
  show() {
    this.#display.advance(this.session, null, this.#host.now());
  }

  /**
   * Where an entity is shown in this frame, in units; null if it is not in view.
   * @param {number} entity
   * @returns {{ x: number, y: number } | null}
   */
  place(entity) {
    return this.#display.place(this.session, entity);
  }

  /** Ends the connection or the reconnecting at once. */
  close() {
    this.#life.abort();
    this.#callOff();
    this.#stay?.close();
  }

  async #enter({ map, channel = null, server = null }) {
    const { signal } = this.#life;
    const grant = readGrant(await this.#api.watch(this.#token, { map, channel, server }));
    signal.throwIfAborted();
    const stay = await Stay.enter(grant, { host: this.#host, choice: this.#choice }, { signal });
    this.#grant = grant;
    this.#settle(stay);
  }

  #settle(stay) {
    this.#stay = stay;
    this.#display = new Display(stay.session.welcome.tick_hz);
    this.#told = null;
    this.#nextTick = this.#host.now();
    stay.listen({
      message: () => {},
      snapshot: () => this.#see(stay),
      ended: () => stay === this.#stay && this.#lost(),
    });
    this.#schedule();
  }

  #see(stay) {
    if (stay !== this.#stay || !this.isConnected) return;
    this.#display.takeSnapshot(stay.session, this.#host.now());
    this.#options.onSnapshot?.(this);
    // Timers of a page that nobody looks at come late. What the server sends does not.
    if (this.#host.now() >= this.#nextTick) this.#tick();
  }

  #schedule() {
    this.#callOff();
    if (!this.isConnected) return;
    this.#callOff = this.#host.after(Math.max(0, this.#nextTick - this.#host.now()), () => this.#tick());
  }

  /** Acknowledges what has come, and says where to look. */
  #tick() {
    if (!this.isConnected) return;
    const now = this.#host.now();
    this.#nextTick = Math.max(this.#nextTick + 1000 / this.session.welcome.tick_hz, now);
    if (this.#wish && !isSame(this.#wish, this.#told) && now - this.#toldMs >= LOOK_EVERY_MS) {
      this.#stay.ask({ type: "Look", ...this.#wish });
      [this.#told, this.#toldMs] = [this.#wish, now];
    }
    this.#stay.quietTick();
    this.#schedule();
  }

  #lost() {
    this.#callOff();
    if (this.#life.signal.aborted) return;
    this.#tell({ type: "Lost", reason: this.#stay.closeReason });
    this.#comeBack();
  }

  /** Tries again and again, with longer and longer pauses: first at the same server, then wherever the channel is. */
  async #comeBack() {
    const { map_id: map, channel, server_id: server } = this.#grant;
    for (let tries = 0, pauseMs = FIRST_PAUSE_MS; ; tries += 1, pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
      await this.#pause(pauseMs);
      if (this.#life.signal.aborted) return;
      try {
        await this.#enter({ map, channel, server: tries === 0 ? (this.#watched.server ?? server) : null });
        this.#tell({ type: "Entered" });
        return;
      } catch (error) {
        if (this.#life.signal.aborted) return;
        if (!mayPass(error)) {
          this.close();
          this.#tell({ type: "GaveUp", error });
          return;
        }
        this.#tell({ type: "Waits", error });
        await this.#pause(1000 * (error.retryAfterS ?? 0));
      }
    }
  }

  #pause(ms) {
    const { signal } = this.#life;
    return new Promise((resolve) => {
      const stop = () => (callOff(), resolve());
      const callOff = this.#host.after(ms, () => (signal.removeEventListener("abort", stop), resolve()));
      signal.addEventListener("abort", stop, { once: true });
    });
  }

  #tell(event) {
    this.#options.onEvent?.(event, this);
  }
}

function isSame(one, other) {
  return one.x === other?.x && one.y === other?.y && one.follow === other?.follow;
}

/** Whether trying again, a while later, can help. A wrong token stays wrong. */
function mayPass(error) {
  if (error instanceof EnterError) return error.isWorthAnotherTicket;
  if (error.name !== "ApiError") return false;
  const { status, code } = error.problem ?? {};
  return error.kind === "Unreachable" || status === 429 || status >= 500 || PASSING.includes(code);
}
