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

/** From so much gold an item is so rare. */
const RARITIES = [
  { name: "epic", from: 500n },
  { name: "rare", from: 150n },
  { name: "fine", from: 40n },
  { name: "common", from: 0n },
];

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

/** How rare an item is, by what it is worth in gold: the name of the class that colours it. */
export function rarityOf({ value }) {
  const found = RARITIES.find(({ from }) => value >= from);
  return found.name;
}

/** How much more, or less, one item adds than another. */
export function comparisonLines(bonuses, worn, resource = "Resource") {
  const apart = Object.fromEntries(
    Object.keys(BONUSES).map((name) => [name, (bonuses[name] ?? 0) - (worn[name] ?? 0)]),
  );
  return bonusLines(apart, resource);
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
    return `Only for: ${info.classes.map((index) => classes[index]?.name ?? "other classes").join(", ")}`;
  }
  return info.min_level > level ? `Requires level ${info.min_level}` : null;
}

/** Whether an item of this kind can be worn, and adds more than what is worn in its place, and nothing less. */
export function isBetter(definition, game) {
  const { content, possessions } = game.session;
  const info = content.item(definition);
  if (!info || info.worn_slot === null || obstacle(info, wearerOf(game)) !== null) return false;
  const worn = possessions.worn(info.worn_slot);
  const other = worn && content.item(worn.definition)?.bonuses;
  const changes = Object.keys(BONUSES).map((name) => (info.bonuses[name] ?? 0) - (other?.[name] ?? 0));
  return changes.every((change) => change >= 0) && changes.some((change) => change > 0);
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
 * @returns {import("../panels/tooltips.js").Words | null}
 */
export function itemWords(info, game) {
  if (!info) return null;
  const resource = game.ownClass?.resource_name ?? "Resource";
  const worn = WORN.find(({ slot }) => slot === info.worn_slot);
  const { consumable } = info;
  const against = obstacle(info, wearerOf(game));
  return {
    title: info.name,
    rarity: rarityOf(info),
    lines: [
      worn ? worn.name : consumable ? "Consumed when used" : "Can be sold to vendors",
      ...bonusLines(info.bonuses, resource),
      consumable?.heal > 0 && ["Health", `+${consumable.heal}`],
      consumable?.resource > 0 && [resource, `+${consumable.resource}`],
      consumable && consumable.cooldown_ms > 0 && ["Cooldown", secondsText(consumable.cooldown_ms)],
      info.value > 0n && ["Value", `${info.value} gold`],
    ].filter(Boolean),
    // Why its square is red.
    bad: against && `You cannot ${worn ? "wear" : "use"} this. ${against}.`,
    compared: worn ? comparedWithWorn(info, worn.slot, game) : null,
  };
}

/** What changes when an item is worn instead of what is; null if that is nothing, or the same kind. */
function comparedWithWorn(info, slot, { session, ownClass }) {
  const worn = session.possessions.worn?.(slot);
  const other = worn && session.content.item(worn.definition);
  if (!other || other.id === info.id) return null;
  const lines = comparisonLines(info.bonuses, other.bonuses, ownClass?.resource_name);
  return { title: `Compared with ${other.name}`, lines: lines.length > 0 ? lines : ["No difference"] };
}
