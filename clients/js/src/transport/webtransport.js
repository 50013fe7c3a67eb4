// A connection on a WebTransport session: payloads go as datagrams where they fit, else on one stream. What the stream begins with, the ticket
// and the greeting, goes with the request: no stream can be opened before that is answered, a round trip later.

import { ProtocolError } from "../errors.js";
import { BROKEN, TOO_LONG, closeReason } from "./codes.js";
import { END, FrameReader, framed } from "./framing.js";
import { Transport } from "./transport.js";

/** What may wait to be sent before a tick is left out: what is sent late would be applied late. */
const MOST_WAITING_BYTES = 4096;
/**
 * While nothing comes, one tick is sent in so long. QUIC lets little be under way that nobody has acknowledged. What is sent into a line that
 * is down uses that up, and then neither commands nor, in some libraries, acknowledgements go out when it is up again: they wait for
 * probes, which come the more seldom the longer it was down.
 */
const PROBE_EVERY_MS = 500;
/** Datagrams that may wait for us to read them. */
const MOST_UNREAD_DATAGRAMS = 64;
/** Hexadecimal digits of a SHA-256. */
const HASH = /^[0-9a-f]{64}$/i;

/** A `Connection` on a WebTransport session. */
export class WebTransportTransport extends Transport {
  /** What `ClientOptions.transport` calls it. */
  name = "webtransport";

  /**
   * Connects, shows the ticket and greets, and opens the stream. The server answers nothing to the ticket, as on a WebSocket.
   *
   * Rejects with a `CloseReason`; the ticket may have been taken even so.
   * @param {import("../host.js").Host} host
   * @param {{ map_wt_url: string, map_wt_cert_sha256: string | null }} grant
   * @param {import("./transport.js").Opening} opening
   * @param {number} withinMs How long to wait for the session and its stream.
   * @param {AbortSignal | null} [signal] Calls it off.
   * @returns {Promise<WebTransportTransport>}
   */
  static async connect(host, grant, { ticket, greeting }, withinMs, signal = null) {
    const wire = new SessionWire(ticket);
    const transport = new WebTransportTransport(host, wire);
    transport.sendMessage(greeting);
    transport.finishTick(null);
    try {
      wire.request(host, grant);
    } catch (error) {
      throw closeReason(0, error.message);
    }
    // What is pending when the session fails, fails too: that is told once.
    const isOpen = wire.open().catch(() => transport.end(closeReason(BROKEN)));
    wire.ended.then((reason) => transport.end(reason));
    await transport.opening(isOpen, withinMs, signal);
    // What the program throws is its own, and must not end the reading: a WebSocket passes it on like this.
    const receive = (payload) => {
      try {
        transport.receive(payload);
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    };
    wire.begin(receive);
    return transport;
  }
}

/** What a session needs: the certificate of a map server is its own, and is known by its hash. */
function optionsFor({ map_wt_cert_sha256: hash }) {
  const options = { requireUnreliable: true };
  if (hash === null) return options;
  if (!HASH.test(hash)) throw new TypeError("cannot read the certificate's hash");
  const value = Uint8Array.from(hash.match(/../g), (digits) => parseInt(digits, 16));
  return { ...options, serverCertificateHashes: [{ algorithm: "sha-256", value }] };
}

/** The URL of a request with what the session's stream begins with, in base64url. */
function withStream(url, bytes) {
  const base64 = btoa(String.fromCharCode(...bytes));
  const text = base64.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  return `${url}${url.includes("?") ? "&" : "?"}stream=${text}`;
}

/** A session with its stream and its datagrams. */
class SessionWire {
  /** Settles with a `CloseReason` once the session is over, whichever end has ended it. */
  ended;
  #session = null;
  /** What the stream begins with; null once the request has it. */
  #beginning;
  #stream = null;
  #streamWriter = null;
  /** Whether the server can know of the stream: a browser may open it with the first bytes only. */
  #isStreamSeen = false;
  #datagramWriter = null;
  #waitingBytes = 0;
  /** For how many whole `PROBE_EVERY_MS` nothing had come when a tick was last sent. */
  #unheardProbes = 0;
  /** Settles when nothing more comes on the stream. */
  #reading = Promise.resolve();
  #tell;

  constructor(ticket) {
    this.#beginning = [...framed(ticket)];
    this.ended = new Promise((resolve) => (this.#tell = resolve));
  }

  /** Asks for the session, with all that was sent before. Throws where it cannot. */
  request(host, grant) {
    const session = host.openSession(withStream(grant.map_wt_url, this.#beginning), optionsFor(grant));
    // The answers to the greeting may come before it is known here that there is a session.
    session.datagrams.incomingHighWaterMark = MOST_UNREAD_DATAGRAMS;
    // The end on the stream says why, where it has arrived; who had no stream is told with the close.
    const over = (code) => this.#reading.then(() => this.#tell(closeReason(code)));
    session.closed.then(
      (close) => over(close?.closeCode || BROKEN),
      () => over(BROKEN),
    );
    [this.#session, this.#beginning] = [session, null];
  }

  async open() {
    await this.#session.ready;
    const { datagrams } = this.#session;
    this.#stream = await this.#session.createBidirectionalStream();
    this.#streamWriter = this.#stream.writable.getWriter();
    // The standard has replaced the one by the other; browsers have either.
    this.#datagramWriter = (datagrams.createWritable?.() ?? datagrams.writable).getWriter();
  }

  /** Hands on each payload that comes. */
  begin(receive) {
    // A stream that ends without a word ends the session, and why is told with that.
    this.#reading = this.#readStream(receive).catch(() => this.#closeSession());
    // Datagrams end with the session, which is told anyway.
    this.#readDatagrams(receive).catch(() => {});
  }

  isReady(unheardMs) {
    if (this.#waitingBytes > MOST_WAITING_BYTES) return false;
    const unheardProbes = Math.floor(unheardMs / PROBE_EVERY_MS);
    if (unheardProbes > 0 && unheardProbes === this.#unheardProbes) return false;
    this.#unheardProbes = unheardProbes;
    return true;
  }

  send(payload) {
    if (this.#beginning) this.#beginning.push(...framed(payload));
    else if (this.#isStreamSeen && payload.length <= this.#session.datagrams.maxDatagramSize)
      this.#write(this.#datagramWriter, payload);
    else this.#write(this.#streamWriter, framed(payload));
    this.#isStreamSeen = this.#streamWriter !== null;
  }

  /** Says goodbye, where there is a stream, and ends the session when that has gone out. */
  close() {
    if (!this.#streamWriter) return this.#closeSession();
    this.#streamWriter.write(END).catch(() => {});
    return this.#streamWriter.close().then(
      () => this.#closeSession(),
      () => this.#closeSession(),
    );
  }

  #closeSession() {
    try {
      this.#session?.close();
    } catch {
      // One that has failed cannot be closed, and need not be.
    }
  }

  #write(writer, bytes) {
    this.#waitingBytes += bytes.length;
    const done = () => (this.#waitingBytes -= bytes.length);
    // A write fails with the session, which is told anyway.
    writer.write(bytes).then(done, done);
  }

  /** Reads messages until the end, and tells why it came. */
  async #readStream(receive) {
    const frames = new FrameReader();
    const reader = this.#stream.readable.getReader();
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return this.#closeSession();
      frames.push(value);
      const end = takeFrames(frames, receive);
      if (!end) continue;
      this.#tell(end);
      this.#closeSession();
      return;
    }
  }

  async #readDatagrams(receive) {
    const reader = this.#session.datagrams.readable.getReader();
    for (let next = await reader.read(); !next.done; next = await reader.read()) receive(next.value);
  }
}

/** Hands on what is complete; answers why the session ends, if it does. */
function takeFrames(frames, receive) {
  try {
    for (let next = frames.next(); next; next = frames.next()) {
      if ("endsWith" in next) return closeReason(next.endsWith);
      receive(next.payload);
    }
    return null;
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    return closeReason(TOO_LONG, error.message);
  }
}
