// What a first visit loads, how soon a stranger can log in, and how soon somebody who comes back can play.

import { arrives, goesBack, logsIn, settles } from "../testing/member.mjs";
import { newName, Visitor } from "../testing/visitor.mjs";
import { gates } from "./gate.mjs";

const MOST_KB = 320;
const MOST_S = 1.5;
const ENTRIES = 7;
/** An ability that helps its user: nobody else is needed, and it can be used everywhere. */
const ABILITY = "Blessing";

export async function arrival(browser) {
  return [await firstVisit(browser), ...(await gates(browser)), await firstFrame(browser)];
}

/** Every byte of HTTP from the landing page until a new character stands in the world, with all that is loading then. */
export async function firstVisit(browser) {
  const visitor = await Visitor.arrive(browser, newName("First"));
  const { page } = visitor;
  const network = await page.context().newCDPSession(page);
  const [kinds, bytes] = [new Map(), {}];
  // Sounds come after the first frame, and have a limit of their own.
  const kindOf = ({ type, response }) => (new URL(response.url).pathname.endsWith(".mp3") ? SOUNDS : type);
  network.on("Network.responseReceived", (received) => kinds.set(received.requestId, kindOf(received)));
  network.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => {
    const kind = kinds.get(requestId) ?? "Other";
    bytes[kind] = (bytes[kind] ?? 0) + encodedDataLength;
  });
  await network.send("Network.enable");
  await visitor.makesItself("Warrior");
  await settles(visitor);
  await page.context().close();
  const all = Object.entries(bytes).reduce((sum, [kind, of]) => (kind === SOUNDS ? sum : sum + of), 0);
  const parts = Object.entries(bytes).sort(([, a], [, b]) => b - a);
  return {
    figure: "page: all of it but sounds, compressed, before play",
    measured: `${kb(all)} KB`,
    target: `≤ ${MOST_KB} KB`,
    holds: all <= MOST_KB * 1000,
    how: `bytes on the wire with headers, empty cache: ${parts.map(([kind, of]) => `${kind} ${kb(of)}`).join(", ")}`,
  };
}

const SOUNDS = "sounds, which are not counted";

const kb = (bytes) => (bytes / 1000).toFixed(0);

/** From the click on "Enter the world" until an ability that was pressed in the first frame is seen to respond. */
async function firstFrame(browser) {
  const tookMs = [];
  for (let entry = 0; entry < ENTRIES; entry += 1) {
    // Nothing of the world is in the cache of a new window.
    const visitor = await arrives(browser, "ansel");
    const { page } = visitor;
    await logsIn(visitor);
    await page.waitForLoadState("networkidle");
    const responded = page.evaluate(untilAnAbilityResponds, ABILITY);
    await page.getByRole("button", { name: "Enter the world as Ansel" }).click();
    tookMs.push(await responded);
    await goesBack(visitor);
    await page.context().close();
  }
  const sorted = tookMs.sort((a, b) => a - b);
  const seconds = (ms) => (ms / 1000).toFixed(2);
  const median = sorted[Math.floor(ENTRIES / 2)];
  return {
    figure: "first playable frame after log-in",
    measured: `${seconds(median)} s`,
    target: `≤ ${MOST_S} s`,
    holds: median <= MOST_S * 1000,
    how: `from the click on "Enter the world" until the own character is shown and a pressed ability responds; median of ${ENTRIES}, ${seconds(sorted[0])} to ${seconds(sorted.at(-1))} s`,
  };
}

/** In the page: presses an ability as soon as the own character is shown, and answers when the bar shows that. */
function untilAnAbilityResponds(ability) {
  return new Promise((resolve) => {
    let clickedMs = null;
    let isPressed = false;
    addEventListener("click", ({ timeStamp }) => (clickedMs ??= timeStamp), { capture: true, once: true });
    const look = () => {
      const isShown = performance.getEntriesByName("own character shown").length > 0;
      const button = [...document.querySelectorAll(".ability")].find((one) => one.textContent.includes(ability));
      if (isShown && button && !isPressed) {
        isPressed = true;
        button.click();
      }
      // The next frame begins when the last one has been handed to the screen.
      if (button?.classList.contains("cooling") || isCasting())
        requestAnimationFrame((endMs) => resolve(endMs - clickedMs));
      else requestAnimationFrame(look);
    };
    const isCasting = () => document.querySelector(".abilities .cast")?.hidden === false;
    requestAnimationFrame(look);
  });
}
