// The chat: what was said, and a line to say something.

import { h, setAttribute, setClass, setShown, setText } from "../dom.js";
import { glyph } from "../glyphs.js";
import { bytesOf, CHAT_BYTES, HELP, readLine } from "./chat-commands.js";

/** Older lines are forgotten. */
const MOST_LINES = 100;
const MOST_SENT = 50;
/** After so long without a word the chat steps back. */
const QUIET_AFTER_MS = 12_000;
/** Below so many bytes left, they are shown. */
const SHOW_LEFT = 40;

export class Chat {
  #game;
  #lines = h("div");
  /** Its style scrolls from the end: the browser keeps the newest lines in view, unless the player scrolls up. */
  #log = h("div.chat-log", { role: "log", "aria-label": "Chat", tabIndex: 0 }, this.#lines);
  #input;
  #where = h("button.chat-where", { type: "button", title: "Chat mode" });
  #left = h("span.chat-left", { "aria-live": "off" });
  #badge = h("span.badge", { hidden: true });
  #scope = "say";
  #to = null;
  #replyTo = null;
  /** What was sent, for the arrow keys. */
  #sent = [];
  #recalled = 0;
  #lastLineMs = 0;
  #unread = 0;

  constructor(game) {
    this.#game = game;
    this.#input = h("input.chat-input", {
      type: "text",
      "aria-label": "Say something",
      maxLength: CHAT_BYTES * 2,
      autocomplete: "off",
      onkeydown: (event) => this.#key(event),
      oninput: () => this.#showLeft(),
      enterKeyHint: "send",
    });
    this.#where.addEventListener("click", () => this.#nextScope());
    const toggle = h(
      "button.chat-toggle",
      { type: "button", "aria-label": "Chat", onclick: () => this.#toggle() },
      glyph("chat"),
      this.#badge,
    );
    const line = h("div.chat-line", {}, this.#where, this.#input, this.#left);
    this.element = h("section.chat", { "aria-label": "Chat" }, toggle, h("div.chat-body", {}, this.#log, line));
    this.#showScope();
  }

  /** What is typed and not sent yet. */
  get typed() {
    return this.#input.value;
  }

  set typed(text) {
    this.#input.value = text;
  }

  /** Whether somebody is typing. */
  get hasFocus() {
    return document.activeElement === this.#input;
  }

  focus() {
    setClass(this.element, "open", true);
    this.#unread = 0;
    this.#input.focus();
  }

  /** The next lines go to this player. */
  whisperTo(name) {
    [this.#scope, this.#to] = ["whisper", name];
    this.#showScope();
    this.focus();
  }

  #toggle() {
    const isOpen = !this.element.classList.contains("open");
    setClass(this.element, "open", isOpen);
    this.#unread = 0;
    if (isOpen) this.#log.scrollTop = 0;
  }

  // --- typing ---

  #key(event) {
    // Nothing that is typed moves the character.
    event.stopPropagation();
    if (event.isComposing) return;
    if (event.key === "Enter") this.#send();
    else if (event.key === "Escape") this.#leave();
    else if (event.key === "ArrowUp" || event.key === "ArrowDown") {
      event.preventDefault();
      this.#recall(event.key === "ArrowUp" ? 1 : -1);
    }
  }

  #leave() {
    this.#input.blur();
    setClass(this.element, "open", false);
    this.#lastLineMs = performance.now();
  }

  #recall(step) {
    this.#recalled = Math.max(0, Math.min(this.#sent.length, this.#recalled + step));
    this.#input.value = this.#recalled === 0 ? "" : this.#sent.at(-this.#recalled);
  }

  #send() {
    const line = this.#input.value;
    const read = readLine(line, { scope: this.#scope, to: this.#to, replyTo: this.#replyTo, names: this.#names() });
    if (read === null) return this.#leave();
    if (read.error) return this.system(read.error, "bad");
    // What could not be sent stays typed.
    if (read.request && this.#game.ask(read.request) === null) return;
    if (read.scope) [this.#scope, this.#to] = [read.scope, read.to ?? null];
    if (read.help) HELP.forEach((text) => this.system(text));
    this.#sent.push(line);
    if (this.#sent.length > MOST_SENT) this.#sent.shift();
    this.#recalled = 0;
    this.#input.value = "";
    this.#showScope();
    this.#showLeft();
    if (!read.scope) this.#leave();
  }

  /** Names that may have spaces. */
  #names() {
    const { session } = this.#game;
    const seen = [...session.world.entities()].filter(([, { kind }]) => kind === "Player").map(([, { name }]) => name);
    return [...seen, ...session.party.members.map(({ name }) => name), this.#replyTo, this.#to].filter(Boolean);
  }

  #nextScope() {
    const scopes = ["say"];
    if (this.#game.session.party.members.length > 0) scopes.push("party");
    const to = this.#to ?? this.#replyTo;
    if (to) scopes.push("whisper");
    this.#scope = scopes[(scopes.indexOf(this.#scope) + 1) % scopes.length];
    this.#to = to;
    this.#showScope();
    this.#input.focus();
  }

  #showScope() {
    const words = { say: "Say", party: "Party", whisper: `To ${this.#to}` }[this.#scope];
    setText(this.#where, words);
    setAttribute(this.#where, "aria-label", `Chat mode: ${words}`);
    setAttribute(this.element, "data-scope", this.#scope);
    this.#input.placeholder = "Write a message, or /help";
  }

  #showLeft() {
    const left = CHAT_BYTES - bytesOf(this.#input.value);
    setText(this.#left, left < SHOW_LEFT ? String(left) : "");
    setClass(this.#left, "over", left < 0);
  }

  // --- what was said ---

  told(message) {
    if (message.type === "Chat") this.#said(message);
    else if (message.type === "WhisperSent") {
      this.#replyTo = message.to;
      this.#line("whisper", message.text, { name: message.to, before: "To " });
    }
  }

  #said({ scope, from, text }) {
    if (scope === "Realm") {
      this.system(`Announcement: ${text}`, "announcement");
      this.#game.toast(text, "note");
      return;
    }
    const kind = { Channel: "say", Whisper: "whisper", Party: "party" }[scope];
    if (kind === "whisper") this.#replyTo = from;
    this.#line(kind, text, {
      name: from,
      before: kind === "party" ? "[Party] " : "",
      after: kind === "whisper" ? " whispers" : "",
    });
  }

  /** A line that nobody has said. */
  system(text, kind = "system") {
    this.#line(kind, text);
  }

  #line(kind, text, { name = null, before = "", after = "" } = {}) {
    const words = h("span.words", { dir: "auto" }, text);
    const line =
      name === null
        ? h(`p.line.${kind}`, {}, words)
        : h(`p.line.${kind}`, {}, before, this.#nameButton(name), `${after}: `, words);
    this.#lines.append(line);
    if (this.#lines.childElementCount > MOST_LINES) this.#lines.firstElementChild.remove();
    this.#lastLineMs = performance.now();
    if (["whisper", "party", "say"].includes(kind)) this.#unread += 1;
  }

  #nameButton(name) {
    const open = (event) => {
      event.preventDefault();
      const box = event.target.getBoundingClientRect();
      this.#game.panels.playerMenu({ name, clientX: box.left, clientY: box.bottom });
    };
    return h("button.name", { type: "button", onclick: open, oncontextmenu: open }, name);
  }

  update(nowMs) {
    const isInUse = this.element.contains(document.activeElement);
    if (isInUse) this.#unread = 0;
    setClass(this.element, "quiet", !isInUse && nowMs - this.#lastLineMs > QUIET_AFTER_MS);
    setText(this.#badge, String(Math.min(this.#unread, 99)));
    setShown(this.#badge, this.#unread > 0);
  }
}
