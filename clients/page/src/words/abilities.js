// What an ability does, in words, from its numbers.

const SHAPES = {
  Own: "Works on yourself.",
  Cone: "Strikes everybody in front of you.",
  Enemy: "Strikes one enemy.",
  Ally: "Helps one ally, or yourself.",
  Projectile: "Flies until it hits.",
  Ground: "Falls on a place that you choose.",
};

/** Tiles with one decimal at most. */
export function tilesText(units) {
  const value = Math.round((units / 1024) * 10) / 10;
  return `${value} ${value === 1 ? "tile" : "tiles"}`;
}

/** Seconds with one decimal at most. */
export function secondsText(ms) {
  return `${Math.round(ms / 100) / 10} s`;
}

/**
 * The content of an ability's tooltip.
 * @param {import("../../../js/src/index.js").AbilityInfo | null} info
 * @param {{ ownClass: { resource_name: string } | null, session: any }} game
 * @returns {{ title: string, lines: (string | [string, string])[] }} Sentences, or pairs of what and how much.
 */
export function abilityWords(info, { ownClass, session }) {
  if (!info) return { title: "Empty", lines: [] };
  const help = info.friendly && info.shape !== "Own" && info.shape !== "Ally";
  const shape = help ? "Helps those whom it reaches." : (SHAPES[info.shape] ?? "");
  const level = session.possessions.level;
  return {
    title: info.name,
    lines: [
      shape,
      info.cost > 0 && [ownClass?.resource_name ?? "Cost", String(info.cost)],
      info.range > 0 && info.shape !== "Own" && ["Range", tilesText(info.range)],
      ["Cast", info.cast_ms > 0 ? secondsText(info.cast_ms) : "at once"],
      info.cooldown_ms > 0 && ["Cooldown", secondsText(info.cooldown_ms)],
      info.cast_ms > 0 && (info.cast_while_moving ? "You can walk while you cast it." : "Walking breaks the cast."),
      level > 0 && level < info.min_level && `You learn it at level ${info.min_level}.`,
    ].filter(Boolean),
  };
}
