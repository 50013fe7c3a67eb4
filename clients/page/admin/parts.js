// What the places of the administration are built of.

import { h, newId } from "../src/dom.js";

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
  const body = h("tbody", {}, ...rows.map((cells) => h("tr", {}, ...cells.map((cell) => h("td", {}, cell)))));
  return h("div.scroll", {}, h("table", {}, h("caption.hidden-text", {}, caption), head, body));
}

/** Names and what they mean. */
export function facts(pairs) {
  return h("dl", {}, ...pairs.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value ?? "–")]));
}

/** A link to another place. */
export const link = (to, text) => h("a", { href: `#${to}` }, text);

/** A time, short. */
export const time = (iso) => (iso ? iso.replace("T", " ").replace(/:\d\d(\.\d+)?Z$/, "") : "–");

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
  return h("form.search", { onsubmit, role: "search" }, field, h("button", { type: "submit" }, button));
}

/**
 * A button that asks again before it does what cannot be undone.
 * @param {string} text
 * @param {string} question
 * @param {() => Promise<unknown>} act
 */
export function graveButton(text, question, act) {
  return h("button.grave.small", { type: "button", onclick: () => confirm(question) && act() }, text);
}

/** Links to the pages of a list before and behind. */
export function pages({ page, total_pages: last }, to) {
  if (last <= 1) return null;
  const before = page > 1 ? link(to(page - 1), "Before") : null;
  const behind = page < last ? link(to(page + 1), "Behind") : null;
  return h("p.row", {}, before, `Page ${page} of ${last}`, behind);
}
