// WebSockets in memory. The test plays the other end.

/** A socket as the library sees it, and, by the methods below the line, as the other end does. */
export class FakeSocket {
  readyState = 0;
  bufferedAmount = 0;
  #listeners = { open: [], message: [], close: [], error: [] };

  constructor(url, protocols) {
    [this.url, this.protocols] = [url, protocols];
    /** What the library has sent. */
    this.sent = [];
    /** The code with which the library closed it. */
    this.closedWith = null;
    /** Told of each message as it is sent. */
    this.hear = () => {};
  }

  addEventListener(event, listener) {
    this.#listeners[event].push(listener);
  }

  send(data) {
    if (this.readyState !== 1) throw new Error("a socket that is not open");
    this.sent.push(data);
    this.hear(data);
  }

  close(code) {
    if (this.readyState >= 2) return;
    this.closedWith = code;
    this.end(code);
  }

  // --- the other end ---

  accept() {
    this.readyState = 1;
    this.#tell("open", {});
  }

  say(data) {
    this.#tell("message", { data });
  }

  end(code, reason = "") {
    if (this.readyState === 3) return;
    this.readyState = 3;
    this.#tell("close", { code, reason });
  }

  /** What some sockets do that cannot connect: an error, and no close after it. */
  fail() {
    this.readyState = 3;
    this.#tell("error", {});
  }

  #tell(event, told) {
    for (const listener of this.#listeners[event]) listener(told);
  }
}

/** A `WebSocket` whose sockets are collected in `opened`. `arrange` is told of each when it is made. */
export function fakeSockets(arrange = () => {}) {
  const opened = [];
  class WebSocket extends FakeSocket {
    constructor(url, protocols) {
      super(url, protocols);
      opened.push(this);
      arrange(this);
    }
  }
  return { WebSocket, opened };
}
