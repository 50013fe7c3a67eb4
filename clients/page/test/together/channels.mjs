// Anna goes to the other channel: the party says where she is, and nobody sees her until they follow.

import { goesTo, rustyGoesTo } from "./arrive.mjs";

export async function channels({ anna, bert, rusty }) {
  const row = bert.page.locator(".party-frames").getByRole("button", { name: "Anna" });
  await goesTo(anna, 2);
  await bert.untilSeesNot("Anna");
  await anna.untilSeesNot("Bert");
  await bert.until("Anna is elsewhere in his party", async () => (await row.textContent()).includes("elsewhere"));
  await anna.types("/p it is quiet here");
  await bert.said("it is quiet here").waitFor();
  await goesTo(bert, 2);
  await Promise.all([anna.untilSees("Bert"), bert.untilSees("Anna")]);
  await rustyGoesTo(rusty, 2);
  await Promise.all([anna.untilSees("Rusty"), bert.untilSees("Rusty")]);
}
