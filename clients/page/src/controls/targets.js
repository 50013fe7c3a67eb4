// Who can be a target, and who is the next one.

/** Enemies within this many units can become the target by a key: about what a screen shows. */
export const SIGHT = 13 * 1024;

/** The radius of a mob's body, in units: an ability that needs an enemy reaches farther by it. 0 for others. */
export function bodyOf({ world, content }, id) {
  const entity = world.entity(id);
  return entity?.kind === "Mob" ? (content.mobs[entity.components.Appearance.definition]?.radius ?? 0) : 0;
}

/** Those who can be fought, with their places in units: the nearest first. */
export function enemiesOf(player) {
  const own = player.session.welcome && player.place();
  if (!own) return [];
  const enemies = [];
  for (const [id, entity] of player.session.world.entities()) {
    if (entity.kind !== "Mob" || entity.isDead) continue;
    const place = player.place(id);
    if (place) enemies.push({ id, away: Math.hypot(place.x - own.x, place.y - own.y) });
  }
  return enemies.sort((one, other) => one.away - other.away);
}

/** The nearest of some; null without any. */
export function nearest(enemies, reach = Infinity) {
  return enemies.length > 0 && enemies[0].away <= reach ? enemies[0].id : null;
}

/** The next of some after the target: from the nearest to the farthest, and around; null without any. */
export function next(enemies, target, reach = Infinity) {
  const near = enemies.filter(({ away }) => away <= reach);
  if (near.length === 0) return null;
  const at = near.findIndex(({ id }) => id === target);
  return near[(at + 1) % near.length].id;
}

/** What can be reached by the interact key: loot first, then vendors; the nearest of each. Null if nothing. */
export function nearestUse(player, rules) {
  const own = player.session.welcome && player.place();
  if (!own || !rules) return null;
  const reaches = [
    { kinds: ["GroundItem", "GroundGold"], reach: rules.pick_up_range },
    { kinds: ["Vendor"], reach: rules.vendor_range },
  ];
  for (const { kinds, reach } of reaches) {
    let [found, least] = [null, reach];
    for (const [id, entity] of player.session.world.entities()) {
      const place = kinds.includes(entity.kind) ? player.place(id) : null;
      const away = place ? Math.hypot(place.x - own.x, place.y - own.y) : Infinity;
      if (away <= least) [found, least] = [id, away];
    }
    if (found !== null) return found;
  }
  return null;
}
