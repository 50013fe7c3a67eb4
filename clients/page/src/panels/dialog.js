// Windows that want an answer before anything else: the keyboard stays inside until they close.

import { h, newId } from "../dom.js";

const FOCUSABLE = "button:not([disabled]), input:not([disabled]), select:not([disabled]), a[href], [tabindex='0']";

/** A modal window. */
export class Dialog {
  #cover;
  #before = null;
  #onClose;

  /**
   * @param {{ title: string, content: Node[], onClose?: () => void, classes?: string, hasClose?: boolean }} options
   *   `onClose` is told when it closes for whatever reason; `hasClose` gives it a button for that in its corner.
   */
  constructor({ title, content, onClose = () => {}, classes = "", hasClose = false }) {
    const id = newId("dialog");
    this.#onClose = onClose;
    this.element = h(
      `div.window.dialog${classes}`,
      { role: "dialog", "aria-modal": "true", "aria-labelledby": id, tabIndex: -1 },
      h("h2.window-title", { id }, title),
      ...content,
    );
    // After the content: the keyboard begins there.
    if (hasClose) this.element.append(this.#closeButton());
    this.#cover = h("div.cover", { onkeydown: (event) => this.#hear(event) }, this.element);
  }

  #closeButton() {
    return h("button.close", { type: "button", "aria-label": "Close", onclick: () => this.close() }, "×");
  }

  get isOpen() {
    return this.#cover.isConnected;
  }

  open() {
    if (this.isOpen) return;
    this.#before = document.activeElement;
    document.body.append(this.#cover);
    (this.element.querySelector("[data-first]") ?? this.element.querySelector(FOCUSABLE) ?? this.element).focus();
  }

  close() {
    if (!this.isOpen) return;
    this.#cover.remove();
    if (this.#before?.isConnected) this.#before.focus();
    this.#onClose();
  }

  #hear(event) {
    // The world below hears nothing of it.
    event.stopPropagation();
    if (event.key === "Escape") this.close();
    else if (event.key === "Tab") this.#stay(event);
  }

  #stay(event) {
    const all = [...this.element.querySelectorAll(FOCUSABLE)].filter((one) => one.offsetParent !== null);
    if (all.length === 0) return event.preventDefault();
    const [first, last] = [all[0], all.at(-1)];
    const { activeElement } = document;
    const leaves = event.shiftKey ? activeElement === first || activeElement === this.element : activeElement === last;
    if (!leaves) return;
    event.preventDefault();
    (event.shiftKey ? last : first).focus();
  }
}

/**
 * Asks whether the player is sure.
 * @param {{ title: string, text: string, yes: string, no?: string, isGrave?: boolean }} question
 * @returns {Promise<boolean>}
 */
export function confirmed({ title, text, yes, no = "No", isGrave = false }) {
  return new Promise((resolve) => {
    let answer = false;
    const say = (of) => () => ((answer = of), dialog.close());
    const dialog = new Dialog({
      title,
      onClose: () => resolve(answer),
      content: [
        h("p", {}, text),
        h(
          "div.buttons",
          {},
          h(`button${isGrave ? ".grave" : ".primary"}`, { type: "button", onclick: say(true) }, yes),
          h("button", { type: "button", onclick: say(false), "data-first": "" }, no),
        ),
      ],
    });
    dialog.open();
  });
}
