// The thumb stick: it appears where a finger touches the left half of the world, and is drawn over it.

import { headingOfStick } from "./steer.js";

const RADIUS_PX = 56;
const KNOB_PX = 26;
/** A finger must have moved by so much before the stick appears: until then it may be a tap. */
const APPEARS_PX = 8;

export class Stick {
  #canvas;
  #settings;
  /** The finger, where it began and where it is; in pixels of the page. */
  #held = null;
  #stopDrawing;

  constructor(canvas, scene, settings) {
    [this.#canvas, this.#settings] = [canvas, settings];
    this.#stopDrawing = scene.overlay((context) => this.#draw(context));
  }

  /** The direction to walk in; null at rest. */
  get heading() {
    const by = this.#shift();
    return by ? headingOfStick(by.x / RADIUS_PX, by.y / RADIUS_PX) : null;
  }

  begin(id, { clientX, clientY }) {
    const box = this.#canvas.getBoundingClientRect();
    const isLeft = clientX < box.left + box.width / 2;
    if (this.#held || !isLeft || this.#settings.get("touch") === "off") return;
    this.#held = { id, from: { x: clientX, y: clientY }, at: { x: clientX, y: clientY }, isShown: false };
  }

  move(id, { clientX, clientY }) {
    if (this.#held?.id !== id) return;
    this.#held.at = { x: clientX, y: clientY };
    const { from, at } = this.#held;
    if (Math.hypot(at.x - from.x, at.y - from.y) > APPEARS_PX) this.#held.isShown = true;
  }

  end(id) {
    if (this.#held?.id === id) this.#held = null;
  }

  /** How far the finger has moved, at most to the edge of the stick; null while there is none. */
  #shift() {
    if (!this.#held?.isShown) return null;
    const { from, at } = this.#held;
    const [x, y] = [at.x - from.x, at.y - from.y];
    const share = Math.min(1, RADIUS_PX / Math.max(Math.hypot(x, y), 1));
    return { x: x * share, y: y * share };
  }

  #draw(context) {
    const by = this.#shift();
    if (!by) return;
    const box = this.#canvas.getBoundingClientRect();
    const scale = this.#canvas.width / Math.max(box.width, 1);
    const at = { x: (this.#held.from.x - box.left) * scale, y: (this.#held.from.y - box.top) * scale };
    drawDisc(context, at, RADIUS_PX * scale, "rgba(20, 18, 24, 0.35)", "rgba(240, 220, 170, 0.45)");
    const knob = { x: at.x + by.x * scale, y: at.y + by.y * scale };
    drawDisc(context, knob, KNOB_PX * scale, "rgba(240, 220, 170, 0.55)", "rgba(255, 244, 214, 0.8)");
  }

  close() {
    this.#stopDrawing();
  }
}

function drawDisc(context, { x, y }, radius, fill, stroke) {
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.fillStyle = fill;
  context.fill();
  context.lineWidth = Math.max(radius / 18, 1.5);
  context.strokeStyle = stroke;
  context.stroke();
}
