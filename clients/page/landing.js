// The landing page: what the world is called, and how it does.

import { Assets } from "./src/assets.js";
import { Backdrop } from "./src/backdrop.js";
import { showIcon } from "./src/document.js";
import { h, setAttribute, setClass, setShown, setText } from "./src/dom.js";

const REFRESH_MS = 5000;
const element = (id) => document.getElementById(id);
const counted = (count, one, many) => `${count} ${count === 1 ? one : many}`;
const isCalm = matchMedia("(prefers-reduced-motion: reduce)").matches;

/** What was shown last: a table that is built anew is read out anew. */
let shown = "";

const assets = await Assets.load();
showIcon(assets);
showLogo();
refresh();
const backdrop = new Backdrop(element("backdrop"));
backdrop.paint(await assets.picture("pictures/ui/title.png"));
backdrop.start(isCalm);

function showLogo() {
  const address = assets.url("pictures/ui/logo.png");
  if (!address) return;
  element("logo").src = address;
  setShown(element("logo"), true);
  showName(element("name").textContent);
}

/** The drawn name says the usual one. A world of another name is called by it in words, too. */
function showName(name) {
  setText(element("name"), name);
  setClass(element("name"), "hidden-text", !element("logo").hidden && name === assets.logoSays);
}

function card({ map_id: id, servers, players }) {
  return h(
    "li.map",
    {},
    h("strong", {}, assets.mapName(id)),
    h(`span.map-players${players > 0 ? ".some" : ""}`, {}, counted(players, "player", "players")),
    servers > 1 && h("span.quiet", {}, `on ${servers} servers`),
  );
}

function show(status) {
  const now = JSON.stringify(status);
  if (now === shown) return;
  shown = now;
  showName(status.name);
  document.title = status.name;
  showState(status.state, status.state === "online");
  setText(element("players"), `${counted(status.players, "player", "players")} in the world`);
  element("maps").replaceChildren(...status.maps.map(card));
  setShown(element("maps"), status.maps.length > 0);
  setShown(element("empty"), status.maps.length === 0);
  setText(element("version"), `· version ${status.version}`);
}

function showState(text, isGood) {
  setText(element("state"), text);
  setAttribute(element("state"), "class", `badge ${isGood ? "online" : "offline"}`);
}

async function refresh() {
  setTimeout(refresh, REFRESH_MS);
  const status = await readStatus();
  if (status) return show(status);
  shown = "";
  showState("unavailable", false);
}

/** What the server says of itself; null where it does not answer. A fault of this page is no such case. */
async function readStatus() {
  try {
    const answer = await fetch("/status");
    return answer.ok ? await answer.json() : null;
  } catch {
    return null;
  }
}
