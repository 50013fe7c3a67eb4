// Sessions in which play has begun.

import assert from "node:assert/strict";
import { Session } from "../../src/session.js";
import { RULES, content, inParts, inventory, welcome } from "./map-server.js";

/** A session on a server with this tick rate, of a class with these abilities. */
export function enteredWith(tickHz, abilities = [], rules = {}) {
  const session = new Session();
  const slots = abilities.map((_, index) => index);
  const told = { ...content(), items: [], abilities, rules: { ...RULES, ...rules } };
  for (const message of [welcome({ tick_hz: tickHz, slots }), told, inventory()]) tell(session, message);
  assert.ok(session.isEntered);
  return session;
}

/** The server tells something. */
export function tell(session, message) {
  for (const bytes of inParts(message)) session.receiveMessage(bytes);
}
