// Which transport a player takes to a map server, and what is tried when that comes to nothing.

import { WebSocketTransport } from "./websocket.js";
import { WebTransportTransport } from "./webtransport.js";

/** How long WebTransport may take before a WebSocket is tried: where UDP is held back, nobody says so. */
const WEBTRANSPORT_WITHIN_MS = 3_000;
const PREFERENCES = ["auto", "websocket", "webtransport"];

/**
 * What a program prefers, and what has come of it. One for all journeys of a client; after a lost connection there is
 * another, since the player may be in another network by then.
 */
export class Choice {
  #preference;
  #hasFailed = false;

  /** @param {"auto" | "websocket" | "webtransport"} [preference] */
  constructor(preference = "auto") {
    if (!PREFERENCES.includes(preference)) throw new RangeError(`unknown transport: ${preference}`);
    this.#preference = preference;
  }

  /** Why there is no way to the map server of a grant, as the kind of an `EnterError`; null if there is one. */
  hindrance(host, grant) {
    if (this.#mayUseWebTransport(host, grant)) return null;
    if (this.#preference === "webtransport") return "NoWebTransport";
    return grant.map_ws_url ? null : "NoWebSocket";
  }

  /**
   * Connects to the map server of a grant, shows the ticket and greets. Where WebTransport comes to nothing only after the server has
   * taken the ticket, it refuses that on the WebSocket, and another one may help.
   *
   * Rejects with a `CloseReason`.
   * @param {import("../host.js").Host} host
   * @param {import("../grant.js").EntryGrant} grant
   * @param {import("./transport.js").Opening} opening
   * @param {number} withinMs
   * @param {AbortSignal | null} [signal]
   * @returns {Promise<WebSocketTransport | WebTransportTransport>}
   */
  async connect(host, grant, opening, withinMs, signal = null) {
    const mayFallBack = this.#preference === "auto" && Boolean(grant.map_ws_url);
    if (this.#mayUseWebTransport(host, grant) && !(this.#hasFailed && mayFallBack)) {
      try {
        const soon = mayFallBack ? Math.min(withinMs, WEBTRANSPORT_WITHIN_MS) : withinMs;
        return await WebTransportTransport.connect(host, grant, opening, soon, signal);
      } catch (reason) {
        if (!mayFallBack || signal?.aborted) throw reason;
        // Where it came to nothing once, no journey waits for it again.
        this.#hasFailed = true;
      }
    }
    return WebSocketTransport.connect(host, grant.map_ws_url, opening, withinMs, signal);
  }

  #mayUseWebTransport(host, grant) {
    return this.#preference !== "websocket" && Boolean(grant.map_wt_url) && host.hasWebTransport;
  }
}
