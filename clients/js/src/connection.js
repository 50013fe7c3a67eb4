// A connection without a socket: payloads go in and out, and the caller passes in the time.

import { ProtocolError } from "./errors.js";
import { writeClientFrame } from "./frame.js";
import { openPayload } from "./payload.js";
import { Stream } from "./stream.js";

/**
 * Something received from the server: the body of a snapshot, or a reliable message.
 * @typedef {{ type: "Frame" | "Message", bytes: Uint8Array }} Incoming
 */

/** Payloads over any transport: reliable messages and frames. */
export class Connection {
  /** What went either way. Bad payloads were dropped: malformed ones, and those that break the protocol. */
  traffic = { bytesIn: 0, bytesOut: 0, payloadsIn: 0, payloadsOut: 0, badPayloads: 0 };
  // A tick without a frame has no frame to wait for, so an acknowledgement need not wait either.
  #stream = new Stream(0);
  #incoming = [];

  /**
   * Takes a payload from the server. A bad one is counted, and nothing of it is taken.
   * @param {Uint8Array} bytes
   * @param {number} nowMs
   */
  receive(bytes, nowMs) {
    this.traffic.bytesIn += bytes.length;
    this.traffic.payloadsIn += 1;
    try {
      const payload = openPayload(bytes);
      if (payload.section?.type === "Input") throw new ProtocolError("Flags", "unexpected input section from a server");
      this.#stream.receive(payload, nowMs);
      this.#keep(payload.section);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.traffic.badPayloads += 1;
    }
  }

  #keep(section) {
    for (let bytes = this.#stream.nextMessage(); bytes; bytes = this.#stream.nextMessage()) {
      this.#incoming.push({ type: "Message", bytes });
    }
    if (section) this.#incoming.push({ type: "Frame", bytes: section.body });
  }

  /**
   * The next received frame or message; null where there is none.
   * @returns {Incoming | null}
   */
  nextIncoming() {
    return this.#incoming.shift() ?? null;
  }

  /**
   * Queues a reliable message. Throws a `QueueError` when it is empty or too long, or too much is queued.
   * @param {Uint8Array} message
   * @returns {number} Its id, by which `Refused.answers` names it.
   */
  sendMessage(message) {
    return this.#stream.queue(message);
  }

  /** Whether every sent message has been acknowledged. */
  get isAllAcknowledged() {
    return this.#stream.isAcknowledged;
  }

  /**
   * The payloads of a client's tick: its frame, if it has one, and what is due of messages and acknowledgements.
   * @param {import("./frame.js").ClientFrame | null} frame
   * @param {number} nowMs
   * @returns {Uint8Array[]}
   */
  tick(frame, nowMs) {
    const section = frame && { type: "Input", body: writeClientFrame(frame) };
    const payloads = this.#stream.compose(section, nowMs);
    for (const payload of payloads) this.traffic.bytesOut += payload.length;
    this.traffic.payloadsOut += payloads.length;
    return payloads;
  }
}
