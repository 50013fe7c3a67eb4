// Messages on a stream of bytes: each is its length (16 bits, the lower byte first) and that many bytes. A length of
// zero ends the session; from a server the code follows with which a WebSocket would be closed.

import { ProtocolError } from "../errors.js";
import { LIMITS } from "../generated/protocol.js";

const HEAD_BYTES = 2;

/** The end of a session, as a client says it. */
export const END = Uint8Array.of(0, 0);

/** A message with its length before it. */
export function framed(message) {
  const bytes = new Uint8Array(HEAD_BYTES + message.length);
  new DataView(bytes.buffer).setUint16(0, message.length, true);
  bytes.set(message, HEAD_BYTES);
  return bytes;
}

/** Takes messages out of what a stream brings, however it is cut. */
export class FrameReader {
  #bytes = new Uint8Array();

  /**
   * The stream has brought this.
   * @param {Uint8Array} chunk
   */
  push(chunk) {
    const bytes = new Uint8Array(this.#bytes.length + chunk.length);
    bytes.set(this.#bytes);
    bytes.set(chunk, this.#bytes.length);
    this.#bytes = bytes;
  }

  /**
   * The next message, or the code of the end; null while neither is complete. Throws a `ProtocolError` for a message
   * that is longer than a payload may be: nothing that comes after it can be read.
   * @returns {{ payload: Uint8Array } | { endsWith: number } | null}
   */
  next() {
    const length = this.#number(0);
    if (length === null) return null;
    if (length === 0) {
      const endsWith = this.#number(HEAD_BYTES);
      return endsWith === null ? null : { endsWith };
    }
    if (length > LIMITS.payload_bytes) throw new ProtocolError("Length", `a message of ${length} bytes is too long`);
    if (this.#bytes.length < HEAD_BYTES + length) return null;
    const payload = this.#bytes.slice(HEAD_BYTES, HEAD_BYTES + length);
    this.#bytes = this.#bytes.subarray(HEAD_BYTES + length);
    return { payload };
  }

  #number(at) {
    const { buffer, byteOffset, byteLength } = this.#bytes;
    return byteLength < at + HEAD_BYTES ? null : new DataView(buffer, byteOffset).getUint16(at, true);
  }
}
