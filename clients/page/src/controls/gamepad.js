// A gamepad: the left stick walks, buttons use abilities.

import { headingOfStick } from "./steer.js";

/** What the buttons of a standard gamepad do. */
const BUTTONS = {
  0: "slot1",
  1: "slot4",
  2: "slot2",
  3: "slot3",
  4: "slot5",
  5: "slot6",
  6: "interact",
  7: "next",
  8: "map",
  9: "settings",
  10: "quick1",
  11: "bag",
};
const CROSS = { up: 12, down: 13, left: 14, right: 15 };

export class Gamepad {
  /** The actions whose buttons are held. */
  held = new Set();
  /** The direction to walk in; null at rest. */
  heading = null;
  /** Whether the gamepad was used last. */
  isUsed = false;
  #pressed;

  /** @param {(action: string) => void} pressed Told once for each press. */
  constructor(pressed) {
    this.#pressed = pressed;
  }

  /** Looks at the gamepad: browsers do not tell of it. */
  poll() {
    const pad = globalThis.navigator?.getGamepads?.().find((one) => one?.connected && one.mapping === "standard");
    if (!pad || !document.hasFocus()) {
      this.heading = null;
      this.held.clear();
      return;
    }
    const isDown = (button) => pad.buttons[button]?.pressed === true;
    const cross = { x: isDown(CROSS.right) - isDown(CROSS.left), y: isDown(CROSS.down) - isDown(CROSS.up) };
    const isCrossed = cross.x !== 0 || cross.y !== 0;
    this.heading = isCrossed ? headingOfStick(cross.x, cross.y) : headingOfStick(pad.axes[0] ?? 0, pad.axes[1] ?? 0);
    if (this.heading !== null) this.isUsed = true;
    for (const [button, action] of Object.entries(BUTTONS)) this.#hear(action, isDown(button));
  }

  #hear(action, isDown) {
    if (!isDown) this.held.delete(action);
    else if (!this.held.has(action)) {
      this.held.add(action);
      this.isUsed = true;
      const asked = action === BUTTONS[0] ? askedButton() : null;
      if (asked) asked.click();
      else this.#pressed(action);
    }
  }
}

/** The button that waits for an answer before anything else: the gamepad's first one presses it. Null if none does. */
function askedButton() {
  const focused = document.activeElement;
  return focused?.matches("button") && focused.closest(".death, [aria-modal=true]") ? focused : null;
}
