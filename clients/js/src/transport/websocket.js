// A connection on a WebSocket of its own: the first message is the ticket, then every message is one payload.

import { BROKEN, closeReason } from "./codes.js";
import { Transport } from "./transport.js";

/** What may wait in the socket before a tick is left out: what is sent late would be applied late. */
const MOST_BUFFERED_BYTES = 4096;
/** `WebSocket.OPEN`, which a constructor that is handed in may not have. */
const OPEN = 1;
const NORMAL = 1000;

/** A `Connection` on a WebSocket. */
export class WebSocketTransport extends Transport {
  /** What `ClientOptions.transport` calls it. */
  name = "websocket";

  /**
   * Connects and shows the ticket. The server answers nothing to it: what it thinks of the ticket shows in what it does
   * next, so the greeting goes with the first tick.
   *
   * Rejects with a `CloseReason`.
   * @param {import("../host.js").Host} host
   * @param {string} url
   * @param {import("./transport.js").Opening} opening
   * @param {number} withinMs How long to wait for the socket to open.
   * @param {AbortSignal | null} [signal] Calls it off: the ticket is not shown any more.
   * @returns {Promise<WebSocketTransport>}
   */
  static async connect(host, url, { ticket, greeting }, withinMs, signal = null) {
    let socket;
    try {
      socket = host.open(url);
    } catch (error) {
      throw closeReason(0, error.message);
    }
    socket.binaryType = "arraybuffer";
    const transport = new WebSocketTransport(host, wireOf(socket));
    const isOpen = new Promise((resolve) => socket.addEventListener("open", resolve));
    socket.addEventListener("message", ({ data }) => transport.receive(bytesOf(data)));
    socket.addEventListener("close", ({ code, reason }) => transport.end(closeReason(code, reason)));
    // A close should follow, and does not from every socket that could not connect.
    socket.addEventListener("error", () => transport.end(closeReason(BROKEN)));
    await transport.opening(isOpen, withinMs, signal);
    socket.send(ticket);
    transport.sendMessage(greeting);
    return transport;
  }
}

function wireOf(socket) {
  return {
    isReady: () => socket.readyState === OPEN && !(socket.bufferedAmount > MOST_BUFFERED_BYTES),
    send: (payload) => socket.send(payload),
    close: () => socket.close(NORMAL),
  };
}

/** Text is nothing that a map server sends: no bytes, so no payload. */
function bytesOf(data) {
  return typeof data === "string" ? new Uint8Array() : new Uint8Array(data);
}
