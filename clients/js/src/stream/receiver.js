// The receiving half: messages that came in order or early, and what to acknowledge.

import { ProtocolError } from "../errors.js";
import { LIMITS } from "../generated/protocol.js";
import { nearest } from "../layout.js";

/** Number of payloads in which an arrival is acknowledged, since any of them may be lost. */
const ACKS = 2;
/** Maximum bytes of messages that an end holds: those that came early, and those that the caller has not taken. */
export const HELD_BYTES = 32 * 1024;
/** How many messages beyond the next one an acknowledgement can name. */
const GAP_BITS = 32;

/** One end's receiving half. */
export class Receiver {
  /** Messages that came and were not taken, by id. */
  #held = new Map();
  #heldBytes = 0;
  /** The id of the next message for the caller to take. */
  #taken = 0;
  /** The id of the first missing message. All from `taken` up to it are held. */
  #next = 0;
  #acksDue = 0;
  /** When the first message came for which no acknowledgement was sent yet; null where there is none. */
  #unacknowledgedSince = null;
  #ackAloneAfterMs;

  constructor(ackAloneAfterMs) {
    this.#ackAloneAfterMs = ackAloneAfterMs;
  }

  /** Throws unless an honest end may have sent these. */
  judge(lowFirst, messages) {
    if (messages.length === 0) return;
    const first = this.#id(lowFirst);
    if (first < 0 || first + messages.length > this.#next + LIMITS.messages_under_way) {
      throw new ProtocolError("OutsideWindow", "message outside the window");
    }
    // If the caller has not taken everything, the caller is late, and not the other end at fault.
    if (!this.hasMessage && !this.#fits(first, messages)) {
      throw new ProtocolError("TooMuch", "too many bytes ahead of a missing message");
    }
  }

  /**
   * Takes messages that were judged. If there is no room, because the caller has not taken earlier ones, they are
   * dropped: they are not acknowledged, and so come again.
   */
  take(lowFirst, messages, nowMs) {
    const first = this.#id(lowFirst);
    if (messages.length === 0 || !this.#fits(first, messages)) return;
    messages.forEach((message, at) => {
      if (!this.#isMissing(first + at)) return;
      // A copy, since the payload's bytes are the transport's.
      this.#held.set(first + at, message.slice());
      this.#heldBytes += message.length;
    });
    while (this.#held.has(this.#next)) this.#next += 1;
    this.#acksDue = ACKS;
    this.#unacknowledgedSince ??= nowMs;
  }

  get hasMessage() {
    return this.#taken < this.#next;
  }

  nextMessage() {
    if (!this.hasMessage) return null;
    const message = this.#held.get(this.#taken);
    this.#held.delete(this.#taken);
    this.#taken += 1;
    this.#heldBytes -= message.length;
    return message;
  }

  /** Whether something came for which no acknowledgement was sent yet. */
  get owesAck() {
    return this.#unacknowledgedSince !== null;
  }

  /** The acknowledgement for the payload that is made now, if one is due: alone only if it has waited long enough. */
  ackToSend(goesAnyway, nowMs) {
    const hasWaited = this.owesAck && nowMs - this.#unacknowledgedSince >= this.#ackAloneAfterMs;
    if (this.#acksDue === 0 || !(goesAnyway || hasWaited)) return null;
    this.#acksDue -= 1;
    this.#unacknowledgedSince = null;
    return this.#ack();
  }

  #ack() {
    let gaps = 0;
    for (let bit = 0; bit < GAP_BITS; bit += 1) {
      if (this.#held.has(this.#next + 1 + bit)) gaps |= 1 << bit;
    }
    return { next: this.#next & 0xffff, gaps: gaps >>> 0 };
  }

  #id(lowFirst) {
    return nearest(lowFirst, 16, this.#next);
  }

  #isMissing(id) {
    return id >= this.#next && !this.#held.has(id);
  }

  #fits(first, messages) {
    const bytes = messages.reduce((sum, message, at) => sum + (this.#isMissing(first + at) ? message.length : 0), 0);
    const end = first + messages.length;
    return this.#heldBytes + bytes <= HELD_BYTES && end <= this.#taken + LIMITS.messages_under_way;
  }
}
