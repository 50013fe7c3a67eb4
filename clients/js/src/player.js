// A player who stays in the world: through changes of map and lost connections, with a picture all the while.
//
// While the way to another server is made, or a lost connection is made anew, the last world is shown on: others walk
// on for a moment, then stand.

import { ApiError } from "./api.js";
import { GatewayError } from "./gateway.js";
import { readGrant } from "./grant.js";
import { Host } from "./host.js";
import { EnterError } from "./stay.js";

/** First pause before a lost connection is made anew. */
const FIRST_PAUSE_MS = 250;
/** Longest pause; each is twice the one before. */
const LONGEST_PAUSE_MS = 8_000;
/** How long a lost connection is made anew before the player is told that it is of no use. */
const GIVE_UP_AFTER_MS = 120_000;
/** Refusals of the gateway that may be over a while later. */
const PASSING = ["MAP_FULL", "MAP_NOT_FOUND", "ALREADY_ONLINE", "MAP_SERVER_UNREACHABLE", "RATE_LIMITED", "INTERNAL"];
/** Refusals of the gateway of which another channel may be free. */
const OF_A_CHANNEL = ["MAP_FULL", "MAP_NOT_FOUND"];

/**
 * What happens to a player, besides what its session shows:
 *
 * - `Told`: the server says something. The session knows it already.
 * - `Lost`: the connection is lost, and is being made anew.
 * - `Travels`: the player is on its way to another map or channel.
 * - `Entered`: the player is in the world again; the session is a new one.
 * - `Left`: the server has sent the player away: nothing is tried.
 * - `GaveUp`: there is no way back into the world. The account may have to log in again.
 * @typedef {{ type: "Told", message: import("./generated/protocol.js").ServerMessage }
 *   | { type: "Lost", reason: import("./transport/transport.js").CloseReason }
 *   | { type: "Travels" }
 *   | { type: "Entered" }
 *   | { type: "Left", reason: string }
 *   | { type: "GaveUp", error: Error }} PlayerEvent
 */

/**
 * What a program hands in. `intent` is asked once for each tick what the player wants, `onEvent` is told what happens;
 * `signal` calls `Player.enter` off.
 * @typedef {Omit<import("./client.js").ClientOptions, "intent" | "anotherGrant"> & {
 *   channel?: number | null,
 *   intent?: (player: Player) => import("./session.js").Intent,
 *   onEvent?: (event: PlayerEvent, player: Player) => void,
 * }} PlayerOptions
 */

/** A player who stays in the world. */
export class Player {
  #entry;
  #options;
  #host;
  /** The client, also while it leads nowhere any more: what it saw last is shown on. */
  #client = null;
  /** Calls off the way back into the world. */
  #wayBack = new AbortController();
  #isOver = false;

  constructor(entry, options) {
    [this.#entry, this.#options, this.#host] = [entry, options, new Host(options)];
  }

  /**
   * Enters the world. The entry is the player's from then on, and is closed with it.
   *
   * Rejects as `Entry.enter`.
   * @param {import("./entry.js").Entry} entry
   * @param {PlayerOptions} [options]
   * @returns {Promise<Player>}
   */
  static async enter(entry, options = {}) {
    const player = new Player(entry, options);
    try {
      await entry.enter({ ...player.#clientOptions(), channel: options.channel });
    } catch (error) {
      entry.close();
      throw error;
    }
    return player;
  }

  /** What is shown: the client's session and its display. Another one after each way back into the world. */
  get client() {
    return this.#client;
  }

  /** What the player sees, owns and predicts. A new one after each `Entered`. */
  get session() {
    return this.#client.session;
  }

  /** What a screen shows. A new one after each `Entered`. */
  get display() {
    return this.#client.display;
  }

  /** Whether the player is connected. */
  get isConnected() {
    return !this.#isOver && this.#client.isConnected;
  }

  /**
   * Queues a request. Without a connection (`isConnected`) it is dropped: no answer comes. Throws when it is too long,
   * or too much is queued.
   * @param {import("./generated/protocol.js").ClientMessage} message
   * @returns {number | null} Its id, by which `Refused.answers` names it; null for one that is dropped.
   */
  ask(message) {
    return this.isConnected ? this.#client.ask(message) : null;
  }

  /**
   * A frame is about to be drawn: moves the display on to this moment.
   * @param {number | null} [heading] The direction that the player presses now.
   */
  show(heading = null) {
    this.#client.show(heading);
  }

  /**
   * Where an entity is shown in this frame, in units; null if it is not in view.
   * @param {number} [entity] The player's own by default.
   * @returns {{ x: number, y: number } | null}
   */
  place(entity = this.session.welcome.entity) {
    return this.display.place(this.session, entity);
  }

  /**
   * Logs out, and waits until the server has saved and confirmed it. On the way back into the world it stays outside.
   * @returns {Promise<import("./client.js").End>}
   */
  async logOut() {
    this.#stop();
    const end = await this.#client.logOut();
    this.#entry.close();
    return end;
  }

  /** Ends the connection or the reconnecting at once. The player stays in the world until the server notices. */
  close() {
    this.#stop();
    this.#client.close();
    this.#entry.close();
  }

  /** From now on the player does not come back. */
  #stop() {
    this.#isOver = true;
    this.#wayBack.abort();
  }

  #clientOptions() {
    const { intent } = this.#options;
    return {
      ...this.#options,
      intent: intent && (() => intent(this)),
      onEnter: (client) => this.#begin(client),
      onMessage: (message, client) => this.#hear(message, client),
      onEnd: (end) => this.#judge(end),
    };
  }

  #begin(client) {
    const isFirst = this.#client === null;
    this.#client = client;
    client.openDisplay();
    this.#options.onEnter?.(client);
    if (!isFirst) this.#tell({ type: "Entered" });
  }

  #hear(message, client) {
    this.#options.onMessage?.(message, client);
    // The end tells of a goodbye, and of a journey only what can be read is one.
    if (message.type === "Leave") return;
    if (message.type !== "Travel") this.#tell({ type: "Told", message });
    else if (isReadable(message.grant)) this.#tell({ type: "Travels" });
  }

  /** A client's time is over: what to do about it. */
  #judge(end) {
    this.#options.onEnd?.(end, this.#client);
    if (this.#isOver) return;
    if (end.left) this.#finish({ type: "Left", reason: end.left });
    // Where a journey has led nowhere, the gateway knows where the character is.
    else if (end.error) this.#comeBackAfter(end.error);
    else {
      this.#comeBack(this.session.welcome?.channel);
      this.#tell({ type: "Lost", reason: end.closeReason });
    }
  }

  #comeBackAfter(error) {
    if (mayPass(error) || error instanceof SyntaxError || error instanceof TypeError) this.#comeBack();
    else this.#finish({ type: "GaveUp", error });
  }

  /** Tries again and again, with longer and longer pauses: on `channel`, where the others are, and else on any. */
  async #comeBack(channel = null) {
    const { signal } = this.#wayBack;
    const until = this.#host.now() + GIVE_UP_AFTER_MS;
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
      try {
        await this.#enterAgain(channel);
        return;
      } catch (error) {
        if (signal.aborted) return;
        if (!mayPass(error) || this.#host.now() + pauseMs >= until) {
          this.#finish({ type: "GaveUp", error });
          return;
        }
        await this.#pause(Math.max(pauseMs, 1000 * (error.retryAfterS ?? 0)));
        if (signal.aborted) return;
      }
    }
  }

  async #enterAgain(channel) {
    const options = { ...this.#clientOptions(), signal: this.#wayBack.signal };
    try {
      return await this.#entry.enter({ ...options, channel });
    } catch (error) {
      if (channel === null || !OF_A_CHANNEL.includes(error.code)) throw error;
      return this.#entry.enter(options);
    }
  }

  #pause(ms) {
    const { signal } = this.#wayBack;
    return new Promise((resolve) => {
      const callOff = this.#host.after(ms, resolve);
      signal.addEventListener("abort", () => (callOff(), resolve()), { once: true });
    });
  }

  #finish(event) {
    this.#stop();
    this.#entry.close();
    this.#tell(event);
  }

  #tell(event) {
    this.#options.onEvent?.(event, this);
  }
}

/**
 * Whether trying again, a while later, can help. A wrong character stays wrong, and so does a token that has expired,
 * where `freshToken` of the entry has no newer one.
 */
function mayPass(error) {
  if (error instanceof EnterError) return error.isWorthAnotherTicket;
  if (error instanceof ApiError) return error.kind === "Unreachable" || error.retryAfterS !== null;
  if (!(error instanceof GatewayError)) return false;
  return error.kind === "Refused" ? PASSING.includes(error.code) : !error.wantsFreshTokens;
}

function isReadable(grant) {
  try {
    readGrant(JSON.parse(grant));
    return true;
  } catch {
    return false;
  }
}
