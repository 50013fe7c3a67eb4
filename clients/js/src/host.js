// What the library needs of the program that it runs in: sockets, sessions, a clock and timers.

/**
 * What a program may hand in. What it leaves out is taken from the browser, or from Node.
 * @typedef {{
 *   WebSocket?: new (url: string, protocols?: string[]) => any,
 *   WebTransport?: new (url: string, options?: object) => any,
 *   now?: () => number,
 *   setTimeout?: (callback: () => void, ms: number) => any,
 *   clearTimeout?: (timer: any) => void,
 *   log?: (line: string) => void,
 * }} HostOptions
 */

/** The program, as the library uses it. */
export class Host {
  #options;

  /** @param {HostOptions} [options] */
  constructor(options = {}) {
    this.#options = options;
  }

  /** Opens a WebSocket. Throws where there is none, as in Node 20 without one handed in. */
  open(url, protocols = []) {
    const WebSocket = this.#options.WebSocket ?? globalThis.WebSocket;
    if (!WebSocket) throw new TypeError("WebSocket is not available: pass one as the option `WebSocket`");
    return new WebSocket(url, protocols);
  }

  /** Whether there is WebTransport here: Node has none, and browsers only on safe pages. */
  get hasWebTransport() {
    return Boolean(this.#webTransport);
  }

  /** Opens a WebTransport session. Throws where there is none. */
  openSession(url, options) {
    const WebTransport = this.#webTransport;
    if (!WebTransport) throw new TypeError("WebTransport is not available: pass one as the option `WebTransport`");
    return new WebTransport(url, options);
  }

  get #webTransport() {
    return this.#options.WebTransport ?? globalThis.WebTransport;
  }

  /** Writes a line to the program's log: the browser's console, or stderr of Node, whose stdout is for results. */
  log(line) {
    const { log = globalThis.process?.stderr ? console.error : console.info } = this.#options;
    log(line);
  }

  /** Milliseconds of a clock that never goes back. */
  now() {
    return this.#options.now ? this.#options.now() : performance.now();
  }

  /**
   * Calls back once, later.
   * @returns {() => void} Calls it off.
   */
  after(ms, callback) {
    const { setTimeout = globalThis.setTimeout, clearTimeout = globalThis.clearTimeout } = this.#options;
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  }
}
