// What is under the pointer, and which of several things is meant. No canvas: boxes around what was drawn in the last frame.

const MARGIN_PX = 4;
const LOOT = { wide: 22, tall: 24 };

/** The box of somebody, in pixels of the world: feet in the middle of its lower edge. */
export function boxOf(actor, sheet) {
  const size = sheet ? { wide: Math.max(sheet.wide, 18), tall: Math.max(sheet.tall, 18) } : LOOT;
  return {
    left: actor.x - size.wide / 2,
    right: actor.x + size.wide / 2,
    top: actor.y - size.tall,
    bottom: actor.y + 4,
  };
}

/** How far a point is from a box; 0 inside. */
export function awayFromBox({ x, y }, { left, right, top, bottom }) {
  return Math.hypot(Math.max(left - x, 0, x - right), Math.max(top - y, 0, y - bottom));
}

/** Who is meant first where several are at the same place: who fights, what lies there, who just stands there. */
const RANKS = { Mob: 3, GroundItem: 2, GroundGold: 2, Vendor: 1, Player: 0 };

/**
 * Who is meant by a point: who stands there, by rank and then the nearest to the front; else who is nearest in reach.
 * @param {{ id: number, kind: string, y: number, box: object }[]} candidates
 * @param {number} [reach] How far from a box still counts: more for fingers than for a mouse.
 */
export function pick(candidates, point, reach = MARGIN_PX) {
  let best = null;
  for (const { id, kind, y, box } of candidates) {
    const away = awayFromBox(point, box);
    const found = { id, away, rank: RANKS[kind] ?? 0, y };
    if (away <= reach && (!best || isBefore(found, best))) best = found;
  }
  return best?.id ?? null;
}

function isBefore(one, other) {
  if (one.away !== other.away) return one.away < other.away;
  return one.rank === other.rank ? one.y > other.y : one.rank > other.rank;
}
