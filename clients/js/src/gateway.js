// The gateway: a WebSocket that hands out admissions to the world.

import { readGrant } from "./grant.js";
import { Host } from "./host.js";

/** How long any answer of the gateway may take. Entering waits until an older session is closed. */
const ANSWER_WITHIN_MS = 15_000;
/** Longest time that a body may stay in a fight under any rules, in seconds. */
const LINGER_AT_MOST_S = 600;
/** The close code of the gateway when it does not accept a token. */
const POLICY = 1008;
/** The close code of a connection that broke. */
const BROKEN = 1006;
const NORMAL = 1000;
/** Longest part of a server's text in a log line, in characters. */
const LOGGED_AT_MOST = 200;

/**
 * Why a request to the gateway failed. `kind` is `Unreachable`, `Refused` (with the stable `code`, and `retryAfterS` if
 * it says so), `Closed` (with the close code as `closeCode`), `Silent` (no answer in time) or `Unreadable`.
 */
export class GatewayError extends Error {
  constructor(kind, message, { code = null, reason = "", retryAfterS = null, closeCode = null } = {}) {
    super(message);
    this.name = "GatewayError";
    this.kind = kind;
    this.code = code;
    this.reason = reason;
    this.retryAfterS = retryAfterS;
    this.closeCode = closeCode;
  }

  /** Whether the gateway wants newer tokens. A refresh or another log-in helps. */
  get wantsFreshTokens() {
    return this.closeCode === POLICY;
  }
}

/** An open gateway socket. Closing it does not remove a player from the world. */
export class Gateway {
  #host;
  #socket;
  /** Who waits for an answer: the event, and whom to tell. */
  #asked = null;
  #wasOpen = false;
  #closed = null;

  constructor(host, socket) {
    this.#host = host;
    this.#socket = socket;
    socket.addEventListener("message", ({ data }) => this.#hear(data));
    socket.addEventListener("open", () => (this.#wasOpen = true));
    socket.addEventListener("close", ({ code, reason }) => this.#end(code, reason));
    // A close should follow, and does not from every socket that could not connect.
    socket.addEventListener("error", () => this.#end());
  }

  /**
   * Connects to `url` (`ws://host:3002`, with or without `/ws`), shows the token and waits for the welcome.
   *
   * Rejects with a `GatewayError`.
   * @param {string} url
   * @param {string} accessToken
   * @param {import("./host.js").HostOptions} [options]
   * @returns {Promise<Gateway>}
   */
  static async connect(url, accessToken, options = {}) {
    const host = new Host(options);
    const path = url.endsWith("/ws") ? url : `${url.replace(/\/+$/, "")}/ws`;
    let socket;
    try {
      // Browsers set no headers, so the token goes as a subprotocol.
      socket = host.open(path, ["bearer", accessToken]);
    } catch (error) {
      throw new GatewayError("Unreachable", `cannot connect to the gateway: ${error.message}`);
    }
    const gateway = new Gateway(host, socket);
    const { message } = await gateway.#answer("welcome");
    host.log(`Welcome message: ${loggable(message)}`);
    return gateway;
  }

  /**
   * Asks for a ticket into the world for a character, on `channel` or the least loaded one. Ask once and wait.
   *
   * Rejects with a `GatewayError`.
   * @param {string} characterId
   * @param {number | null} [channel]
   * @returns {Promise<import("./grant.js").EntryGrant>}
   */
  async enterWorld(characterId, channel = null) {
    const asked = channel === null ? { character_id: characterId } : { character_id: characterId, channel };
    const data = await this.#ask("enter_world", asked);
    try {
      return readGrant(data);
    } catch (error) {
      throw new GatewayError("Unreadable", `cannot read the gateway's answer: ${error.message}`);
    }
  }

  /** Leaves the world, and waits until the character is saved and can enter again. */
  async leaveWorld() {
    await this.#ask("leave_world", {});
  }

  /** Whether the socket is still open. */
  get isOpen() {
    return this.#closed === null;
  }

  /** Closes the socket. */
  close() {
    this.#socket.close(NORMAL);
  }

  async #ask(event, data) {
    // The gateway closes a socket that asks again before it has answered.
    if (this.#asked) throw new GatewayError("Refused", "another request is still pending: wait for its answer", { code: "BAD_MESSAGE" });
    if (this.#closed) throw this.#closed;
    const answer = this.#answer(`${event}_success`);
    this.#socket.send(JSON.stringify({ event, data }));
    return answer;
  }

  /** The data of the next such event. Others are news, and an error is an error. */
  #answer(event) {
    return new Promise((resolve, reject) => {
      this.#asked = { event, resolve, reject, callOff: () => {} };
      this.#waitFor(ANSWER_WITHIN_MS);
    });
  }

  #waitFor(ms) {
    const silent = () => {
      this.#settle()?.reject(new GatewayError("Silent", "the gateway did not answer in time"));
      // A late answer must not be mistaken for the answer to another request.
      this.close();
    };
    this.#asked.callOff();
    this.#asked.callOff = this.#host.after(ms, silent);
  }

  #hear(text) {
    const said = read(text);
    if (!this.#asked) return;
    if (!said) this.#settle().reject(new GatewayError("Unreadable", "cannot read the gateway's answer"));
    else if (said.event === "error") this.#settle().reject(refused(said.data));
    else if (said.event === "leaving") this.#waitFor(ANSWER_WITHIN_MS + lingerMs(said.data));
    else if (said.event === this.#asked.event) this.#settle().resolve(said.data);
  }

  #end(code = BROKEN, reason = "") {
    const [kind, what] = this.#wasOpen
      ? ["Closed", "the gateway closed the socket"]
      : ["Unreachable", "cannot connect to the gateway"];
    this.#closed ??= new GatewayError(kind, `${what}: ${code} ${reason}`, { closeCode: code });
    this.#settle()?.reject(this.#closed);
  }

  #settle() {
    const asked = this.#asked;
    asked?.callOff();
    this.#asked = null;
    return asked;
  }
}

function read(text) {
  try {
    const value = JSON.parse(text);
    // Errors carry their fields twice. Older gateways have them only at the top level.
    return typeof value.event === "string" ? { event: value.event, data: value.data ?? value } : null;
  } catch {
    return null;
  }
}

/** A server's text for a log line: short, and without characters that control a terminal. */
function loggable(text) {
  return String(text ?? "").slice(0, LOGGED_AT_MOST).replace(/\p{Cc}/gu, " ");
}

/** How long a body may stay in a fight, as the gateway says. */
function lingerMs({ seconds }) {
  return 1000 * Math.min(Number(seconds) || 0, LINGER_AT_MOST_S);
}

function refused({ code = "", message = "", retry_after: retryAfterS = null }) {
  return new GatewayError("Refused", `the gateway refused the request: ${code}: ${message}`, { code, reason: message, retryAfterS });
}
