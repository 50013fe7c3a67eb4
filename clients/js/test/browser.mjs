// Plays on a real server in Chromium: node browser.mjs API_URL NAME. The last line it says is JSON of what it saw. Where
// Chromium or playwright-core is missing it says so and ends with 77.

import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { homedir } from "node:os";
import { join, normalize } from "node:path";
import { fileURLToPath } from "node:url";

const MISSING = 77;
const CHROMIUM = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
const [base, name] = process.argv.slice(2);
const library = fileURLToPath(new URL("..", import.meta.url));
const tools = join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "realmgate-tools/node");

function missing(what) {
  console.log(what);
  process.exit(MISSING);
}

const executablePath = CHROMIUM.find((path) => existsSync(path));
if (!executablePath) missing("Chromium is not installed (apt install chromium)");
if (!existsSync(join(tools, "node_modules/playwright-core"))) {
  missing(`playwright-core is not installed (npm install --prefix ${tools} playwright-core)`);
}
const { chromium } = createRequire(join(tools, "package.json"))("playwright-core");

// As root Chromium has no sandbox of its own.
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
try {
  // The library comes from the API's own origin, as the pages of a game do. What the server's page allows itself is not
  // what is tried here.
  const context = await browser.newContext({ bypassCSP: true });
  const page = await context.newPage();
  page.on("console", (message) => console.error(message.text()));
  await page.route(`${base}/library/**`, async (route) => {
    const path = normalize(new URL(route.request().url()).pathname.slice("/library/".length));
    await route.fulfill({ contentType: "text/javascript", body: await readFile(join(library, path)) });
  });
  await page.goto(`${base}/healthz`);
  const saw = await page.evaluate(
    async ([base, name]) => (await import(`${base}/library/test/testing/player.js`)).play(base, name),
    [base, name],
  );
  console.log(JSON.stringify(saw));
} finally {
  await browser.close();
}
