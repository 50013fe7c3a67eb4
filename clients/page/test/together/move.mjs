// Each sees the others walk, and bots too.

import { look } from "../testing/eye.mjs";
import { TILE_PX } from "../testing/player.mjs";
import { UNITS_PER_TILE } from "../testing/stage.mjs";

/** Further than anybody is moved by the smoothing of a picture. */
const FAR_PX = 1.5 * TILE_PX;
/** In tiles: a little less, for what a walk is seen to go on while a key comes up. */
const FAR = 1;
/** Bots have a given name and a byname, as nobody else here; names in the world have the level behind them. */
const A_BOT = /^[A-Z][a-z]+ [A-Z][a-z]+ · Lv \d+$/;
/** Somebody who stands sees a name move this way: 1 to the right, -1 to the left. */
export async function seesMove(watcher, name, way, walk) {
  const before = await watcher.untilStands(name);
  await walk(() =>
    watcher.until(`${name} walks`, async () => {
      const now = await watcher.sees(name);
      return now !== null && way * (now.x - before.x) > FAR_PX;
    }),
  );
}

/** The one in Rust sees it too. */
async function rustySees(rusty, name, walk) {
  await rusty.until(`${name} in view`, () => rusty.placeOf(name) !== null);
  const before = rusty.placeOf(name);
  await walk();
  await rusty.until(`${name} walks`, () => Math.abs(rusty.placeOf(name)?.x - before.x) > FAR);
}

export async function move({ anna, bert, rusty }) {
  for (const player of [anna, bert]) {
    await player.until("a bot in view", async () => (await look(player.page)).some(({ text }) => A_BOT.test(text)));
  }
  await rusty.walk(6, 13);
  await rusty.until("it is where it walks", ({ place }) => Math.abs(place.y - 13 * UNITS_PER_TILE) < 400);
  const bertWalks = (seen) => bert.holding(["KeyD"], seen);
  await rustySees(rusty, "Bert", () => seesMove(anna, "Bert", 1, bertWalks));
  const annaWalks = (seen) => anna.holding(["KeyA"], seen);
  await rustySees(rusty, "Anna", () => seesMove(bert, "Anna", -1, annaWalks));
  const rustyWalks = async (seen) => {
    await rusty.walk(10, 13);
    await seen();
  };
  await seesMove(anna, "Rusty", 1, (seen) => seesMove(bert, "Rusty", 1, rustyWalks).then(seen));
}
