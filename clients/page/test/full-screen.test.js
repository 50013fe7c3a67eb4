// The page on the whole screen, by a browser that is made up.

import assert from "node:assert/strict";
import { test } from "node:test";

import { hasFullScreen, isFullScreen, switchFullScreen } from "../src/full-screen.js";

/** A browser that fills the screen, or refuses. */
function browser({ refuses = false } = {}) {
  const root = {
    async requestFullscreen() {
      if (refuses) throw new TypeError("Permissions check failed");
      globalThis.document.fullscreenElement = root;
    },
  };
  const exitFullscreen = async () => (globalThis.document.fullscreenElement = null);
  globalThis.document = { fullscreenEnabled: true, fullscreenElement: null, documentElement: root, exitFullscreen };
}

test("the page fills the screen, and leaves it by the same button", async () => {
  browser();
  assert.deepEqual([hasFullScreen(), isFullScreen()], [true, false]);
  await switchFullScreen();
  assert.equal(isFullScreen(), true);
  await switchFullScreen();
  assert.equal(isFullScreen(), false);
});

test("a browser that refuses changes nothing, and one that has none offers none", async () => {
  browser({ refuses: true });
  await switchFullScreen();
  assert.equal(isFullScreen(), false);
  globalThis.document = {};
  assert.equal(hasFullScreen(), false);
});
