// Which key does what: by `KeyboardEvent.code`, so by where a key lies.

import { DEFAULT_KEYS } from "../settings.js";

/** Keys that always do the same as well. */
const ALWAYS = {
  ArrowUp: "up",
  ArrowDown: "down",
  ArrowLeft: "left",
  ArrowRight: "right",
  Escape: "settings",
  NumpadEnter: "chat",
  KeyI: "bag",
};

/** Which of the panels a key opens. */
export const PANELS = ["bag", "character", "party", "social", "map", "settings"];

/**
 * What a key does; null if nothing.
 * @param {string} code
 * @param {Record<string, string>} [chosen] The setting `keys`.
 */
export function actionOf(code, chosen = {}) {
  const named = (keys) => Object.keys(keys).find((name) => keys[name] === code);
  return named(chosen) ?? named({ ...DEFAULT_KEYS, ...chosen }) ?? ALWAYS[code] ?? null;
}

/** The number of a quick slot, from 0; null for other actions. */
export function quickSlotOf(action) {
  const digit = /^quick([12])$/.exec(action)?.[1];
  return digit ? Number(digit) - 1 : null;
}

/** The number of an ability's slot, from 0; null for other actions. */
export function slotOf(action) {
  const digits = /^slot([1-8])$/.exec(action)?.[1];
  return digits ? Number(digits) - 1 : null;
}
