// What the places of the administration are built of.

import { h, newId } from "../src/dom.js";
import { confirmed } from "./dialogs.js";

/** A part of a place. */
export const section = (title, ...children) => h("section", { "aria-label": title }, h("h2", {}, title), ...children);

/**
 * A table.
 * @param {string} caption What it is of, for who does not see it.
 * @param {string[]} heads
 * @param {(Node | string | number | null)[][]} rows
 */
export function table(caption, heads, rows) {
  if (rows.length === 0) return h("p.quiet", {}, "None.");
  const headed = (name) => (name ? h("th", { scope: "col" }, name) : h("td"));
  const head = h("thead", {}, h("tr", {}, ...heads.map(headed)));
  // On a phone each row is a card, and its cells say what they are.
  const labelled = (cell, place) => h("td", { "data-name": heads[place] }, cell);
  const body = h("tbody", {}, ...rows.map((cells) => h("tr", {}, ...cells.map(labelled))));
  // The keyboard moves what is wider than the screen, too.
  const moved = { tabIndex: 0, role: "group", "aria-label": caption };
  return h("div.scroll", moved, h("table", {}, h("caption.hidden-text", {}, caption), head, body));
}

/** Names and what they mean. */
export function facts(pairs) {
  return h("dl", {}, ...pairs.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value ?? "–")]));
}

/** A link to another place. */
export const link = (to, text) => h("a", { href: `#${to}` }, text);

/** A time, short, in UTC. */
export const time = (iso) => (iso ? iso.replace("T", " ").replace(/:\d\d(\.\d+)?Z$/, "") : "–");

/** When somebody was here last. The server says 1970 for who never was. */
export const seen = (iso) => (iso.startsWith("1970-") ? "never" : time(iso));

/**
 * A field to look for something by.
 * @param {{ label: string, value?: string, button?: string, onSearch: (text: string) => void }} options
 */
export function search({ label, value = "", button = "Search", onSearch }) {
  const input = h("input", { id: newId("field"), type: "search", value });
  const onsubmit = (event) => {
    event.preventDefault();
    onSearch(input.value.trim());
  };
  const field = h("div.field", {}, h("label", { htmlFor: input.id }, label), input);
  return h("form.search", { onsubmit, role: "search", "aria-label": button }, field, h("button", { type: "submit" }, button));
}

/** A small button. */
export const button = (text, onclick) => h("button.small", { type: "button", onclick }, text);

/**
 * A button that asks before it acts.
 * @param {string} text
 * @param {Parameters<typeof confirmed>[0]} question
 * @param {() => Promise<unknown>} act
 */
export const askingButton = (text, question, act) => button(text, async () => (await confirmed(question)) && act());

/** The same, for what cannot be undone. */
export function graveButton(text, question, act) {
  const asking = askingButton(text, question, act);
  asking.classList.add("grave");
  return asking;
}

/** Links to the previous and the next page of a list. */
export function pages({ page, total_pages: last }, to) {
  if (last <= 1) return null;
  const previous = page > 1 ? link(to(page - 1), "Previous") : null;
  const next = page < last ? link(to(page + 1), "Next") : null;
  return h("p.row", {}, previous, `Page ${page} of ${last}`, next);
}
