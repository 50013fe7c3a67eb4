// What an ability does, in words, from its numbers.

const SHAPES = {
  Own: "Affects only yourself.",
  Cone: "Hits everyone in front of you.",
  Enemy: "Hits one enemy.",
  Ally: "Helps one ally or yourself.",
  Projectile: "Flies until it hits something.",
  Ground: "Hits an area that you choose.",
};

/** The degrees of a cone that is none. */
const ALL_AROUND = 360;

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
  const level = session.possessions.level;
  return {
    title: info.name,
    lines: [
      shapeWords(info),
      info.cost > 0 && [ownClass?.resource_name ?? "Cost", String(info.cost)],
      info.range > 0 && info.shape !== "Own" && ["Range", tilesText(info.range)],
      ...sizes(info),
      ["Cast", info.cast_ms > 0 ? secondsText(info.cast_ms) : "instant"],
      info.cooldown_ms > 0 && ["Cooldown", secondsText(info.cooldown_ms)],
      info.cast_ms > 0 && (info.cast_while_moving ? "You can move while casting." : "Moving interrupts the cast."),
      level > 0 && level < info.min_level && `You learn it at level ${info.min_level}.`,
    ].filter(Boolean),
  };
}

function shapeWords({ shape, friendly, cone_degrees: degrees }) {
  if (friendly && shape !== "Own" && shape !== "Ally") return "Helps everyone it reaches.";
  if (degrees === ALL_AROUND) return "Hits everyone around you.";
  return SHAPES[shape] ?? "";
}

/** Pairs of what and how much. What a shape does not have is 0. */
function sizes({ shape, cone_degrees: degrees, radius, burst_radius: burst, speed_per_s: speed }) {
  return [
    degrees > 0 && degrees < ALL_AROUND && ["Angle", `${degrees}°`],
    shape === "Ground" && radius > 0 && ["Radius", tilesText(radius)],
    speed > 0 && ["Speed", `${tilesText(speed)} per second`],
    burst > 0 && ["Burst radius", tilesText(burst)],
  ];
}
