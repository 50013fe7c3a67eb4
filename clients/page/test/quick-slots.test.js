import assert from "node:assert/strict";
import { test } from "node:test";

import { quickKinds } from "../src/hud/quick-slots.js";

const bag = [
  { item: "c", definition: "mana", slot: 7 },
  { item: "b", definition: "potion", slot: 3 },
  { item: "a", definition: "potion", slot: 1 },
  { item: "d", definition: "sword", slot: 0 },
  { item: "e", definition: "bread", slot: 9 },
];

test("the first two kinds of the bag lie on the quick slots, and the first item of a kind is used first", () => {
  assert.deepEqual(quickKinds(bag, (definition) => definition !== "sword"), [
    { definition: "potion", item: "a", count: 2 },
    { definition: "mana", item: "c", count: 1 },
  ]);
});

test("what the player cannot use is not on a quick slot", () => {
  assert.deepEqual(quickKinds(bag, () => false), []);
  assert.deepEqual(quickKinds([], () => true), []);
});
