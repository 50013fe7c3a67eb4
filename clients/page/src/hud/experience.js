// How far it is to the next level.

import { Bar } from "./bar.js";
import { h } from "../dom.js";

export class ExperienceBar {
  #game;
  #bar = new Bar("experience", "Experience");

  constructor(game) {
    this.#game = game;
    this.element = h("div.experience-line", {}, this.#bar.element);
  }

  update() {
    const { possessions, content } = this.#game.session;
    const needed = content.rules?.level_experience;
    if (!needed || possessions.level === 0) return;
    const { done, all } = experienceWithin(possessions.experience, possessions.level, needed);
    if (all === 0) this.#bar.set(1, 1, "Highest level");
    else this.#bar.set(done, all, `Level ${possessions.level}  ·  ${done} / ${all} experience`);
  }
}

/**
 * How much of its level somebody has.
 * @param {bigint} experience
 * @param {number} level From 1.
 * @param {bigint[]} needed What each level needs in all, from level 1.
 * @returns {{ done: number, all: number }} `all` is 0 on the highest level.
 */
export function experienceWithin(experience, level, needed) {
  const from = needed[level - 1] ?? 0n;
  const to = needed[level];
  return to === undefined ? { done: 0, all: 0 } : { done: Number(experience - from), all: Number(to - from) };
}
