// Characters, and the books: of an item from its birth on, and of a purse.

import { h } from "../src/dom.js";
import { WORN } from "../src/words/items.js";
import { call } from "./api.js";
import { mapName, mapNames } from "./maps.js";
import { facts, link, search, section, table, time } from "./parts.js";

/** As many as the server finds at most. */
const MOST_FOUND = 50;

/** The place where characters and items are found. */
export async function charactersPlace({ rest: [name = ""], go }) {
  const found = await call("GET", `/characters?name=${encodeURIComponent(name)}`);
  const rows = found.map((one) => [
    link(`character/${one.id}`, one.name),
    one.class_id,
    one.level,
    one.lock_owner === "none" ? "" : "in the world",
  ]);
  return section(
    "Characters and items",
    search({ label: "Name starts with", value: name, onSearch: (wanted) => go(`characters/${encodeURIComponent(wanted)}`) }),
    table("Characters", ["Name", "Class", "Level", "State"], rows),
    found.length === MOST_FOUND && h("p.quiet", {}, `Showing only the first ${MOST_FOUND}.`),
    search({ label: "Item id", button: "Show history", onSearch: (wanted) => go(`item/${encodeURIComponent(wanted)}`) }),
  );
}

/** The place of one character. */
export async function characterPlace({ rest: [id] }) {
  const [character, gold, { channels }] = await Promise.all([
    call("GET", `/characters/${id}`),
    call("GET", `/characters/${id}/gold`),
    call("GET", "/servers"),
  ]);
  const user = await call("GET", `/users/${character.user_id}`);
  const map = mapName(mapNames(channels), character.map_id);
  const tile = (units) => (units / 1024).toFixed(1);
  const items = character.items.map((item) => [slotName(item.slot), item.definition, link(`item/${item.id}`, item.id)]);
  return h(
    "div",
    {},
    section(
      character.name,
      facts([
        ["Account", link(`user/${character.user_id}`, user.username)],
        ["Class", character.class_id],
        ["Level", `${character.level}, ${character.experience} experience`],
        ["Last saved position", character.map_id ? `${map}, ${tile(character.x)} × ${tile(character.y)}` : "never entered a world"],
        ["Lock", `${character.lock_owner}, epoch ${character.lock_epoch}`],
        ["Gold", character.gold],
        ["Created", time(character.inserted_at)],
        ["Deletion due", time(character.deletes_at)],
        ["Id", character.id],
      ]),
    ),
    section("Items", table("Items", ["Slot", "Item", "History"], items)),
    section("Gold transfers, newest first", table("Gold transfers", ["Time", "From", "To", "Gold", "Reason", "Server"], gold.map(goldLine))),
  );
}

const goldLine = (line) => [
  time(line.at),
  owner(line.from, line.from_name),
  owner(line.to, line.to_name),
  line.amount,
  line.reason,
  line.server_id,
];

/** Where an item is worn or carried. The server counts worn slots from 100, and those of the bag from 0. */
function slotName(slot) {
  if (slot < 100) return `Bag ${slot + 1}`;
  return WORN.find((worn) => worn.slot === slot)?.name ?? `Worn ${slot}`;
}

/** The place of one item: where it was from its birth on. */
export async function itemPlace({ rest: [id] }) {
  const lines = await call("GET", `/items/${encodeURIComponent(id)}/ledger`);
  const rows = lines.map((line) => [
    time(line.at),
    line.from ? owner(line.from, line.from_name) : "created",
    line.to ? owner(line.to, line.to_name) : "destroyed",
    line.reason,
    line.server_id,
  ]);
  return section(`${lines[0].definition} ${id}`, table("History", ["Time", "From", "To", "Reason", "Server"], rows));
}

function owner(text, name) {
  const character = text.match(/^character:(.+)$/);
  return character ? link(`character/${character[1]}`, name ?? text) : text;
}
