// The chat follows what is said, but for those who read what was said before: node chat.mjs URL FOLDER

import { frames, says } from "./testing/member.mjs";
import { Visitor, inBrowser, newName } from "./testing/visitor.mjs";

/** More lines than the chat keeps. */
const MANY = 40;
const MOST_LINES = 100;

/** How much of the newest lines is below the log, in pixels, how many lines it has, and what it says at its upper edge in half letters. */
async function stands(page) {
  await frames(page, 3);
  return page.getByRole("log", { name: "Chat" }).evaluate((log) => {
    const edge = log.getBoundingClientRect().top + log.clientTop;
    const isCut = ({ top, bottom }) => top < edge - 2 && bottom > edge + 2;
    const halves = [...log.querySelectorAll(".words")].filter((words) => [...words.getClientRects()].some(isCut));
    return { below: -log.scrollTop, lines: log.querySelectorAll(".line").length, halves: halves.map((words) => words.textContent) };
  });
}

async function followsThrough(visitor, times) {
  for (let time = 0; time < times; time += 1) {
    await says(visitor, "/help");
    const { below, lines, halves } = await stands(visitor.page);
    if (below > 1 || lines > MOST_LINES) throw new Error(`${below} px of ${lines} lines are below the log`);
    if (halves.length > 0) throw new Error(`a part of this line is seen: ${halves}`);
  }
}

/** The newest line stays in view when a window of another width wraps lines again. */
async function wrapsAgain(visitor) {
  const { page } = visitor;
  const long = "A long line that needs more of them where there is less room for it, as in a narrow window.";
  const { width, height } = page.viewportSize();
  for (const narrower of [500, 0, 400, 0]) {
    await says(visitor, long);
    await page.setViewportSize({ width: width - narrower, height });
    const { below: wrapped } = await stands(page);
    if (wrapped > 1) throw new Error(`${wrapped} px are below the log once its lines wrap again`);
    await says(visitor, "and on");
    const { below } = await stands(page);
    if (below > 1) throw new Error(`${below} px are below the log after a line that wraps again`);
  }
}

await inBrowser(async (browser) => {
  const visitor = await Visitor.arrive(browser, newName("Chatty"));
  await visitor.makesItself("Warrior");
  await followsThrough(visitor, MANY);
  await visitor.picture("chat-is-full");
  const log = visitor.page.getByRole("log", { name: "Chat" });
  await log.evaluate((element) => (element.scrollTop = element.clientHeight - element.scrollHeight));
  await says(visitor, "/help");
  const { below } = await stands(visitor.page);
  if (below < 200) throw new Error(`who reads the oldest lines is led away from them: ${below} px are left below`);
  await log.evaluate((element) => (element.scrollTop = 0));
  await followsThrough(visitor, 1);
  await wrapsAgain(visitor);
  visitor.assertNoComplaint();
  console.log("the chat follows what is said");
});
