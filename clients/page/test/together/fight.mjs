// All three kill one boar: each of them is told that it was theirs. Where the bots were faster there is another one.

import { UNITS_PER_TILE } from "../testing/stage.mjs";

const NAME = "Boar";
/** The only mob of the map with so much health. */
const BOAR = ({ kind, health }) => kind === "Mob" && health > 100;
/** So long the news of a kill may take. */
const TOLD_WITHIN_MS = 1_500;
/** All have found and struck a boar long before it is dead; a machine that is held up may need a second one. */
const ATTEMPTS_MS = 300_000;
/** From here a strike lands. */
const REACH_TILES = 1.5;
/** The own character is in the middle of the window. */
const MIDDLE_PX = 640;

/** Walks east as far as Rusty, and looks at one enemy after the other there, until the boar is the target. */
async function findsTheBoar(player) {
  const isThere = async () => ((await player.sees("Rusty"))?.x ?? Infinity) <= MIDDLE_PX;
  await player.holding(["KeyD"], () => player.until("Rusty beside it", isThere));
  await player.until("the boar is the target", async () => {
    if (await player.isTarget(NAME)) return true;
    await player.presses("Tab");
    await player.page.waitForTimeout(150);
    return player.isTarget(NAME);
  });
}

/** Whoever clicks on the target walks up and strikes, again and again. The boar walks too: a click may miss it. */
async function fightsByMouse(player) {
  const whole = await player.healthOfTarget();
  let isPictured = false;
  await player.until("the boar is dead", async () => {
    const health = await player.healthOfTarget();
    if (health === 0 || !(await player.isTarget(NAME))) return true;
    if (health < whole && !isPictured) {
      await player.picture(`together-fight-blows-${player.name}`);
      isPictured = true;
    }
    const seen = await player.sees(NAME);
    if (seen) await player.page.mouse.click(seen.x, seen.y + 40);
    await player.page.waitForTimeout(700);
    return false;
  });
}

/** Strikes by the key of its first ability too, wherever the mouse has brought it. */
async function fightsByKey(player) {
  await player.holding(["Digit1"], () => fightsByMouse(player));
}

/** Strikes, and walks up only where the boar is out of reach: one whom it follows and who stands makes it stand too. */
async function fightsInRust(rusty, boar) {
  await rusty.attack(boar);
  await rusty.until("the boar is dead", async ({ place: own, others }) => {
    const { place, health } = others.find(({ entity }) => entity === boar) ?? {};
    if (!health) return true;
    const isInReach = Math.hypot(place.x - own.x, place.y - own.y) < REACH_TILES * UNITS_PER_TILE;
    const goal = isInReach ? own : place;
    await rusty.walk(goal.x / UNITS_PER_TILE, goal.y / UNITS_PER_TILE);
    return false;
  });
}

/** Marks what the chat says up to now. Its lines cannot be counted: it drops old ones. */
async function readsTheChat(player) {
  await player.page.locator(".line").evaluateAll((lines) => lines.forEach((line) => line.setAttribute("data-read", "")));
}

/** Whether it was told of a kill since it has read the chat. */
async function hasKilled(player) {
  const unread = player.page.locator(".line:not([data-read])");
  return (await unread.filter({ hasText: `You have killed a ${NAME.toLowerCase()}.` }).count()) > 0;
}

/** One boar, until it is dead. Answers whether it was everybody's. */
async function killTogether({ anna, bert, rusty }) {
  // The one before may have killed them.
  await Promise.all([anna, bert, rusty].map((player) => player.livesOn()));
  await rusty.walk(19, 10);
  await rusty.until("it is where it walks", ({ place }) => Math.abs(place.x - 19 * UNITS_PER_TILE) < 400);
  await Promise.all([findsTheBoar(anna), findsTheBoar(bert)]);
  const { others } = await rusty.until("the boar in view", (picture) => picture.others.some(BOAR));
  await Promise.all([readsTheChat(anna), readsTheChat(bert)]);
  const blows = rusty.picture.hits;
  await Promise.all([fightsInRust(rusty, others.find(BOAR).entity), fightsByKey(bert), fightsByMouse(anna)]);
  // The news of the last blow may come after the boar has gone.
  await anna.page.waitForTimeout(TOLD_WITHIN_MS);
  await rusty.attack(null);
  return (await hasKilled(anna)) && (await hasKilled(bert)) && rusty.picture.hits > blows;
}

export async function fight(company) {
  const { anna, bert } = company;
  await anna.until("a boar that all have killed", () => killTogether(company), ATTEMPTS_MS);
  for (const player of [anna, bert]) {
    const isWiser = async () => (await player.experience()) > 0 || (await player.said("reached level 2").isVisible());
    await player.until("experience", isWiser);
  }
}
