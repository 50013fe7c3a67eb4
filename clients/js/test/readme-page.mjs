// Opens the page of the README in Chromium, from a web server, and walks: node readme-page.mjs API_URL. It ends with
// its stdin.

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { launch, openPage } from "./testing/chromium.mjs";
import { examples } from "./testing/readme.js";

const FOLDER = fileURLToPath(new URL("..", import.meta.url));
const TYPES = { ".html": "text/html", ".js": "text/javascript" };

/** Where npm installs the package. */
const PACKAGE = "/node_modules/realmgate-client/";

/** A folder in which the package is installed, with the page in it. */
const server = createServer(async ({ url }, answer) => {
  const path = normalize(new URL(url, "http://127.0.0.1").pathname);
  const file = path.startsWith(PACKAGE) ? join(FOLDER, path.slice(PACKAGE.length)) : null;
  const body = path === "/page.html" ? examples().html : file && (await readFile(file).catch(() => null));
  answer.writeHead(body === null ? 404 : 200, { "content-type": TYPES[extname(path)] ?? "text/plain" }).end(body ?? "");
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));

const browser = await launch();
try {
  const page = await openPage(browser);
  await page.goto(`http://127.0.0.1:${server.address().port}/page.html?server=${encodeURIComponent(process.argv[2])}`);
  // As a keyboard does while a key is held; the page does not listen at once.
  const repeats = setInterval(() => page.keyboard.down("ArrowRight").catch(() => clearInterval(repeats)), 100);
  for await (const _ of process.stdin);
  clearInterval(repeats);
} finally {
  await browser.close();
  server.closeAllConnections();
  server.close();
}
