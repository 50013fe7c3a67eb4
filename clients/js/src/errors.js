// What is thrown where bytes from the other end keep not to the protocol.

/**
 * Bytes that no honest end sends, or that were damaged. Nothing of them was taken.
 *
 * `code` says which rule they break, by the name that it has in the Rust library: `Length`, `Version`, `Flags`, `End`
 * and `Message` of a payload; `NeverSent`, `OutsideWindow` and `TooMuch` of its reliable messages; `TooLong`,
 * `Malformed` and `Trailing` of one message; `Head` and `Snapshot` of a snapshot; `BadPart` of a part.
 */
export class ProtocolError extends Error {
  /**
   * @param {string} code The rule that is broken.
   * @param {string} message What is wrong, in words.
   */
  constructor(code, message) {
    super(message);
    this.name = "ProtocolError";
    this.code = code;
  }
}
