// Messages that are longer than one reliable message: section 11 of the protocol.

import { ProtocolError } from "./errors.js";
import { LIMITS } from "./generated/protocol.js";

/** Joins parts. They come in order, since reliable messages do. */
export class Reassembly {
  #bytes = [];
  #next = 0;
  #count = 0;

  /**
   * Takes the next part. Answers the whole content after the last one, and null before that.
   *
   * Throws a `ProtocolError` (`BadPart`) when it does not continue the one before, or is too long or one of too many.
   * What has come so far is forgotten then.
   * @param {number} index
   * @param {number} count
   * @param {ArrayLike<number>} bytes
   * @returns {Uint8Array | null}
   */
  take(index, count, bytes) {
    const isStart = index === 0 && this.#next === 0;
    const goesOn = index === this.#next && count === this.#count && index > 0;
    const isLegal = index < count && count <= LIMITS.parts && bytes.length <= LIMITS.part_bytes;
    if (!(isStart || goesOn) || !isLegal) {
      this.#forget();
      throw new ProtocolError("BadPart", `unexpected part ${index} of ${count}, with ${bytes.length} bytes`);
    }
    for (let at = 0; at < bytes.length; at += 1) this.#bytes.push(bytes[at]);
    [this.#next, this.#count] = [index + 1, count];
    if (this.#next < count) return null;
    const whole = Uint8Array.from(this.#bytes);
    this.#forget();
    return whole;
  }

  #forget() {
    [this.#bytes, this.#next, this.#count] = [[], 0, 0];
  }
}

/**
 * Splits content into parts, as servers do.
 * @param {Uint8Array} content
 * @returns {{ index: number, count: number, bytes: number[] }[]}
 */
export function split(content) {
  const count = Math.ceil(content.length / LIMITS.part_bytes);
  return Array.from({ length: count }, (_, index) => {
    const bytes = content.subarray(index * LIMITS.part_bytes, (index + 1) * LIMITS.part_bytes);
    return { index, count, bytes: [...bytes] };
  });
}
