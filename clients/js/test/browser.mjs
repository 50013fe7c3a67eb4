// Plays on a real server in Chromium: node browser.mjs API_URL NAME. The last line it says is JSON of what it saw.

import { launch, openGame } from "./testing/chromium.mjs";

const [base, name] = process.argv.slice(2);
const browser = await launch();
try {
  const page = await openGame(browser, base);
  const saw = await page.evaluate(
    async ([base, name]) => (await import(`${base}/library/test/testing/player.js`)).play(base, name),
    [base, name],
  );
  console.log(JSON.stringify(saw));
} finally {
  await browser.close();
}
