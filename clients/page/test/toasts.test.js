import assert from "node:assert/strict";
import { mock, test } from "node:test";

/** What the page's elements do here: they have children, and can go. */
class Element {
  children = [];
  append(...nodes) {
    for (const node of nodes) node.parent = this;
    this.children.push(...nodes);
  }
  remove() {
    this.parent.children = this.parent.children.filter((child) => child !== this);
  }
  setAttribute() {}
}

globalThis.Node = Element;
globalThis.document = {
  createElement: () => new Element(),
  createTextNode: (text) => Object.assign(new Element(), { text }),
};
let nowMs = 0;
mock.method(performance, "now", () => nowMs);

const { Toasts } = await import("../src/hud/toasts.js");

/** Says these words at these moments; answers what is read later. */
function readAt(laterMs, said) {
  const toasts = new Toasts();
  for (const [atMs, text] of said) {
    nowMs = atMs;
    toasts.add(text, "refused");
  }
  toasts.update(laterMs);
  return toasts.element.children.map(({ children: [{ text }] }) => text);
}

test("words go after a while, and those that were said again stay longer", () => {
  const said = [[0, "Too far away."], [1_000, "Not ready."], [3_000, "Too far away."]];
  assert.deepEqual(readAt(3_100, said), ["Too far away.", "Not ready."]);
  assert.deepEqual(readAt(4_300, said), ["Too far away."], "the others go in time, also behind it");
  assert.deepEqual(readAt(6_300, said), []);
});

test("of more than four the one goes that would have gone first", () => {
  const said = [[0, "one"], [10, "two"], [20, "three"], [30, "four"], [40, "one"], [50, "five"]];
  assert.deepEqual(readAt(60, said), ["one", "three", "four", "five"]);
});
