import assert from "node:assert/strict";
import { test } from "node:test";

import { DEFAULT_KEYS, KEY_WORDS, keyName, Settings } from "../src/settings.js";

function storage(text = null) {
  const kept = new Map(text === null ? [] : [["realmgate.settings", text]]);
  return { kept, getItem: (name) => kept.get(name) ?? null, setItem: (name, value) => kept.set(name, value) };
}

test("settings are kept, and told", () => {
  const kept = storage();
  const settings = new Settings(kept);
  const told = [];
  settings.addEventListener("change", ({ detail }) => told.push(detail.name));
  settings.set("uiScale", 1.3);
  settings.set("palette", "colour-blind");
  assert.deepEqual(told, ["uiScale", "palette"]);
  const again = new Settings(kept);
  assert.equal(again.get("uiScale"), 1.3);
  assert.equal(again.get("palette"), "colour-blind");
});

test("what does not fit is refused, and forgotten where it was kept", () => {
  for (const [name, value] of [
    ["uiScale", 9],
    ["uiScale", 0.5],
    ["palette", "pink"],
    ["names", "no"],
    ["nothing", 1],
  ]) {
    assert.throws(() => new Settings(null).set(name, value), RangeError, `${name} ${value}`);
  }
  for (const text of ["{", "null", '{"uiScale": "big", "keys": null, "touch": "maybe"}']) {
    const settings = new Settings(storage(text));
    assert.equal(settings.get("uiScale"), 1);
    assert.equal(settings.get("touch"), "auto");
    assert.deepEqual(settings.get("keys"), { ...DEFAULT_KEYS });
  }
});

test("a key belongs to one action", () => {
  const settings = new Settings(null);
  settings.bind("bag", "KeyM");
  assert.equal(settings.get("keys").bag, "KeyM");
  assert.equal(settings.get("keys").map, "KeyB");
});

test("every key has a word", () => {
  assert.deepEqual(Object.keys(KEY_WORDS), Object.keys(DEFAULT_KEYS));
  assert.equal(keyName("KeyW"), "W");
  assert.equal(keyName("Digit1"), "1");
});
