// The mouse on the world, and fingers. What a click means, the controls decide.

/** A press that lasts longer, or moves farther, is no tap. */
const TAP_MS = 350;
const TAP_PX = 14;
/** A mouse that lies still for so long is not used: the player plays with the keyboard. */
const RESTS_AFTER_MS = 5_000;

/**
 * Told what the pointer does: `clicked` for the mouse's left button, `context` where the mouse asks for a menu, `tapped` for fingers.
 * @typedef {{ clicked(at: Point): void, tapped(at: Point): void, context(at: Point): void }} PointerListener
 * @typedef {{ clientX: number, clientY: number }} Point
 */
export class Pointer {
  /** Where the mouse is; null while it is not over the world, or fingers are used. */
  at = null;
  /** Whether the left button is held. */
  isHeld = false;
  #movedMs = -Infinity;
  /** Whether the mouse was used last, and not fingers. */
  isMouse = !(globalThis.matchMedia?.("(pointer: coarse)").matches ?? false);
  /** Fingers by their id: where and when they came down. */
  #fingers = new Map();
  #listening = new AbortController();

  /**
   * @param {HTMLCanvasElement} canvas
   * @param {import("./stick.js").Stick} stick Takes the fingers that begin in the left half.
   * @param {PointerListener} listener
   */
  constructor(canvas, stick, listener) {
    const { signal } = this.#listening;
    const on = (type, handle, target = canvas) => target.addEventListener(type, handle, { signal });
    on("pointerdown", (event) => this.#down(event, canvas, listener, stick));
    on("pointermove", (event) => this.#move(event, stick));
    on("pointerup", (event) => this.#up(event, listener, stick));
    on("pointercancel", (event) => this.#up(event, null, stick));
    on("pointerleave", () => (this.at = null));
    on("contextmenu", (event) => this.#ask(event, listener));
    on("blur", () => (this.isHeld = false), globalThis);
    // Fingers neither scroll nor zoom the world.
    canvas.style.touchAction = "none";
  }

  #down(event, canvas, listener, stick) {
    // What was written in has the focus no longer.
    if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
    event.preventDefault();
    try {
      canvas.setPointerCapture(event.pointerId);
    } catch {
      // The pointer is gone already: there is nothing to follow.
    }
    this.isMouse = event.pointerType === "mouse";
    if (this.isMouse) this.#press(event, listener);
    else this.#touch(event, stick);
  }

  #press(event, listener) {
    this.at = pointOf(event);
    this.#movedMs = performance.now();
    // With this key, the left button asks for a menu on a Mac.
    if (event.button !== 0 || (event.ctrlKey && isMac())) return;
    this.isHeld = true;
    listener.clicked(this.at);
  }

  /** A menu that opened with the press itself would be closed by it. */
  #ask(event, listener) {
    event.preventDefault();
    if (this.isMouse) listener.context(pointOf(event));
  }

  #touch(event, stick) {
    this.at = null;
    this.#fingers.set(event.pointerId, { ...pointOf(event), sinceMs: performance.now() });
    stick.begin(event.pointerId, pointOf(event));
  }

  #move(event, stick) {
    if (event.pointerType === "mouse") {
      this.at = pointOf(event);
      this.#movedMs = performance.now();
    } else stick.move(event.pointerId, pointOf(event));
  }

  #up(event, listener, stick) {
    if (event.pointerType === "mouse") {
      if (event.button === 0) this.isHeld = false;
      return;
    }
    const began = this.#fingers.get(event.pointerId);
    this.#fingers.delete(event.pointerId);
    stick.end(event.pointerId);
    if (!began || !listener) return;
    const way = Math.hypot(event.clientX - began.clientX, event.clientY - began.clientY);
    if (way < TAP_PX && performance.now() - began.sinceMs < TAP_MS) listener.tapped(pointOf(event));
  }

  /** Whether the mouse is used: not while it has lain still for a while, or was put to rest. */
  get isUsed() {
    return this.isHeld || performance.now() - this.#movedMs < RESTS_AFTER_MS;
  }

  /** Until it is moved again, the mouse counts as not used. */
  rest() {
    this.#movedMs = -Infinity;
  }

  close() {
    this.#listening.abort();
  }
}

function isMac() {
  return navigator.platform.startsWith("Mac");
}

function pointOf({ clientX, clientY }) {
  return { clientX, clientY };
}
