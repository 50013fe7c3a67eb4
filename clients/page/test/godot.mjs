// A person at the page among players of Godot: node godot.mjs URL FOLDER. A play starts it: tests/src/godot/plays.rs

import { Player } from "./testing/player.mjs";
import { inBrowser } from "./testing/visitor.mjs";

/** Who plays in Godot. */
const OTHERS = ["Adalbert", "Benedict"];

await inBrowser(async (browser) => {
  const paige = await Player.arrive(browser, "Paige");
  await paige.makesItself("Warrior");
  for (const name of OTHERS) await paige.untilSees(name);
  await paige.types("hello from the page");
  await paige.said("hello from Godot").waitFor();
  await paige.picture("godot-meets-page");
  paige.assertNoComplaint();
  console.log("the page sees and hears the players of Godot");
});
