// What an item is and does, in words.

import { secondsText } from "./abilities.js";

/** The worn slots, in the order of a body. */
export const WORN = [
  { slot: 101, name: "Head" },
  { slot: 100, name: "Weapon" },
  { slot: 102, name: "Chest" },
  { slot: 104, name: "Trinket" },
  { slot: 103, name: "Feet" },
];

/** What bonuses are called, and how they are written. */
const BONUSES = {
  health: ["Health", plain],
  resource: ["Resource", plain],
  power: ["Power", plain],
  armour: ["Armour", plain],
  speed_per_mille: ["Speed", (value) => `${signOf(value)}${Math.abs(value) / 10} %`],
};

function signOf(value) {
  return value < 0 ? "−" : "+";
}

function plain(value) {
  return `${signOf(value)}${Math.abs(value)}`;
}

/** Bonuses as pairs of what and how much; those of nothing are left out. */
export function bonusLines(bonuses, resource = "Resource") {
  const names = Object.keys(BONUSES).filter((name) => bonuses[name]);
  return names.map((name) => [name === "resource" ? resource : BONUSES[name][0], BONUSES[name][1](bonuses[name])]);
}

/** The sum of what several items add. */
export function sumOfBonuses(infos) {
  const sum = {};
  for (const { bonuses } of infos) {
    for (const name of Object.keys(BONUSES)) sum[name] = (sum[name] ?? 0) + (bonuses[name] ?? 0);
  }
  return sum;
}

/**
 * Why somebody cannot wear or use an item; null if nothing stands against it.
 * @param {import("../../../js/src/index.js").ItemInfo} info
 * @param {{ level: number, ownClass: number | undefined, classes: { name: string }[] }} who
 */
export function obstacle(info, { level, ownClass, classes }) {
  if (info.classes.length > 0 && !info.classes.includes(ownClass)) {
    return `Only for: ${info.classes.map((index) => classes[index]?.name ?? "others").join(", ")}`;
  }
  return info.min_level > level ? `From level ${info.min_level}` : null;
}

/** Who the player is, as `obstacle` asks. */
export function wearerOf({ session, own }) {
  return {
    level: session.possessions.level,
    ownClass: own?.components.Appearance?.definition,
    classes: session.content.classes,
  };
}

/**
 * The content of an item's tooltip.
 * @param {import("../../../js/src/index.js").ItemInfo | null} info
 * @param {any} game
 * @returns {{ title: string, lines: (string | [string, string])[] } | null}
 */
export function itemWords(info, game) {
  if (!info) return null;
  const resource = game.ownClass?.resource_name ?? "Resource";
  const worn = WORN.find(({ slot }) => slot === info.worn_slot);
  const { consumable } = info;
  return {
    title: info.name,
    lines: [
      worn ? `Worn: ${worn.name}` : consumable ? "Can be used up" : "Worth something to vendors",
      ...bonusLines(info.bonuses, resource),
      consumable?.heal > 0 && ["Health", `+${consumable.heal}`],
      consumable?.resource > 0 && [resource, `+${consumable.resource}`],
      consumable && consumable.cooldown_ms > 0 && ["Cooldown", secondsText(consumable.cooldown_ms)],
      obstacle(info, wearerOf(game)),
      info.value > 0n && ["Value", `${info.value} gold`],
    ].filter(Boolean),
  };
}
