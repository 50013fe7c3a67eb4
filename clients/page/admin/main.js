// Administration: one place at a time, named by the address behind its `#`.

import { h, setAttribute, setShown } from "../src/dom.js";
import { logOut } from "./api.js";
import { characterPlace, charactersPlace, itemPlace } from "./characters.js";
import { logInPlace } from "./log-in.js";
import { actsPlace, boardsPlace, lobbiesPlace, scriptsPlace, serversPlace } from "./services.js";
import { settingsPlace } from "./settings.js";
import { userPlace, usersPlace } from "./users.js";

/** By the first word of the address; those with a title stand in the list. */
const PLACES = {
  users: { title: "Users", show: usersPlace },
  user: { show: userPlace },
  characters: { title: "Characters", show: charactersPlace },
  character: { show: characterPlace },
  item: { show: itemPlace },
  lobbies: { title: "Lobbies", show: lobbiesPlace },
  boards: { title: "Leaderboards", show: boardsPlace },
  scripts: { title: "Scripts", show: scriptsPlace },
  servers: { title: "Servers", show: serversPlace },
  settings: { title: "Settings", show: settingsPlace },
  acts: { title: "Audit log", show: actsPlace },
};

const [main, places, news, out] = ["main", "places", "news", "log-out"].map((id) => document.getElementById(id));
const links = new Map();
for (const [word, { title }] of Object.entries(PLACES)) {
  if (!title) continue;
  links.set(word, h("a", { href: `#${word}` }, title));
  places.append(links.get(word));
}
/** How often something was shown: what comes too late is not. */
let shown = 0;

addEventListener("hashchange", show);
out.addEventListener("click", () => logOut().finally(show));
show();

function go(to) {
  if (location.hash === `#${to}`) show();
  else location.hash = to;
}

async function show() {
  const turn = ++shown;
  const [word, ...rest] = location.hash.slice(1).split("/").map(decodeURIComponent);
  const place = PLACES[word] ?? PLACES.users;
  try {
    const content = await place.show({ rest, go, done });
    if (turn !== shown) return;
    showFrame(true, word);
    main.replaceChildren(content);
  } catch (error) {
    if (turn !== shown) return;
    const isOut = error.status === 401 || error.status === 403;
    showFrame(!isOut, word);
    main.replaceChildren(isOut ? logInPlace({ onDone: show }) : h("p.error", { role: "alert" }, error.message));
  }
}

function showFrame(isIn, word) {
  setShown(places, isIn);
  setShown(out, isIn);
  for (const [of, link] of links) setAttribute(link, "aria-current", of === (word || "users") ? "page" : null);
}

/** Shows the place again once something is done, and says so. */
async function done(work, text) {
  try {
    await work;
    news.textContent = text;
    await show();
  } catch (error) {
    news.textContent = error.message;
  }
}
