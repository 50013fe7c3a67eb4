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
    const below = log.scrollHeight - log.clientHeight - log.scrollTop;
    return { below, lines: log.childElementCount, halves: halves.map((words) => words.textContent) };
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

await inBrowser(async (browser) => {
  const visitor = await Visitor.arrive(browser, newName("Chatty"));
  await visitor.makesItself("Warrior");
  await followsThrough(visitor, MANY);
  await visitor.picture("chat-is-full");
  const log = visitor.page.getByRole("log", { name: "Chat" });
  await log.evaluate((element) => (element.scrollTop = 0));
  await says(visitor, "/help");
  const { below } = await stands(visitor.page);
  if (below < 200) throw new Error(`who reads the oldest lines is led away from them: ${below} px are left below`);
  await log.evaluate((element) => (element.scrollTop = element.scrollHeight));
  await followsThrough(visitor, 1);
  visitor.assertNoComplaint();
  console.log("the chat follows what is said");
});
