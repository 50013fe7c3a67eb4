// What somebody types into the chat, as a request. Pure: no page, no server.

/** Most bytes of a text. */
export const CHAT_BYTES = 240;

const WORDS = {
  s: "say",
  say: "say",
  p: "party",
  party: "party",
  w: "whisper",
  whisper: "whisper",
  tell: "whisper",
  t: "whisper",
  r: "reply",
  reply: "reply",
  invite: "invite",
  inv: "invite",
  leave: "leave",
  ignore: "ignore",
  unignore: "unignore",
  help: "help",
  "?": "help",
};

/** What can be typed, for `/help`. */
export const HELP = [
  "/s text — say to everyone in this channel",
  "/p text — say to your party",
  '/w name text — whisper to a player; put names with spaces in quotes: /w "Anna Bell" hello',
  "/r text — reply to the player you whispered with last",
  "/invite name, /leave — invite to your party, or leave it",
  "/ignore name, /unignore name — hide a player's messages, or show them again",
];

/** How many bytes a text has on its way. */
export function bytesOf(text) {
  return new TextEncoder().encode(text).length;
}

/**
 * Reads a line.
 * @param {string} line
 * @param {{ scope: "say" | "party" | "whisper", to?: string | null, replyTo?: string | null, names?: string[] }} where
 *   Where a line goes that says nothing about it, and names that are known: those with spaces need no quotes.
 * @returns {{ request: object } | { scope: "say" | "party" | "whisper", to?: string } | { help: true }
 *   | { error: string } | null}
 *   A request; or another place for the lines to come; null for an empty line.
 */
export function readLine(line, { scope, to = null, replyTo = null, names = [] }) {
  const typed = line.trim();
  if (typed === "") return null;
  const [, word, rest] = /^\/(\S+)\s*(.*)$/su.exec(typed) ?? [];
  if (word === undefined) return spoken(scope, to, typed);
  const command = Object.hasOwn(WORDS, word.toLowerCase()) ? WORDS[word.toLowerCase()] : null;
  switch (command) {
    case "say":
    case "party":
      return rest === "" ? { scope: command } : spoken(command, null, rest);
    case "whisper":
      return whisper(rest, names);
    case "reply":
      if (!replyTo) return { error: "You have not whispered with anyone yet." };
      return rest === "" ? { scope: "whisper", to: replyTo } : spoken("whisper", replyTo, rest);
    case "leave":
      return { request: { type: "PartyLeave" } };
    case "invite":
    case "ignore":
    case "unignore":
      return named(command, rest);
    case "help":
      return { help: true };
    default:
      return { error: `Unknown command: /${word}. Try /help.` };
  }
}

function spoken(scope, to, text) {
  if (bytesOf(text) > CHAT_BYTES) return { error: "That message is too long." };
  if (scope === "party") return { request: { type: "PartyChat", text } };
  if (scope === "whisper" && to) return { request: { type: "Whisper", to, text } };
  return { request: { type: "Chat", text } };
}

function whisper(rest, names) {
  const { name, text } = splitName(rest, names);
  if (name === "") return { error: "Name a player: /w name text" };
  return text === "" ? { scope: "whisper", to: name } : spoken("whisper", name, text);
}

function named(command, rest) {
  const name = unquoted(rest.trim());
  if (name === "") return { error: `Name a player: /${command} name` };
  if (command === "invite") return { request: { type: "PartyInvite", to: name } };
  return { request: { type: command === "ignore" ? "Ignore" : "Unignore", name } };
}

/** Splits a name from the text after it: in quotes, or the longest name that is known, or the first word. */
export function splitName(rest, names) {
  const quoted = /^"([^"]+)"\s*(.*)$/su.exec(rest);
  if (quoted) return { name: quoted[1].trim(), text: quoted[2] };
  const lower = rest.toLowerCase();
  const fits = (name) => lower === name.toLowerCase() || lower.startsWith(`${name.toLowerCase()} `);
  const known = names.filter(fits).sort((one, other) => other.length - one.length)[0];
  if (known) return { name: known, text: rest.slice(known.length).trim() };
  const [, name = "", text = ""] = /^(\S*)\s*(.*)$/su.exec(rest) ?? [];
  return { name, text };
}

function unquoted(text) {
  return /^".*"$/su.test(text) ? text.slice(1, -1).trim() : text;
}
