// Reliable messages between the two ends of a connection, and which payload carries them and the acknowledgement: section 9 of
// the protocol. Each arrives once and in order, within payloads that are sent anyway.

import { PayloadWriter } from "./payload.js";
import { Receiver } from "./stream/receiver.js";
import { Sender } from "./stream/sender.js";

export { QueueError } from "./stream/sender.js";

/** One end of a connection's reliable messages. The caller passes in the time in milliseconds, from any fixed moment. */
export class Stream {
  #sender = new Sender();
  #receiver;

  /**
   * An end that has sent and received nothing.
   * @param {number} ackAloneAfterMs How long an acknowledgement waits at most for a payload to travel with.
   */
  constructor(ackAloneAfterMs) {
    this.#receiver = new Receiver(ackAloneAfterMs);
  }

  /**
   * Queues a message. Throws a `QueueError` when it is empty or too long, or too much is queued.
   * @param {Uint8Array} message 1 to 1,000 bytes.
   * @returns {number} Its id: how many were queued before it.
   */
  queue(message) {
    return this.#sender.queue(message);
  }

  /** Whether the queue is at least half full. */
  get isBehind() {
    return this.#sender.isBehind;
  }

  /**
   * Takes the acknowledgement and the messages of a payload.
   *
   * Throws a `ProtocolError` when no honest end would have sent it: `NeverSent`, `OutsideWindow` or `TooMuch`. Then
   * nothing of it is taken.
   * @param {import("./payload.js").Payload} payload
   * @param {number} nowMs
   */
  receive({ ack, first, messages }, nowMs) {
    this.#receiver.judge(first, messages);
    if (ack) this.#sender.acknowledge(ack, nowMs);
    this.#receiver.take(first, messages, nowMs);
  }

  /** The next received message, in order; null where none is ready. */
  nextMessage() {
    return this.#receiver.nextMessage();
  }

  /** Whether a received message is ready. */
  get hasMessage() {
    return this.#receiver.hasMessage;
  }

  /** Whether the other end has acknowledged everything. */
  get isAcknowledged() {
    return this.#sender.isAcknowledged;
  }

  /** Whether the stream itself has nothing to send. */
  get isQuiet() {
    return this.isAcknowledged && !this.#receiver.owesAck;
  }

  /**
   * The payloads to send now. The first has the section and the messages that fit beside it, the others the rest of the
   * due messages. Without a section there may be none.
   * @param {import("./payload.js").Section | null} section
   * @param {number} nowMs
   * @returns {Uint8Array[]}
   */
  compose(section, nowMs) {
    this.#sender.fillWindow();
    const goesAnyway = section !== null || this.#sender.isDue(nowMs);
    let payload = new PayloadWriter(this.#receiver.ackToSend(goesAnyway, nowMs));
    const payloads = [];
    let open = section;
    let at = 0;
    for (let due = this.#sender.nextDue(at, nowMs); due; due = this.#sender.nextDue(at, nowMs)) {
      if (payload.push(due.id, due.message, open?.body.length ?? 0)) {
        this.#sender.noteSent(due.place, nowMs);
        at = due.place + 1;
        continue;
      }
      payloads.push(payload.finish(open));
      open = null;
      payload = new PayloadWriter(null);
    }
    if (open || !payload.isEmpty) payloads.push(payload.finish(open));
    return payloads;
  }
}
