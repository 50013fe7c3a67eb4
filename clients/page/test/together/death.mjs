// Anna walks to the wolves and dies. The party sees it, and sees her come back.

import { goesTo, rustyGoesTo } from "./arrive.mjs";

export async function death({ anna, bert, rusty }) {
  for (const player of [anna, bert]) await goesTo(player, 1);
  await rustyGoesTo(rusty, 1);
  await anna.untilSees("Bert");
  await bert.untilSees("Anna");
  const row = bert.page.locator(".party-frames").getByRole("button", { name: "Anna" });
  const fallen = anna.page.getByRole("region", { name: "You are dead" });
  await anna.holding(["KeyD"], () => fallen.waitFor());
  await anna.said("A wolf killed you.").waitFor();
  await anna.picture("together-death-fallen-Anna");
  await bert.until("Anna is dead in his party", async () => (await row.textContent()).includes("Dead"));
  await rusty.until("it sees her dead", ({ others }) => others.some(({ name, health }) => name === "Anna" && health === 0));
  await anna.page.getByRole("button", { name: "Return to the safe zone" }).click();
  await anna.said("You are alive again.").waitFor();
  await fallen.waitFor({ state: "hidden" });
  await bert.until("Anna lives in his party", async () => !(await row.textContent()).includes("Dead"));
  await Promise.all([anna.untilSees("Bert"), bert.untilSees("Anna")]);
}
