// What is played when: each row of these tables is a sound, its group, and how loud it is. No browser.

import { isMelee } from "../scene/looks.js";

/** The groups that players can make louder and softer, and what each is called. */
export const GROUPS = Object.freeze({ effects: "Effects", interface: "Interface", ambience: "Ambience" });

/**
 * A sound: its name below `sounds/`, how loud it is, and how much it matters where not all can be played.
 * @typedef {{ name: string, gain: number, weight: number, instead?: string }} Cue `instead` is played in its place if it is there.
 */

const effect = (name, gain = 1, weight = 1) => ({ name: `effects/${name}`, gain, weight });
const ofWindows = (name, gain = 1) => ({ name: `interface/${name}`, gain, weight: 2 });

/** Abilities by what they do: the first row that fits is the one. */
const SCHOOLS = [
  ["shot", ({ shape, id }) => shape === "Projectile" && /arrow|shot|shoot/.test(id)],
  ["bolt", ({ shape }) => shape === "Projectile"],
  ["swing", (ability) => ability.shape === "Cone" || isMelee(ability)],
  ["ward", ({ shape }) => shape === "Own"],
  ["heal", ({ friendly }) => friendly],
  ["spell", () => true],
];

/** Which general sound an ability has. */
export function schoolOf(ability) {
  return SCHOOLS.find(([, fits]) => fits(ability))[0];
}

/** What happens at a place in the world. `isOwn` says that it happens to the own character, or that this does it. */
const HAPPENINGS = {
  used: ({ ability, isOwn }) => ({ ...effect(schoolOf(ability), 0.8, isOwn ? 2 : 1), instead: `abilities/${ability.id}` }),
  struck: ({ isOwn }) => (isOwn ? effect("hurt", 1, 3) : effect("hit", 0.8)),
  burst: () => effect("burst", 0.8),
  fell: ({ isOwn }) => (isOwn ? null : effect("fall", 0.7)),
  stepped: () => effect("step", 0.5),
};

/**
 * What is played when something happens in the world; null for nothing.
 * @returns {Cue | null}
 */
export function cueOf(what, { ability = null, isOwn = false } = {}) {
  return HAPPENINGS[what]?.({ ability, isOwn }) ?? null;
}

/** What is played where the player is, whatever the place. */
export const OWN_CUES = Object.freeze({
  loot: effect("loot", 0.8, 3),
  gold: effect("gold", 0.8, 3),
  level: effect("level", 1, 4),
  death: effect("death", 1, 4),
  portal: effect("portal", 0.8, 3),
  open: ofWindows("open"),
  close: ofWindows("close"),
  press: ofWindows("press"),
  refused: ofWindows("refused", 0.8),
  message: ofWindows("message"),
});

/** What the server says: which of `OWN_CUES` that is, with what is remembered of before; null for none. */
const MESSAGES = {
  Inventory: ({ items, gold }, known) => (Object.assign(known, { items: new Set(items.map(({ item }) => item)), gold }), null),
  ItemPlaced: ({ item: { item } }, { items }) => (items && !items.has(item) && items.add(item) ? "loot" : null),
  ItemGone: ({ item }, { items }) => (items?.delete(item), null),
  Gold: ({ total }, known) => {
    const isMore = known.gold !== null && total > known.gold;
    known.gold = total;
    return isMore ? "gold" : null;
  },
  LevelUp: () => "level",
  Died: () => "death",
  Respawned: () => "portal",
  Chat: ({ scope }) => (scope === "Whisper" ? "message" : null),
};

/** Reads what the server says, one message after the other. */
export class Messages {
  /** Items that are known, so that one that only moves is not new, and the gold of before. */
  #known = { items: null, gold: null };

  /** Answers the name of one of `OWN_CUES`, or null. */
  read(message) {
    return MESSAGES[message.type]?.(message, this.#known) ?? null;
  }
}
