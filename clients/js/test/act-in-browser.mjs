// An actor in Chromium: node act-in-browser.mjs PLAY, as act.mjs.

import { createInterface } from "node:readline";
import { launch, openGame } from "./testing/chromium.mjs";

const play = JSON.parse(process.argv[2]);
const browser = await launch();
try {
  const page = await openGame(browser, play.base);
  await page.exposeFunction("tell", (picture) => console.log(JSON.stringify(picture)));
  await page.evaluate(async (play) => {
    const { Actor } = await import(`${play.base}/library/test/testing/actor.js`);
    globalThis.actor = await Actor.enter(play);
    globalThis.actor.show(globalThis.tell);
  }, play);
  for await (const line of createInterface({ input: process.stdin })) {
    await page.evaluate((order) => void globalThis.actor.obey(order), JSON.parse(line));
  }
} finally {
  await browser.close();
}
