// The landing page says how the world does, also before its pictures have come: node landing.mjs URL FOLDER

import { Visitor, base, inBrowser } from "./testing/visitor.mjs";

await inBrowser(async (browser) => {
  const visitor = await Visitor.arrive(browser, "Visitor");
  const { page } = visitor;
  const state = page.locator("#state");
  const says = (text) => visitor.until(text, async () => (await state.textContent()) === text);
  let letArrive;
  const arrive = new Promise((resolve) => (letArrive = resolve));
  await page.route(/title\.png/, (route) => arrive.then(() => route.continue()));
  await page.goto(`${base}/`, { waitUntil: "commit" });
  await state.getByText("checking").waitFor({ state: "detached" });
  if ((await state.textContent()) !== "online") throw new Error(`before its pictures it says ${await state.textContent()}`);
  letArrive();
  await page.getByText("in the world").waitFor();
  visitor.assertNoComplaint();

  // Without the server it says so, until the server is back.
  visitor.pardons(/ERR_FAILED/);
  await page.route("**/status", (route) => route.abort());
  await says("unavailable");
  await page.unroute("**/status");
  await says("online");
  console.log("the landing page says how the world does");
});
