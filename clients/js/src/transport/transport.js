// What every transport has in common: a connection, who listens to it, and when the other end is gone.

import { Connection } from "../connection.js";

/** A connection that is silent for so long has ended. */
export const SILENCE_MS = 10_000;
const NORMAL = 1000;

/**
 * Why a connection ended: the server has no room (`Denied`), refused the ticket or found the rules broken (`Refused`),
 * ended it (`ByServer`) or fell silent (`TimedOut`); this end closed it (`ByClient`); or the socket failed (`Socket`).
 * `code` and `reason` are those of the WebSocket; a WebTransport session has the same codes.
 * @typedef {{
 *   type: "Denied" | "Refused" | "ByServer" | "TimedOut" | "ByClient" | "Socket",
 *   code: number,
 *   reason: string,
 * }} CloseReason
 */

/**
 * What carries payloads. `isReady` is asked once a tick, and told how long nothing has come: it is false while a payload would have to wait,
 * or had better not be sent. `close` lets the other end know.
 * @typedef {{
 *   isReady: (unheardMs: number) => boolean,
 *   send: (payload: Uint8Array) => void,
 *   close: () => void,
 * }} Wire
 */

/**
 * What a map server is told first: who comes, and the first message, `Hello`.
 * @typedef {{ ticket: Uint8Array, greeting: Uint8Array }} Opening
 */

/** A `Connection` on a wire. */
export class Transport {
  #host;
  #wire;
  #connection = new Connection();
  #lastHeardAt;
  #closeReason = null;
  #listener = null;

  /**
   * @param {import("../host.js").Host} host
   * @param {Wire} wire
   */
  constructor(host, wire) {
    [this.#host, this.#wire, this.#lastHeardAt] = [host, wire, host.now()];
  }

  /**
   * Waits until the wire is open. Rejects with a `CloseReason` where it ends before, or takes longer.
   * @param {Promise<void>} isOpen
   * @param {number} withinMs
   * @param {AbortSignal | null} signal Calls it off.
   */
  async opening(isOpen, withinMs, signal) {
    const callOff = this.#host.after(withinMs, () => this.#giveUp());
    const stop = () => this.close();
    signal?.addEventListener("abort", stop);
    try {
      await Promise.race([isOpen, new Promise((_, reject) => this.listen({ ended: reject }))]);
      // Where it was open and has ended since, the first of both has won the race.
      if (this.#closeReason) throw this.#closeReason;
    } finally {
      callOff();
      signal?.removeEventListener("abort", stop);
      this.#listener = null;
    }
  }

  /**
   * Says who is told what arrives, and the end. What has arrived before is told at once.
   * @param {{
   *   incoming?: (incoming: import("../connection.js").Incoming) => void,
   *   ended: (reason: CloseReason) => void,
   * }} listener
   */
  listen(listener) {
    this.#listener = listener;
    this.#handOn();
    if (this.#closeReason) listener.ended(this.#closeReason);
  }

  /** Queues a reliable message for the next tick. Returns its id. */
  sendMessage(message) {
    return this.#connection.sendMessage(message);
  }

  /**
   * Ends a client tick: sends the frame, and what is due of messages and acknowledgements.
   * @param {import("../frame.js").ClientFrame | null} frame
   */
  finishTick(frame) {
    const now = this.#host.now();
    const unheardMs = now - this.#lastHeardAt;
    if (!this.#closeReason && unheardMs >= SILENCE_MS) this.#giveUp();
    if (this.#closeReason || !this.#wire.isReady(unheardMs)) return;
    for (const payload of this.#connection.tick(frame, now)) this.#wire.send(payload);
  }

  /** Why the connection ended; null while it lasts. */
  get closeReason() {
    return this.#closeReason;
  }

  /** Counters of both directions so far. */
  get traffic() {
    return this.#connection.traffic;
  }

  /** Ends the connection. */
  close() {
    this.end({ type: "ByClient", code: NORMAL, reason: "" });
  }

  /** A payload has come over the wire. */
  receive(bytes) {
    if (this.#closeReason) return;
    this.#lastHeardAt = this.#host.now();
    this.#connection.receive(bytes, this.#lastHeardAt);
    this.#handOn();
  }

  /**
   * The connection is over. Only the first reason counts.
   * @param {CloseReason} reason
   */
  end(reason) {
    if (this.#closeReason) return;
    this.#closeReason = reason;
    if (reason.type === "ByClient" || reason.type === "TimedOut") this.#wire.close();
    this.#listener?.ended(reason);
  }

  #giveUp() {
    this.end({ type: "TimedOut", code: 0, reason: "" });
  }

  #handOn() {
    while (this.#listener?.incoming) {
      const incoming = this.#connection.nextIncoming();
      if (!incoming) return;
      this.#listener.incoming(incoming);
    }
  }
}
