// What the codes mean with which a server ends a connection.

const NORMAL = 1000;
const GOING_AWAY = 1001;
const POLICY = 1008;
const TRY_AGAIN_LATER = 1013;

/** What a close says of a connection that broke. */
export const BROKEN = 1006;
/** The other end sent a payload that is longer than one may be. */
export const TOO_LONG = 1009;

/**
 * Why a connection ended that was closed with this code.
 * @param {number} code
 * @param {string} [reason]
 * @returns {import("./transport.js").CloseReason}
 */
export function closeReason(code, reason = "") {
  if (code === TRY_AGAIN_LATER) return { type: "Denied", code, reason };
  if (code === POLICY) return { type: "Refused", code, reason };
  return { type: code === NORMAL || code === GOING_AWAY ? "ByServer" : "Socket", code, reason };
}
