// Corrections that are spread over some frames: what is shown begins where it was, and moves to where it should be.

import { JUMP_UNITS } from "./track.js";

/** Milliseconds in which a correction of the own character shrinks to half. */
export const OWN_HALF_LIFE_MS = 60;
/** The same for others: who has turned was shown too far ahead, and the sooner that is made good, the less it is wrong. */
export const OTHERS_HALF_LIFE_MS = 40;

/** How far from where it should be something is shown. */
export class Smoothing {
  #halfLifeMs;
  #x = 0;
  #y = 0;

  /** @param {number} halfLifeMs Milliseconds in which a correction shrinks to half. */
  constructor(halfLifeMs) {
    this.#halfLifeMs = halfLifeMs;
  }

  /**
   * What was shown here is to be there. From beyond three tiles it is shown there at once: it has jumped.
   * @param {{ x: number, y: number }} here
   * @param {{ x: number, y: number }} there
   */
  correct(here, there) {
    const [x, y] = [this.#x + here.x - there.x, this.#y + here.y - there.y];
    const isJump = Math.max(Math.abs(x), Math.abs(y)) > JUMP_UNITS;
    [this.#x, this.#y] = isJump ? [0, 0] : [x, y];
  }

  /**
   * Lets some time pass. Answers by how far what is shown has moved for it, in units.
   *
   * A quotient, so that every language computes the same to the last bit.
   */
  pass(ms) {
    const left = this.#halfLifeMs / (this.#halfLifeMs + Math.max(ms, 0));
    const [wasX, wasY] = [this.#x, this.#y];
    [this.#x, this.#y] = [wasX * left, wasY * left];
    return Math.max(Math.abs(wasX - this.#x), Math.abs(wasY - this.#y));
  }

  /**
   * What is shown for something that should be there.
   * @param {{ x: number, y: number }} there
   */
  shown(there) {
    return { x: there.x + this.#x, y: there.y + this.#y };
  }
}
