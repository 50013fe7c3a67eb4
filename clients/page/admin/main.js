// Administration: one place at a time, named by the address behind its `#`.

import { h, setAttribute, setClass, setShown } from "../src/dom.js";
import { actsPlace } from "./acts.js";
import { logOut, session } from "./api.js";
import { boardPlace, boardsPlace } from "./boards.js";
import { characterPlace, charactersPlace, itemPlace } from "./characters.js";
import { lobbiesPlace } from "./lobbies.js";
import { logInPlace } from "./log-in.js";
import { overviewPlace } from "./overview.js";
import { scriptsPlace, serversPlace } from "./services.js";
import { settingsPlace } from "./settings.js";
import { userPlace, usersPlace } from "./users.js";

/** The place that is shown first. */
const FIRST = "overview";

/** By the first word of the address; those with a title stand in the list. */
const PLACES = {
  overview: { title: "Overview", show: overviewPlace },
  users: { title: "Users", show: usersPlace },
  user: { show: userPlace },
  characters: { title: "Characters", show: charactersPlace },
  character: { show: characterPlace },
  item: { show: itemPlace },
  lobbies: { title: "Lobbies", show: lobbiesPlace },
  boards: { title: "Leaderboards", show: boardsPlace },
  board: { show: boardPlace },
  scripts: { title: "Scripts", show: scriptsPlace },
  servers: { title: "Servers", show: serversPlace },
  settings: { title: "Settings", show: settingsPlace },
  acts: { title: "Audit log", show: actsPlace },
};

const [main, places, menu, news, fault, out] = ["main", "places", "menu", "news", "fault", "log-out"].map((id) =>
  document.getElementById(id),
);
const links = new Map();
for (const [word, { title }] of Object.entries(PLACES)) {
  if (!title) continue;
  links.set(word, h("a", { href: `#${word}` }, title));
  places.append(links.get(word));
}
/** How often something was shown: what comes too late is not. */
let shown = 0;
/** The user name of the administrator; null for nobody, undefined before that is known. */
let who;

addEventListener("hashchange", () => {
  tell("", "");
  unfold(false);
  show();
});
menu.addEventListener("click", () => unfold(!places.classList.contains("open")));
out.addEventListener("click", () => logOut().finally(() => enter(null)));
show();

function go(to) {
  if (location.hash === `#${to}`) show();
  else location.hash = to;
}

function enter(username) {
  who = username;
  return show();
}

async function show() {
  const turn = ++shown;
  const [word, ...rest] = location.hash.slice(1).split("/").map(decodeURIComponent);
  const place = PLACES[word] ?? PLACES[FIRST];
  try {
    if (who === undefined) who = (await session()).username;
    const content = who === null ? logInPlace({ onDone: enter }) : await place.show({ rest, go, done });
    if (turn !== shown) return;
    showFrame(who !== null, word);
    main.replaceChildren(content);
  } catch (error) {
    if (turn !== shown) return;
    // The log-in has ended, or the account is no administrator any more.
    if (error.status === 401 || error.status === 403) return enter(null);
    showFrame(true, word);
    main.replaceChildren(h("p.error", { role: "alert" }, error.message));
  }
}

function showFrame(isIn, word) {
  for (const element of [places, menu, out]) setShown(element, isIn);
  for (const [of, link] of links) setAttribute(link, "aria-current", of === (word || FIRST) ? "page" : null);
}

/** Shows the list of places on a phone, or folds it. */
function unfold(isOpen) {
  setClass(places, "open", isOpen);
  setAttribute(menu, "aria-expanded", String(isOpen));
}

function tell(text, wrong) {
  news.textContent = text;
  fault.textContent = wrong;
}

/** Shows the place again once something is done, or another that is given, and says so. */
async function done(work, text, to) {
  try {
    await work;
    // What is deleted is not gone back to.
    if (to) history.replaceState(null, "", `#${to}`);
    tell(text, "");
    await show();
  } catch (error) {
    tell("", error.message);
  }
}
