// A session on a transport: from connecting and greeting, and how long the start is waited for, to the end of the connection.

import { encodeReliable } from "./codec.js";
import { hashOf, speaksOurs, ticketBytes } from "./grant.js";
import { Session } from "./session.js";
import { Choice } from "./transport/choice.js";

/** How long a client waits for the connection to open: as long as the server does. */
export const ACCEPT_WITHIN_MS = 10_000;
/** How long the server may take to send what a player needs to begin. One that died after it accepted us never does. */
const ENTER_WITHIN_MS = 4_000;
/** Time between ticks without a command, while the server has not told its rate. */
export const QUIET_TICK_MS = 33;

/**
 * Why a client did not enter the world with a grant. `kind` is `NoWebSocket` or `NoWebTransport` (the map server answers
 * none, or there is none here), `Ticket` (it cannot be read), `Hash`, `ProtocolMismatch` (tell the player to update),
 * `Closed` (with `closeReason`), `Refused` (the greeting was), `SentAway` (with `left`) or `Silent`.
 */
export class EnterError extends Error {
  constructor(kind, message, { closeReason = null, left = null } = {}) {
    super(message);
    this.name = "EnterError";
    this.kind = kind;
    this.closeReason = closeReason;
    this.left = left;
  }

  /** Whether trying with another ticket may help. */
  get isWorthAnotherTicket() {
    return this.kind === "Closed" || this.kind === "Silent";
  }
}

/** What one map server and this client have of each other. */
export class Stay {
  /** Why the server sent the player away; null while it has not. */
  left = null;
  /** Until when the body may stay, by the host's clock, since it may not leave a fight. */
  staysUntilMs = 0;
  #session;
  #transport;
  #host;
  #told = [];
  #listener = null;
  #wake = () => {};

  constructor(host, transport, session) {
    [this.#host, this.#transport, this.#session] = [host, transport, session];
  }

  /**
   * Connects and greets. Rejects with an `EnterError`, or with the signal's reason once that calls it off.
   * @param {import("./grant.js").EntryGrant} grant
   * @param {{
   *   host: import("./host.js").Host,
   *   choice?: Choice,
   *   grids?: Map<number, any>,
   *   acceptWithinMs?: number,
   * }} setup
   * @param {{ carried?: import("./possessions.js").Possessions | null, signal?: AbortSignal | null }} [more] What the
   *   character owned where it comes from; who calls it off.
   * @returns {Promise<Stay>}
   */
  static async enter(grant, setup, { carried = null, signal = null } = {}) {
    const { host, choice = new Choice(), grids, acceptWithinMs = ACCEPT_WITHIN_MS } = setup;
    signal?.throwIfAborted();
    const ticket = usableTicket(host, choice, grant);
    const opening = { ticket, greeting: encodeReliable("ClientMessage", Session.hello()) };
    let stay = null;
    // One that is called off is closed at once, so that it does nothing in the world.
    const stop = () => stay?.close();
    signal?.addEventListener("abort", stop);
    try {
      const transport = await choice.connect(host, grant, opening, acceptWithinMs, signal).catch((reason) => {
        throw closed(reason);
      });
      stay = new Stay(host, transport, new Session({ grids, carried }));
      signal?.throwIfAborted();
      await stay.#begin();
      return stay;
    } catch (error) {
      stay?.close();
      throw signal?.aborted ? signal.reason : error;
    } finally {
      signal?.removeEventListener("abort", stop);
    }
  }

  /** Waits for the answer to the greeting: what a player needs to begin. */
  async #begin() {
    this.#transport.listen({ incoming: (incoming) => this.#receive(incoming), ended: (reason) => this.#end(reason) });
    const started = this.#host.now();
    while (!this.#session.isEntered) {
      if (this.#host.now() - started > ENTER_WITHIN_MS)
        throw new EnterError("Silent", "the server did not start the session in time");
      this.quietTick();
      await this.#news(QUIET_TICK_MS);
      this.#judgeGreeting();
    }
  }

  #judgeGreeting() {
    const refusal = this.#told.find(({ type, reason }) => type === "Refused" && reason === "ProtocolMismatch");
    if (refusal) throw new EnterError("Refused", "the server refused the handshake: ProtocolMismatch");
    if (this.left) throw new EnterError("SentAway", `the server closed the session: ${this.left}`, { left: this.left });
    if (this.closeReason) throw closed(this.closeReason);
  }

  /** Waits until there is something to decide, or so long. */
  #news(ms) {
    return new Promise((resolve) => {
      const callOff = this.#host.after(ms, resolve);
      this.#wake = () => (callOff(), resolve());
    });
  }

  /**
   * Says who is told what comes. Messages that came before are told at once.
   * @param {{ message: (message: object) => void, snapshot: () => void, ended: () => void }} listener
   */
  listen(listener) {
    this.#listener = listener;
    for (const message of this.#told.splice(0)) listener.message(message);
    if (this.closeReason) listener.ended();
  }

  /** What the player sees and owns. */
  get session() {
    return this.#session;
  }

  /** Why the connection ended; null while it lasts. */
  get closeReason() {
    return this.#transport.closeReason;
  }

  /** The transport that it is on: `websocket` or `webtransport`. */
  get transport() {
    return this.#transport.name;
  }

  /** Counters of both directions so far. */
  get traffic() {
    return this.#transport.traffic;
  }

  /**
   * Queues a request, which is sent with the next tick. Throws when it is too long or the queue is full.
   * @param {import("./generated/protocol.js").ClientMessage} message
   * @returns {number} Its id, by which `Refused.answers` names it.
   */
  ask(message) {
    return this.#transport.sendMessage(encodeReliable("ClientMessage", message));
  }

  /** Makes this tick's command, and sends it with the queued requests. */
  tick(intent) {
    this.#transport.finishTick(this.#session.tick(intent));
  }

  /** The same without a command: before play, and while leaving. */
  quietTick() {
    this.#transport.finishTick(this.#session.frame());
  }

  /** Ends the connection at once. The player stays in the world until the server notices. */
  close() {
    this.#transport.close();
  }

  #receive({ type, bytes }) {
    if (type === "Frame") {
      if (this.#session.receiveFrame(bytes)) this.#listener?.snapshot();
      return;
    }
    const message = this.#session.receiveMessage(bytes);
    if (!message) return;
    if (message.type === "Leave") this.left = message.reason;
    if (message.type === "LeavingIn") this.staysUntilMs = this.#host.now() + message.at_most_ms;
    if (this.#listener) this.#listener.message(message);
    else this.#told.push(message);
    if (this.#session.isEntered || message.type === "Leave" || message.type === "Refused") this.#wake();
  }

  #end() {
    this.#wake();
    this.#listener?.ended();
  }
}

function usableTicket(host, choice, grant) {
  if (hashOf(grant) === null) throw new EnterError("Hash", "cannot read the protocol hash of the grant");
  if (!speaksOurs(grant))
    throw new EnterError("ProtocolMismatch", `the server has another protocol hash: ${grant.protocol_hash}`);
  const hindrance = choice.hindrance(host, grant);
  if (hindrance) throw new EnterError(hindrance, "no transport to the map server is available");
  const ticket = ticketBytes(grant);
  if (!ticket) throw new EnterError("Ticket", "cannot read the ticket of the grant");
  return ticket;
}

function closed(closeReason) {
  const { type, code, reason } = closeReason;
  return new EnterError("Closed", `the connection closed before entry: ${type} ${code} ${reason}`, { closeReason });
}
