// All walk through the portal, whose name they read, and meet on the other map with what they own.

import { UNITS_PER_TILE } from "../testing/stage.mjs";

/** How long the way through a portal takes at most. Whoever is refused is told to step in again later. */
const THROUGH_MS = 6_000;

const IN_THE_CLEARING = [8, 12];

/** So long a walk goes on before it is looked whether a mob has ended it. */
const STRETCH_MS = 2_000;

async function walksToTheGlen(player) {
  await player.until("the portal's name", async () => {
    await player.livesOn();
    // Along the lower edge, out of the way of the boar.
    await player.holding(["KeyD", "KeyS"], () => player.page.waitForTimeout(STRETCH_MS));
    return player.sees("To Glen");
  });
  await player.picture(`together-portal-${player.name}`);
  const isThere = async () => (await player.place.textContent()) === "Glen";
  await player.until("the other map", async () => {
    await player.livesOn();
    await player.holding(["KeyD"], async () => {
      const endMs = performance.now() + THROUGH_MS;
      while (!(await isThere()) && performance.now() < endMs) await player.page.waitForTimeout(100);
    });
    if (await isThere()) return true;
    await player.holding(["KeyA"], () => player.page.waitForTimeout(1_000));
    return false;
  });
}

/** Steps out of the portal and in again: a player who is refused may step in later. */
async function rustyWalksToTheGlen(rusty) {
  let turnsAtMs = -Infinity;
  await rusty.until("the other map", async ({ map, place }) => {
    if (map === 2) {
      // It turns at once: what it walked to is far among the wolves here.
      await rusty.walk(...IN_THE_CLEARING);
      return true;
    }
    if (performance.now() < turnsAtMs) return false;
    const isInThePortal = place.x > 38 * UNITS_PER_TILE;
    turnsAtMs = performance.now() + (isInThePortal ? 1_500 : 3_000);
    // The boar may have killed it.
    await rusty.livesOn();
    await rusty.walk(isInThePortal ? 36 : 38.5, 10);
    return false;
  });
}

export async function journey({ anna, bert, rusty }) {
  const gold = await Promise.all([anna.gold(), bert.gold()]);
  await Promise.all([walksToTheGlen(anna), walksToTheGlen(bert), rustyWalksToTheGlen(rusty)]);
  const now = await Promise.all([anna.gold(), bert.gold()]);
  if (now.join() !== gold.join()) throw new Error(`who had ${gold} gold has ${now} behind the portal`);
}
