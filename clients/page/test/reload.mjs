// A player sees what designers save, without a reload of the page: node reload.mjs URL FOLDER. The test saves the files.

import { Player } from "./testing/player.mjs";
import { Stage } from "./testing/stage.mjs";
import { inBrowser, newName } from "./testing/visitor.mjs";

const stage = new Stage();

async function play(browser) {
  const anna = await Player.arrive(browser, newName("Anna"));
  await anna.makesItself("Warrior");
  const health = anna.page.getByRole("region", { name: "You" }).getByRole("meter", { name: "Health" });
  const most = async () => Number(await health.getAttribute("aria-valuemax"));
  const before = await most();
  const strike = anna.page.locator(".ability").first();
  await strike.getByText("Strike").waitFor();
  await stage.ask({ step: { name: "plays" } });
  await anna.until("100 more health", async () => (await most()) === before + 100);
  await strike.getByText("Smite").waitFor();
  await anna.picture("reload");
  anna.assertNoComplaint();
  console.log("a saved file is seen without a reload of the page");
}

await inBrowser(play).finally(() => stage.close());
