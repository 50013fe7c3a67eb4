// Chromium by playwright-core, for scripts that play. Where either is missing they say so and end with 77.

import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { homedir } from "node:os";
import { join, normalize } from "node:path";
import { fileURLToPath } from "node:url";

const MISSING = 77;
const CHROMIUM = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
const library = fileURLToPath(new URL("../..", import.meta.url));
/** Where tools for tests are installed (.ci/run). */
export const tools = join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "realmgate-tools/node");

/** Ends the script: a program that it needs is not there. */
export function missing(what) {
  console.log(what);
  process.exit(MISSING);
}

/** A browser. Whoever opens it closes it. */
export async function launch() {
  const executablePath = CHROMIUM.find((path) => existsSync(path));
  if (!executablePath) missing("Chromium is not installed (apt install chromium)");
  if (!existsSync(join(tools, "node_modules/playwright-core"))) {
    missing("playwright-core is not installed (tests/node/install.sh)");
  }
  const { chromium } = createRequire(join(tools, "package.json"))("playwright-core");
  // As root Chromium has no sandbox of its own. People have scrollbars, so tests and pictures have them too.
  return chromium.launch({ executablePath, args: ["--no-sandbox"], ignoreDefaultArgs: ["--hide-scrollbars"] });
}

/** A page that is still empty. What it writes to its console goes to stderr. */
export async function openPage(browser) {
  const page = await (await browser.newContext({ bypassCSP: true })).newPage();
  page.on("console", (message) => console.error(message.text()));
  page.on("pageerror", (error) => console.error(error.stack));
  return page;
}

/**
 * A page of the API's own origin, as those of a game are, which finds the library there under `/library/`. What the
 * server's own page allows itself is not what is tried.
 */
export async function openGame(browser, api) {
  const page = await openPage(browser);
  await page.route(`${api}/library/**`, async (route) => {
    const path = normalize(new URL(route.request().url()).pathname.slice("/library/".length));
    await route.fulfill({ contentType: "text/javascript", body: await readFile(join(library, path)) });
  });
  await page.goto(`${api}/healthz`);
  return page;
}
