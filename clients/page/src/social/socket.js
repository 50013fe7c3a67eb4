// The social socket: whispers and the party, whether a character is in the world or not. Phoenix's channel protocol, version 2.

/** How often a word keeps the socket open. The server closes one after a minute. */
const HEARTBEAT_MS = 25_000;
/** How long a reply may take. */
const REPLY_WITHIN_MS = 10_000;
/** Waits between attempts to connect again. */
const WAITS_MS = [1_000, 2_000, 5_000, 15_000, 30_000];
/** The server has ended the login: nothing is to be tried again. */
const LOGGED_OUT = 1_000;

/** The account that an access token is of. */
export function accountOf(token) {
  try {
    const claims = token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/");
    return JSON.parse(atob(claims)).userId ?? null;
  } catch {
    return null;
  }
}

/** A socket that stays open for as long as its login. Its events are those of the account's topic, each with `detail`. */
export class SocialSocket extends EventTarget {
  #origin;
  #logIn;
  #open;
  #socket = null;
  #topic = null;
  #last = 0;
  #waiting = new Map();
  #attempts = 0;
  #timers = new Set();
  #isClosed = false;
  #hasEnded = false;

  /**
   * @param {string} origin
   * @param {{ isThere: boolean, with: (ask: (token: string) => Promise<any>) => Promise<any> }} logIn
   * @param {(url: string, protocols: string[]) => WebSocket} [open]
   */
  constructor(origin, logIn, open = (url, protocols) => new WebSocket(url, protocols)) {
    super();
    [this.#origin, this.#logIn, this.#open] = [origin, logIn, open];
  }

  /** Opens the socket, and again whenever it is lost. */
  async connect() {
    if (this.#isClosed || !this.#logIn.isThere) return;
    try {
      await this.#logIn.with(async (token) => this.#connectAs(token));
    } catch {
      this.#later();
    }
  }

  #connectAs(token) {
    this.#topic = `user:${accountOf(token)}`;
    const url = new URL("/socket/websocket", this.#origin);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    url.search = "vsn=2.0.0";
    // Not in the address, which proxies log.
    const socket = this.#open(url.href, ["bearer", token]);
    this.#socket = socket;
    socket.addEventListener("open", () => this.#opened(socket));
    socket.addEventListener("message", ({ data }) => this.#received(data));
    socket.addEventListener("close", ({ code }) => this.#lost(socket, code));
  }

  #opened(socket) {
    this.#push(this.#topic, "phx_join", {}).then(
      () => (this.#attempts = 0),
      () => socket.close(),
    );
    this.#beat(socket);
  }

  #beat(socket) {
    this.#after(HEARTBEAT_MS, () => {
      if (socket !== this.#socket) return;
      this.#push("phoenix", "heartbeat", {}).catch(() => socket.close());
      this.#beat(socket);
    });
  }

  #received(data) {
    const [, own, topic, event, payload] = JSON.parse(data);
    if (event === "phx_reply") {
      const waits = this.#waiting.get(own);
      this.#waiting.delete(own);
      if (payload.status === "ok") waits?.resolve(payload.response);
      else waits?.reject(new Refused(payload.response.error ?? payload.response.reason));
    } else if (topic === this.#topic && event === "phx_close") this.#socket?.close();
    else if (topic === this.#topic) this.dispatchEvent(new CustomEvent(event, { detail: payload }));
  }

  #lost(socket, code) {
    if (socket !== this.#socket) return;
    this.#socket = null;
    for (const { reject } of this.#waiting.values()) reject(new Refused("unavailable"));
    this.#waiting.clear();
    if (code === LOGGED_OUT) this.#hasEnded = true;
    else this.#later();
  }

  /** Whether the server has ended its login: another login needs another socket. */
  get hasEnded() {
    return this.#hasEnded;
  }

  #later() {
    const wait = WAITS_MS[Math.min(this.#attempts, WAITS_MS.length - 1)];
    this.#attempts += 1;
    this.#after(wait, () => this.connect());
  }

  #after(ms, work) {
    const timer = setTimeout(() => (this.#timers.delete(timer), work()), ms);
    this.#timers.add(timer);
    return timer;
  }

  /** Asks something of the server. Rejects with [Refused] and its code. */
  push(event, payload) {
    return this.#push(this.#topic, event, payload);
  }

  #push(topic, event, payload) {
    if (this.#socket?.readyState !== 1) return Promise.reject(new Refused("unavailable"));
    const own = String((this.#last += 1));
    this.#socket.send(JSON.stringify([event === "phx_join" ? own : null, own, topic, event, payload]));
    return new Promise((resolve, reject) => {
      const timer = this.#after(REPLY_WITHIN_MS, () => (this.#waiting.delete(own), reject(new Refused("unavailable"))));
      const done = (settle) => (value) => (clearTimeout(timer), this.#timers.delete(timer), settle(value));
      this.#waiting.set(own, { resolve: done(resolve), reject: done(reject) });
    });
  }

  /** Closes the socket for good. */
  close() {
    this.#isClosed = true;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
  }
}

/** A push that the server has refused, by its code. */
export class Refused extends Error {
  constructor(code) {
    super(String(code));
    this.code = String(code);
  }
}
