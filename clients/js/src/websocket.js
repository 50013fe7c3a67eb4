// A connection on a WebSocket of its own: the first message is the ticket, then every message is one payload.

import { Connection } from "./connection.js";

/** A connection that is silent for so long has ended. */
export const SILENCE_MS = 10_000;
/** What may wait in the socket before a tick is left out: what is sent late would be applied late. */
const MOST_BUFFERED_BYTES = 4096;
/** `WebSocket.OPEN`, which a constructor that is handed in may not have. */
const OPEN = 1;
const NORMAL = 1000;
const GOING_AWAY = 1001;
/** What a close says of a connection that broke. */
const BROKEN = 1006;
const POLICY = 1008;
const TRY_AGAIN_LATER = 1013;

/**
 * Why a connection ended: the server has no room (`Denied`), refused the ticket or found the rules broken (`Refused`),
 * ended it (`ByServer`) or fell silent (`TimedOut`); this end closed it (`ByClient`); or the socket failed (`Socket`).
 * `code` and `reason` are those of the WebSocket.
 * @typedef {{
 *   type: "Denied" | "Refused" | "ByServer" | "TimedOut" | "ByClient" | "Socket",
 *   code: number,
 *   reason: string,
 * }} CloseReason
 */

/** A `Connection` on a WebSocket. */
export class WebSocketTransport {
  #host;
  #socket;
  #connection = new Connection();
  #lastHeardAt;
  #closeReason = null;
  #listener = null;

  constructor(host, socket) {
    this.#host = host;
    this.#socket = socket;
    this.#lastHeardAt = host.now();
    socket.addEventListener("message", ({ data }) => this.#receive(data));
    socket.addEventListener("close", ({ code, reason }) => this.#end(closeReason(code, reason)));
    // A close should follow, and does not from every socket that could not connect.
    socket.addEventListener("error", () => this.#end(closeReason(BROKEN)));
  }

  /**
   * Connects and shows the ticket. The server answers nothing to it: what it thinks of the ticket shows in what it does
   * next, so `Hello` can be sent at once.
   *
   * Rejects with a `CloseReason`.
   * @param {import("./host.js").Host} host
   * @param {string} url
   * @param {Uint8Array} ticket
   * @param {number} withinMs How long to wait for the socket to open.
   * @returns {Promise<WebSocketTransport>}
   */
  static connect(host, url, ticket, withinMs) {
    return new Promise((resolve, reject) => {
      let socket;
      try {
        socket = host.open(url);
      } catch (error) {
        reject(closeReason(0, error.message));
        return;
      }
      socket.binaryType = "arraybuffer";
      const transport = new WebSocketTransport(host, socket);
      const callOff = host.after(withinMs, () => transport.#giveUp());
      transport.#listener = { ended: (reason) => (callOff(), reject(reason)) };
      socket.addEventListener("open", () => {
        if (transport.#closeReason) return;
        callOff();
        transport.#listener = null;
        socket.send(ticket);
        resolve(transport);
      });
    });
  }

  /**
   * Says who is told what arrives, and the end. What has arrived before is told at once.
   * @param {{
   *   incoming: (incoming: import("./connection.js").Incoming) => void,
   *   ended: (reason: CloseReason) => void,
   * }} listener
   */
  listen(listener) {
    this.#listener = listener;
    this.#handOn();
    if (this.#closeReason) listener.ended(this.#closeReason);
  }

  /** Queues a reliable message, which is sent with the next tick. Answers its id. */
  sendMessage(message) {
    return this.#connection.sendMessage(message);
  }

  /**
   * Ends a client tick: sends the frame, and what is due of messages and acknowledgements.
   * @param {import("./frame.js").ClientFrame | null} frame
   */
  finishTick(frame) {
    const now = this.#host.now();
    if (!this.#closeReason && now - this.#lastHeardAt >= SILENCE_MS) this.#giveUp();
    const hasRoom = !(this.#socket.bufferedAmount > MOST_BUFFERED_BYTES);
    if (this.#closeReason || this.#socket.readyState !== OPEN || !hasRoom) return;
    for (const payload of this.#connection.tick(frame, now)) this.#socket.send(payload);
  }

  /** Why the connection ended; null while it lasts. */
  get closeReason() {
    return this.#closeReason;
  }

  /** What went either way so far. */
  get traffic() {
    return this.#connection.traffic;
  }

  /** Closes the socket. */
  close() {
    this.#end({ type: "ByClient", code: NORMAL, reason: "" });
  }

  #giveUp() {
    this.#end({ type: "TimedOut", code: 0, reason: "" });
  }

  #receive(data) {
    if (this.#closeReason) return;
    this.#lastHeardAt = this.#host.now();
    // Text is nothing that a map server sends: no bytes, so no payload.
    const bytes = typeof data === "string" ? new Uint8Array() : new Uint8Array(data);
    this.#connection.receive(bytes, this.#lastHeardAt);
    this.#handOn();
  }

  #handOn() {
    while (this.#listener?.incoming) {
      const incoming = this.#connection.nextIncoming();
      if (!incoming) return;
      this.#listener.incoming(incoming);
    }
  }

  #end(reason) {
    if (this.#closeReason) return;
    this.#closeReason = reason;
    if (reason.type === "ByClient" || reason.type === "TimedOut") this.#socket.close(NORMAL);
    this.#listener?.ended(reason);
  }
}

function closeReason(code, reason = "") {
  if (code === TRY_AGAIN_LATER) return { type: "Denied", code, reason };
  if (code === POLICY) return { type: "Refused", code, reason };
  return { type: code === NORMAL || code === GOING_AWAY ? "ByServer" : "Socket", code, reason };
}
