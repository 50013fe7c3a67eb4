// The keyboard: which keys are held, and what was pressed.

import { actionOf } from "./keys.js";

/** What keys do also while a window has the keyboard. */
const IN_WINDOWS = ["up", "down", "left", "right", "settings", "chat"];

/** Tells `pressed(action)` once for each press, and knows what is held. */
export class Keyboard {
  /** The actions whose keys are held. */
  held = new Set();
  #listening = new AbortController();

  /**
   * @param {{ get(name: string): any }} settings
   * @param {(action: string) => void} pressed
   */
  constructor(settings, pressed) {
    const { signal } = this.#listening;
    addEventListener("keydown", (event) => this.#down(event, settings, pressed), { signal });
    addEventListener("keyup", ({ code }) => this.held.delete(actionOf(code, settings.get("keys"))), { signal });
    // Who looks elsewhere does not walk on.
    addEventListener("blur", () => this.held.clear(), { signal });
    document.addEventListener("focusin", ({ target }) => isText(target) && this.held.clear(), { signal });
  }

  #down(event, settings, pressed) {
    if (isText(event.target) || event.ctrlKey || event.altKey || event.metaKey) return;
    const action = actionOf(event.code, settings.get("keys"));
    // A button that has the focus is pressed by Enter and the space bar, as everywhere.
    if (!action || (event.target instanceof HTMLButtonElement && action === "chat")) return;
    // Arrows do not scroll, and Tab does not walk through the buttons. In a dialogue it does.
    const dialogue = event.target instanceof Element ? event.target.closest("dialog, [role=dialog]") : null;
    if (dialogue && !IN_WINDOWS.includes(action)) return;
    if (dialogue?.matches("dialog") && action === "chat") return;
    if (action !== "settings") event.preventDefault();
    if (event.repeat) return;
    this.held.add(action);
    pressed(action);
  }

  close() {
    this.#listening.abort();
  }
}

/** Whether keys belong to a field in which somebody writes. */
function isText(target) {
  return target instanceof HTMLElement && (target.isContentEditable || target.matches("input, textarea, select"));
}
