import assert from "node:assert/strict";
import { test } from "node:test";

import { forgetVisit, lastVisit, noteVisit } from "../src/accounts/visit.js";

/** A storage of a browser. */
function storage() {
  const kept = new Map();
  return {
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => kept.set(key, value),
    removeItem: (key) => kept.delete(key),
  };
}

test("a visit is remembered, and the visit of an account is forgotten at its log-out", () => {
  const kept = storage();
  assert.equal(lastVisit(kept), null);
  noteVisit({ character: "Annabel", username: null }, kept);
  assert.deepEqual(lastVisit(kept), { character: "Annabel", username: null });
  forgetVisit(kept);
  assert.equal(lastVisit(kept).character, "Annabel");
  noteVisit({ character: "Annabel", username: "anna" }, kept);
  assert.equal(lastVisit(kept).username, "anna");
  forgetVisit(kept);
  assert.equal(lastVisit(kept), null);
});

test("a storage that is broken or closed greets nobody", () => {
  for (const text of ["{", "7", '{"character":7,"username":null}', '{"character":"","username":null}', '{"character":"A"}']) {
    assert.equal(lastVisit({ getItem: () => text }), null);
  }
  const closed = () => {
    throw new Error("closed");
  };
  assert.equal(lastVisit({ getItem: closed }), null);
  noteVisit({ character: "A", username: null }, { setItem: closed });
});
