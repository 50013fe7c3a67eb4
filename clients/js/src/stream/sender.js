// The sending half: queued messages, messages under way, and when to send them again.

import { ProtocolError } from "../errors.js";
import { LIMITS } from "../generated/protocol.js";
import { nearest } from "../layout.js";

/** The shortest wait before a message is sent again, however short the round trip: the answer waits for a tick. */
const RESEND_LEAST_MS = 100;
/** The longest. */
const RESEND_MOST_MS = 1000;
/** How many of the oldest messages an acknowledgement can name as arrived or missing. Others are not sent again. */
const NAMED = 1 + 32;
/** Maximum bytes of queued messages, sent or not. */
export const QUEUE_BYTES = 256 * 1024;
/** Maximum number of messages that wait to be sent. */
export const QUEUE_MESSAGES = 4096;

/** Why a message was not queued: `code` is `Length` or `Full`. */
export class QueueError extends Error {
  constructor(code, message) {
    super(message);
    this.name = "QueueError";
    this.code = code;
  }
}

/** One end's sending half. */
export class Sender {
  #waiting = [];
  /** Bytes of all messages, under way or waiting. */
  #bytes = 0;
  #underWay = [];
  #underWayBytes = 0;
  /** The id of the oldest message under way. */
  #oldest = 0;
  #roundTripMs = null;
  #resendAfterMs = RESEND_LEAST_MS;
  #queued = 0;

  queue(message) {
    if (message.length === 0 || message.length > LIMITS.reliable_bytes) {
      throw new QueueError("Length", `a message must have 1 to ${LIMITS.reliable_bytes} bytes, not ${message.length}`);
    }
    if (this.#bytes + message.length > QUEUE_BYTES || this.#waiting.length >= QUEUE_MESSAGES) {
      throw new QueueError("Full", "too many unacknowledged messages");
    }
    this.#bytes += message.length;
    this.#waiting.push(message);
    this.#queued += 1;
    return this.#queued - 1;
  }

  get isBehind() {
    return this.#bytes >= QUEUE_BYTES / 2 || this.#waiting.length >= QUEUE_MESSAGES / 2;
  }

  get isAcknowledged() {
    return this.#waiting.length === 0 && this.#underWay.length === 0;
  }

  /** Moves the waiting messages that fit into the window. All of them are due, so the caller sends them. */
  fillWindow() {
    let count = 0;
    while (this.#underWay.length < LIMITS.messages_under_way && count < this.#waiting.length) {
      const message = this.#waiting[count];
      if (this.#underWayBytes + message.length > LIMITS.message_bytes_under_way) break;
      count += 1;
      this.#underWayBytes += message.length;
      const resendAfterMs = this.#resendAfterMs;
      this.#underWay.push({ message, firstSentAt: 0, dueAt: 0, resendAfterMs, timesSent: 0, hasArrived: false });
    }
    this.#waiting.splice(0, count);
  }

  isDue(nowMs) {
    return this.nextDue(0, nowMs) !== null;
  }

  /** The first due message at or after a place of the window: its place, the low bits of its id, its bytes. */
  nextDue(at, nowMs) {
    for (let place = at; place < this.#underWay.length; place += 1) {
      const { message, timesSent, hasArrived, dueAt } = this.#underWay[place];
      const isDue = timesSent === 0 || (!hasArrived && place < NAMED && dueAt <= nowMs);
      if (isDue) return { place, id: (this.#oldest + place) & 0xffff, message };
    }
    return null;
  }

  /** Notes that the message at this place is sent now. From the third time on its wait doubles. */
  noteSent(place, nowMs) {
    const entry = this.#underWay[place];
    if (entry.timesSent === 0) entry.firstSentAt = nowMs;
    else if (entry.timesSent > 1) entry.resendAfterMs = Math.min(entry.resendAfterMs * 2, RESEND_MOST_MS);
    entry.timesSent += 1;
    entry.dueAt = nowMs + entry.resendAfterMs;
  }

  /** Takes an acknowledgement. An older one that was overtaken does no harm. */
  acknowledge({ next: lowNext, gaps }, nowMs) {
    const next = nearest(lowNext, 16, this.#oldest);
    const named = 32 - Math.clz32(gaps);
    const end = named === 0 ? next : next + 1 + named;
    if (next < 0 || end > this.#oldest + this.#underWay.length) {
      throw new ProtocolError("NeverSent", "acknowledgement of a message that was never sent");
    }
    for (let id = this.#oldest; id < next; id += 1) this.#arrived(id, nowMs);
    for (let bit = 0; bit < named; bit += 1) {
      if ((gaps >>> bit) & 1) this.#arrived(next + 1 + bit, nowMs);
    }
    while (this.#underWay[0]?.hasArrived) {
      const { message } = this.#underWay.shift();
      this.#oldest += 1;
      this.#bytes -= message.length;
      this.#underWayBytes -= message.length;
    }
  }

  #arrived(id, nowMs) {
    const entry = this.#underWay[id - this.#oldest];
    if (!entry || entry.hasArrived) return;
    entry.hasArrived = true;
    const sample = Math.max(0, nowMs - entry.firstSentAt);
    if (entry.timesSent > 1) {
      // It is unknown which of the sends is acknowledged. If it was the first, the round trip took this long. With this
      // wait the next message that is sent only once measures it, and is not sent again before that.
      const longest = Math.max(sample, entry.resendAfterMs);
      this.#resendAfterMs = Math.min(Math.max(this.#resendAfterMs, longest + longest / 8), RESEND_MOST_MS);
      return;
    }
    this.#roundTripMs = this.#roundTripMs === null ? sample : (this.#roundTripMs * 7 + sample) / 8;
    this.#resendAfterMs = Math.min(Math.max(this.#roundTripMs * 2, RESEND_LEAST_MS), RESEND_MOST_MS);
  }
}
