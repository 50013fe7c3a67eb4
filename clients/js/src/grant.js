// What lets a character into the world, once: `data` of the gateway's `enter_world_success`, and the text in `Travel`.

import { PROTOCOL_HASH } from "./generated/protocol.js";

/** Maximum bytes of a ticket. */
const MAX_TICKET_BYTES = 200;
const HASH = /^[0-9a-f]{16}$/i;

/**
 * @typedef {{
 *   character_id: string | null, map_ip: string, map_port: number, ticket: string,
 *   spawn_pos: { x: number, y: number } | null, map_id: number, map_name: string | null, channel: number,
 *   server_id: string, connect_token: string, map_ws_url: string | null, map_wt_url: string | null,
 *   map_wt_cert_sha256: string | null, protocol_hash: string, expires_in: number,
 * }} EntryGrant
 */

/**
 * A grant from its JSON. Throws a `TypeError` when that does not follow the contract.
 * @param {any} data
 * @returns {EntryGrant}
 */
export function readGrant(data) {
  const number = (name) => {
    // Foreign gateways give ids as numbers or as text.
    const value = typeof data?.[name] === "string" && data[name] !== "" ? Number(data[name]) : data?.[name];
    if (!Number.isInteger(value) || value < 0) throw new TypeError(`the grant's ${name} must be a non-negative integer`);
    return value;
  };
  const text = (name) => {
    if (typeof data?.[name] !== "string") throw new TypeError(`the grant's ${name} must be a string`);
    return data[name];
  };
  return {
    character_id: data?.character_id ?? null,
    map_ip: text("map_ip"),
    map_port: number("map_port"),
    ticket: text("ticket"),
    spawn_pos: data.spawn_pos ?? null,
    map_id: number("map_id"),
    map_name: data.map_name ?? null,
    channel: number("channel"),
    server_id: text("server_id"),
    connect_token: text("connect_token"),
    map_ws_url: data.map_ws_url ?? null,
    map_wt_url: data.map_wt_url ?? null,
    map_wt_cert_sha256: data.map_wt_cert_sha256 ?? null,
    protocol_hash: text("protocol_hash"),
    expires_in: number("expires_in"),
  };
}

/** The map server's protocol hash; null if it is not 16 hexadecimal digits. */
export function hashOf({ protocol_hash: hash }) {
  return HASH.test(hash) ? BigInt(`0x${hash}`) : null;
}

/** Whether the map server speaks this library's protocol. */
export function speaksOurs(grant) {
  return hashOf(grant) === PROTOCOL_HASH;
}

/** The bytes of a ticket; null if it is no base64url, or longer than a ticket may be. */
export function ticketBytes({ ticket }) {
  if (!/^[\w-]+$/.test(ticket)) return null;
  try {
    const bytes = Uint8Array.from(atob(ticket.replaceAll("-", "+").replaceAll("_", "/")), (one) => one.charCodeAt(0));
    return bytes.length <= MAX_TICKET_BYTES ? bytes : null;
  } catch {
    return null;
  }
}
