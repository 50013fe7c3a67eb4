// The layout of a payload: section 6 of the protocol. The only module that knows it.

import { ProtocolError } from "./errors.js";
import { DATAGRAM_VERSION, LIMITS, PAYLOAD_FLAGS } from "./generated/protocol.js";

const { snapshot: SNAPSHOT, input: INPUT, acknowledgement: ACK, gaps: GAPS, messages: MESSAGES } = PAYLOAD_FLAGS;
const KNOWN = SNAPSHOT | INPUT | ACK | GAPS | MESSAGES;
/** Bytes of version and flags. */
const HEADER_BYTES = 2;
/** The most messages that one payload's count can tell. */
const MOST_MESSAGES = 255;

/**
 * What its sender has received: `next` are the low 16 bits of the id that it waits for, bit `i` of `gaps` stands for the
 * message `next + 1 + i`.
 * @typedef {{ next: number, gaps: number }} Ack
 */

/**
 * What fills the rest of a payload: a server's snapshot or a client's input.
 * @typedef {{ type: "Snapshot" | "Input", body: Uint8Array }} Section
 */

/**
 * A parsed payload. `first` is the low 16 bits of the first message's id; `section` is null where there is none.
 * @typedef {{ ack: Ack | null, first: number, messages: Uint8Array[], section: Section | null }} Payload
 */

/**
 * Parses a payload. Its messages and its section are views of the bytes.
 *
 * Throws a `ProtocolError` for the first rule that it breaks: `Length`, `Version`, `Flags`, `End` or `Message`.
 * @param {Uint8Array} bytes
 * @returns {Payload}
 */
export function openPayload(bytes) {
  if (bytes.length < HEADER_BYTES || bytes.length > LIMITS.payload_bytes) {
    throw new ProtocolError("Length", `invalid payload length: ${bytes.length} bytes`);
  }
  const [version, flags] = bytes;
  if (version !== DATAGRAM_VERSION) throw new ProtocolError("Version", `unknown payload version: ${version}`);
  if (!areLegal(flags)) throw new ProtocolError("Flags", `invalid payload flags: ${flags}`);
  const from = new ByteReader(bytes, HEADER_BYTES);
  const ack = flags & ACK ? { next: from.u16(), gaps: flags & GAPS ? from.u32() : 0 } : null;
  const { first, messages } = flags & MESSAGES ? takeMessages(from) : { first: 0, messages: [] };
  const body = from.rest();
  if (flags & SNAPSHOT) return { ack, first, messages, section: { type: "Snapshot", body } };
  if (flags & INPUT) return { ack, first, messages, section: { type: "Input", body } };
  if (body.length > 0) throw new ProtocolError("End", "unexpected data after the payload");
  return { ack, first, messages, section: null };
}

function areLegal(flags) {
  const isOneSection = (flags & (SNAPSHOT | INPUT)) !== (SNAPSHOT | INPUT);
  const areGapsOfAnAck = (flags & (ACK | GAPS)) !== GAPS;
  return flags !== 0 && (flags & ~KNOWN) === 0 && isOneSection && areGapsOfAnAck;
}

function takeMessages(from) {
  const count = from.u8();
  if (count === 0) throw new ProtocolError("Message", "payload has the messages flag but no message");
  const first = from.u16();
  const messages = [];
  for (let left = count; left > 0; left -= 1) {
    const length = from.u16();
    if (length === 0 || length > LIMITS.reliable_bytes)
      throw new ProtocolError("Message", `invalid message length: ${length} bytes`);
    messages.push(from.take(length));
  }
  return { first, messages };
}

/** Little-endian numbers, one after the other. */
class ByteReader {
  #bytes;
  #at;

  constructor(bytes, at) {
    this.#bytes = bytes;
    this.#at = at;
  }

  take(count) {
    if (this.#at + count > this.#bytes.length) throw new ProtocolError("End", "payload ends too early");
    this.#at += count;
    return this.#bytes.subarray(this.#at - count, this.#at);
  }

  u8() {
    return this.take(1)[0];
  }

  u16() {
    const [low, high] = this.take(2);
    return low | (high << 8);
  }

  u32() {
    return (this.u16() | (this.u16() << 16)) >>> 0;
  }

  rest() {
    return this.take(this.#bytes.length - this.#at);
  }
}

/** Writes one payload. */
export class PayloadWriter {
  #bytes = new Uint8Array(LIMITS.payload_bytes);
  #length = HEADER_BYTES;
  #flags = 0;
  /** Where the count of messages is, and the id that the next one must have. */
  #countAt = -1;
  #nextId = -1;

  /** @param {Ack | null} ack What to acknowledge. */
  constructor(ack) {
    if (!ack) return;
    this.#flags |= ACK;
    this.#u16(ack.next);
    if (ack.gaps === 0) return;
    this.#flags |= GAPS;
    this.#u16(ack.gaps & 0xffff);
    this.#u16(ack.gaps >>> 16);
  }

  /**
   * Appends a message. Answers `false` if its id does not follow the last one, if there are 255 already, or if it would
   * leave less than `reserved` bytes. An empty payload with nothing reserved always takes it.
   * @param {number} id The low 16 bits of its id.
   * @param {Uint8Array} message 1 to 1,000 bytes.
   * @param {number} reserved Bytes to leave.
   */
  push(id, message, reserved) {
    const isFirst = this.#countAt < 0;
    const bytes = this.#length + (isFirst ? 3 : 0) + 2 + message.length + reserved;
    const fits = isFirst || (this.#nextId === id && this.#bytes[this.#countAt] < MOST_MESSAGES);
    if (bytes > LIMITS.payload_bytes || !fits) return false;
    if (isFirst) {
      this.#flags |= MESSAGES;
      this.#countAt = this.#length;
      this.#length += 1;
      this.#u16(id);
    }
    this.#bytes[this.#countAt] += 1;
    this.#u16(message.length);
    this.#put(message);
    this.#nextId = (id + 1) & 0xffff;
    return true;
  }

  /** Whether it has nothing worth sending. */
  get isEmpty() {
    return this.#flags === 0;
  }

  /**
   * Ends the payload with its section.
   * @param {Section | null} section
   * @returns {Uint8Array}
   */
  finish(section) {
    if (section) {
      if (this.#length + section.body.length > LIMITS.payload_bytes)
        throw new RangeError("the section does not fit into the payload");
      this.#flags |= section.type === "Snapshot" ? SNAPSHOT : INPUT;
      this.#put(section.body);
    }
    this.#bytes[0] = DATAGRAM_VERSION;
    this.#bytes[1] = this.#flags;
    return this.#bytes.slice(0, this.#length);
  }

  #u16(value) {
    this.#bytes[this.#length] = value & 0xff;
    this.#bytes[this.#length + 1] = value >>> 8;
    this.#length += 2;
  }

  #put(bytes) {
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }
}

/**
 * A payload of these parts, all of which must fit.
 * @param {{ ack?: Ack | null, first?: number, messages?: Uint8Array[], section?: Section | null }} parts
 * @returns {Uint8Array}
 */
export function sealPayload({ ack = null, first = 0, messages = [], section = null }) {
  const payload = new PayloadWriter(ack);
  messages.forEach((message, at) => {
    const isIn = payload.push((first + at) & 0xffff, message, section?.body.length ?? 0);
    if (!isIn) throw new RangeError("the messages do not fit into one payload");
  });
  return payload.finish(section);
}
