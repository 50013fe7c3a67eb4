// Characters, and the books: of an item from its birth on, and of a purse.

import { h } from "../src/dom.js";
import { call } from "./api.js";
import { facts, link, search, section, table, time } from "./parts.js";

/** The place where characters and items are found. */
export async function charactersPlace({ rest: [name = ""], go }) {
  const found = name && (await call("GET", `/characters?name=${encodeURIComponent(name)}`).catch(() => null));
  const result = found
    ? h("p", {}, link(`character/${found.id}`, found.name), `, level ${found.level}`)
    : name && h("p.quiet", {}, "There is no such character.");
  return section(
    "Characters and items",
    search({ label: "A character's whole name", value: name, onSearch: (wanted) => go(`characters/${encodeURIComponent(wanted)}`) }),
    result || null,
    search({ label: "An item's id", button: "Follow", onSearch: (wanted) => go(`item/${encodeURIComponent(wanted)}`) }),
  );
}

/** The place of one character. */
export async function characterPlace({ rest: [id] }) {
  const [character, gold] = await Promise.all([call("GET", `/characters/${id}`), call("GET", `/characters/${id}/gold`)]);
  const tile = (units) => (units / 1024).toFixed(1);
  const items = character.items.map((item) => [item.slot, item.definition, link(`item/${item.id}`, item.id)]);
  return h(
    "div",
    {},
    section(
      character.name,
      facts([
        ["Id", character.id],
        ["Account", link(`user/${character.user_id}`, character.user_id)],
        ["Class", character.class_id],
        ["Level", `${character.level}, ${character.experience} experience`],
        ["Saved at", character.map_id ? `map ${character.map_id}, ${tile(character.x)} × ${tile(character.y)}` : "never in a world"],
        ["Lock", `${character.lock_owner}, epoch ${character.lock_epoch}`],
        ["Gold", character.gold],
        ["Made", time(character.inserted_at)],
        ["Deleted", time(character.deletes_at)],
      ]),
    ),
    section("Items", table("Items", ["Slot", "What", "Ledger"], items)),
    section("Purse, the newest first", table("Purse", ["When", "From", "To", "Gold", "Cause", "Server"], gold.map(goldLine))),
  );
}

const goldLine = (line) => [time(line.at), owner(line.from), owner(line.to), line.amount, line.reason, line.server_id];

/** The place of one item: where it was from its birth on. */
export async function itemPlace({ rest: [id] }) {
  const lines = await call("GET", `/items/${encodeURIComponent(id)}/ledger`);
  const rows = lines.map((line) => [
    time(line.at),
    line.from ? owner(line.from) : "made",
    line.to ? owner(line.to) : "ended",
    line.reason,
    line.server_id,
  ]);
  return section(`${lines[0].definition} ${id}`, table("Ledger", ["When", "From", "To", "Cause", "Server"], rows));
}

function owner(text) {
  const character = text.match(/^character:(.+)$/);
  return character ? link(`character/${character[1]}`, text) : text;
}
