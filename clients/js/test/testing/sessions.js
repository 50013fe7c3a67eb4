// WebTransport sessions in memory. The test plays the other end.

/** A session as the library sees it, and, by the methods below the line, as the other end does. */
export class FakeSession {
  /** What the library has written to the stream, and its datagrams. */
  streamed = [];
  sent = [];
  /** Whether the library has ended its side of the stream, and closed the session. */
  hasEndedStream = false;
  isClosed = false;
  datagrams;
  /** Told of each datagram, and of each piece of the stream. */
  hear = () => {};
  #open;
  #fail;
  #over;
  #fromStream;
  #fromDatagrams;

  constructor(url, options) {
    [this.url, this.options] = [url, options];
    this.ready = new Promise((resolve, reject) => ([this.#open, this.#fail] = [resolve, reject]));
    this.ready.catch(() => {});
    this.closed = new Promise((resolve) => (this.#over = resolve));
    this.datagrams = {
      maxDatagramSize: 1100,
      readable: new ReadableStream({ start: (controller) => (this.#fromDatagrams = controller) }),
      writable: new WritableStream({ write: (bytes) => (this.sent.push(bytes), this.hear(bytes)) }),
    };
  }

  async createBidirectionalStream() {
    return {
      readable: new ReadableStream({ start: (controller) => (this.#fromStream = controller) }),
      writable: new WritableStream({
        write: (bytes) => (this.streamed.push(...bytes), this.hear(bytes)),
        close: () => void (this.hasEndedStream = true),
      }),
    };
  }

  close() {
    if (this.isClosed) throw new DOMException("it is closed", "InvalidStateError");
    this.isClosed = true;
    this.#over({});
  }

  // --- the other end ---

  /** What the stream begins with, which came with the request. */
  get beginning() {
    const [, base64] = /[?&]stream=([\w-]+)$/.exec(this.url);
    return Uint8Array.from(atob(base64.replaceAll("-", "+").replaceAll("_", "/")), (one) => one.charCodeAt(0));
  }

  accept() {
    this.#open();
  }

  refuse() {
    this.#fail(new Error("refused"));
    this.#over({});
  }

  /** Sends bytes on the stream. */
  stream(...bytes) {
    this.#fromStream.enqueue(Uint8Array.from(bytes));
  }

  /** Sends a datagram. */
  say(bytes) {
    this.#fromDatagrams.enqueue(new Uint8Array(bytes));
  }

  /** Ends the session in good order. */
  end(close = {}) {
    this.#over(close);
  }

  /** Ends its side of the stream. */
  endStream() {
    this.#fromStream.close();
  }

  /** Breaks, as when the line is lost for long. */
  breakDown() {
    this.#fromStream.error(new Error("lost"));
    this.#fromDatagrams.error(new Error("lost"));
    this.#over({});
  }
}

/** A `WebTransport` whose sessions are collected in `opened`. `arrange` is told of each when it is made. */
export function fakeSessions(arrange = (session) => queueMicrotask(() => session.accept())) {
  const opened = [];
  class WebTransport extends FakeSession {
    constructor(url, options) {
      super(url, options);
      opened.push(this);
      arrange(this);
    }
  }
  return { WebTransport, opened };
}
