// The golden vectors of the protocol, and the way from their form to this library's.

import { readFileSync, readdirSync } from "node:fs";
import { TYPES } from "../../src/generated/protocol.js";

const FOLDER = new URL("../../../../protocol/vectors/", import.meta.url);

/** The vectors of a file. */
export function vectors(file) {
  return JSON.parse(readFileSync(new URL(`${file}.json`, FOLDER), "utf8"));
}

/** The names of all files. */
export function vectorFiles() {
  return readdirSync(FOLDER).map((name) => name.replace(/\.json$/, ""));
}

/** Bytes of hexadecimal digits. */
export function fromHex(hex) {
  return Uint8Array.from(hex.match(/../g) ?? [], (byte) => parseInt(byte, 16));
}

/** Hexadecimal digits of bytes. */
export function toHex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** A value of the vectors as this library has it: 64 bits as `bigint`, an enum with fields with its `type`. */
export function ours(type, value) {
  const [, outer, inner] = /^(option|list)<(.+)>$/.exec(type) ?? [];
  if (outer === "option") return value === null ? null : ours(inner, value);
  if (outer === "list") return value.map((item) => ours(inner, item));
  if (type === "u64" || type === "i64") return BigInt(value);
  if (!TYPES[type]) return value;
  if (TYPES[type].struct) return oursOf(TYPES[type].struct, value);
  if (TYPES[type].enum.every(({ fields }) => Object.keys(fields).length === 0)) return value;
  const name = typeof value === "string" ? value : Object.keys(value)[0];
  const { fields } = TYPES[type].enum.find((variant) => variant.name === name);
  return { type: name, ...oursOf(fields, value[name]) };
}

/** The same of fields. */
export function oursOf(fields, value) {
  return Object.fromEntries(Object.entries(fields).map(([name, type]) => [name, ours(type, value[name])]));
}
