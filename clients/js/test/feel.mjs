// A scripted player of `cargo xtask feel --core js`: node --experimental-websocket feel.mjs SEED [API_URL]
//
// It plays in Node or, with the URL of an API, in Chromium on a page of that origin: Node has no WebTransport.
// It is told what to do line by line, in JSON, and answers each line with one:
// {"ask": "enter", "grant", "transport"}
//                                    enters the world over that transport, and walks about from then on; `entity` is null where
//                                    another ticket may help
// {"ask": "visit", "grant", "transport"}
//                                    the same, but logs out at once
// {"ask": "clock"}                   the time of the player's clock, in milliseconds
// {"ask": "watch", "from", "until"}  what its screen showed between two moments of this clock
// {"ask": "strike", "until", "targets", "everyMs", "radius"}
//                                    presses abilities near others, and what the server said of it
// {"ask": "comeBack", "from", "withinMs"}
//                                    how long after `from` the server applied a command that was issued after it: `withinMs` where
//                                    it has not by then, null where the connection has ended
// {"ask": "leave"}                   logs out, and ends

import { createInterface } from "node:readline";
import { launch, openGame } from "./testing/chromium.mjs";
import { newPlayer } from "./testing/feel-player.js";

const [seed, api] = process.argv.slice(2);
const browser = api && (await launch());
const answer = browser ? await inBrowser() : inNode();

function inNode() {
  const player = newPlayer(Number(seed));
  return (asked) => player[asked.ask](asked);
}

async function inBrowser() {
  const page = await openGame(browser, api);
  await page.evaluate(
    async ([api, seed]) => {
      const { newPlayer } = await import(`${api}/library/test/testing/feel-player.js`);
      globalThis.player = newPlayer(seed);
    },
    [api, Number(seed)],
  );
  return (asked) => page.evaluate((asked) => globalThis.player[asked.ask](asked), asked);
}

for await (const line of createInterface({ input: process.stdin })) {
  const asked = JSON.parse(line);
  process.stdout.write(`${JSON.stringify(await answer(asked))}\n`);
  if (asked.ask === "leave") break;
}
await browser?.close();
process.exit();
