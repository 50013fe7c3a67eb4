// From the address to the first kill with a gamepad: node gamepad.mjs URL FOLDER

import { Visitor, inBrowser, newName } from "./testing/visitor.mjs";

/** Runs in the page before its own scripts: a standard gamepad at rest, as browsers show one. */
function plugIn() {
  const buttons = Array.from({ length: 17 }, () => ({ pressed: false, touched: false, value: 0 }));
  globalThis.pad = { connected: true, mapping: "standard", id: "Pad", index: 0, axes: [0, 0, 0, 0], buttons };
  // As in Chromium: an object that is not quite an array, with empty places.
  navigator.getGamepads = () => [null, globalThis.pad, null, null];
}

/** So far to the left the stick is pushed: not quite to its edge. */
const WEST = [-0.9, 0.05];

await inBrowser(async (browser) => {
  const visitor = await Visitor.arrive(browser, newName("Pad"));
  const { page } = visitor;
  await page.addInitScript(plugIn);
  await visitor.makesItself("Warrior");
  const push = (x, y) => page.evaluate((axes) => globalThis.pad.axes.splice(0, 2, ...axes), [x, y]);
  const press = (button, pressed) =>
    page.evaluate(([button, pressed]) => (globalThis.pad.buttons[button].pressed = pressed), [button, pressed]);
  /** Until the page has looked at the pad: it does in each frame. */
  const frames = () =>
    page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
  const tap = async (button) => {
    await press(button, true);
    await frames();
    await press(button, false);
    await frames();
  };

  // The window of the map, and the menu, which the first button leaves.
  const map = page.locator(".map-window");
  await tap(8);
  await map.waitFor();
  await tap(9);
  await map.waitFor({ state: "detached" });
  const menu = page.getByRole("dialog", { name: "Menu" });
  await tap(9);
  await menu.waitFor();
  await tap(0);
  await menu.waitFor({ state: "detached" });

  const walk = async () => {
    await push(...WEST);
    return () => push(0, 0);
  };
  const strike = async () => {
    await press(0, true);
    return () => press(0, false);
  };
  await visitor.fightsUntilAKill(walk, strike);
  await visitor.picture("gamepad-has-killed");
  visitor.assertNoComplaint();
  console.log("a newcomer killed a mob with a gamepad");
});
