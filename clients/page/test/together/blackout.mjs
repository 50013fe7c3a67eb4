// For three seconds nothing gets through. Then WebSockets break, and for three seconds there are no others. All come back.

import { goesTo } from "./arrive.mjs";
import { seesMove } from "./move.mjs";

const LOSS_MS = 3_000;
const WORDS = "what I was about to say";

export async function blackout({ anna, bert, rusty, stage }) {
  await stage.lines("silent");
  await rusty.until("silence for three seconds", ({ silent_ms: ms }) => ms >= LOSS_MS);
  for (const player of [anna, bert]) await player.picture(`together-silence-${player.name}`);
  await stage.lines("good");
  await rusty.until("the world again", ({ silent_ms: ms }) => ms < 500);
  await seesMove(anna, "Bert", -1, (seen) => bert.holding(["KeyA"], seen));
  await seesMove(bert, "Anna", -1, (seen) => anna.holding(["KeyA"], seen));

  // The browser writes each attempt of a WebSocket that fails.
  bert.pardons(/WebSocket connection to .* failed/);
  await bert.presses("Enter");
  await bert.page.keyboard.type(WORDS);
  await stage.lines("cut");
  const cutMs = performance.now();
  await bert.banner.filter({ hasText: "Connection lost" }).waitFor();
  await bert.picture("together-cut-Bert");
  await bert.until("three seconds", async () => performance.now() - cutMs >= LOSS_MS);
  await stage.lines("good");
  await bert.banner.waitFor({ state: "hidden" });
  // Whoever comes back gets the channel that has the most room.
  await goesTo(bert, 2);
  const input = bert.page.getByLabel("Say something");
  if ((await input.inputValue()) !== WORDS) throw new Error(`typed was ${WORDS}, and is ${await input.inputValue()}`);
  await input.press("Enter");
  await anna.said(WORDS).waitFor();
  await seesMove(anna, "Bert", 1, (seen) => bert.holding(["KeyD"], seen));
  await seesMove(bert, "Anna", 1, (seen) => anna.holding(["KeyD"], seen));
  await seesMove(anna, "Rusty", 1, async (seen) => {
    await rusty.walk(11, 12);
    await seen();
  });
  bert.pardons();
}
