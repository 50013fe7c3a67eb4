import assert from "node:assert/strict";
import { test } from "node:test";

import { placed, quickKinds } from "../src/hud/quick-slots.js";

const bag = [
  { item: "c", definition: "mana", slot: 7 },
  { item: "b", definition: "potion", slot: 3 },
  { item: "a", definition: "potion", slot: 1 },
  { item: "d", definition: "sword", slot: 0 },
  { item: "e", definition: "bread", slot: 9 },
];

test("kinds come in the order of the bag, and the first item of a kind is used first", () => {
  assert.deepEqual(quickKinds(bag, (definition) => definition !== "sword"), [
    { definition: "potion", item: "a", count: 2 },
    { definition: "mana", item: "c", count: 1 },
    { definition: "bread", item: "e", count: 1 },
  ]);
});

test("a kind stays on its slot, and another takes it only when the last of it is used", () => {
  const [potion, mana, bread] = quickKinds(bag, (definition) => definition !== "sword");
  assert.deepEqual(placed([null, null], [potion, mana, bread]), [potion, mana]);
  assert.deepEqual(placed([potion, mana], [mana, bread]), [bread, mana]);
  assert.deepEqual(placed([potion, mana], [mana]), [{ ...potion, item: null, count: 0 }, mana]);
  assert.deepEqual(placed([potion, null], [mana]), [mana, null]);
  assert.deepEqual(placed([null, null], []), [null, null]);
});

test("what the player cannot use is not on a quick slot", () => {
  assert.deepEqual(quickKinds(bag, () => false), []);
  assert.deepEqual(quickKinds([], () => true), []);
});
