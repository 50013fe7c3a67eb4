// The chat beside the characters: whispers and the party without a character in the world.

import { h, setShown, setText } from "../dom.js";
import { CHAT_BYTES, readLine } from "../hud/chat-commands.js";
import { partyWords, pushOf, refusalWords, SOCIAL_HELP } from "./requests.js";

/** Older lines are forgotten. */
const MOST_LINES = 100;
/** Invitations that are shown at once. */
const MOST_INVITATIONS = 5;

export class SocialPanel {
  #socket;
  #lines = h("div");
  /** Its style scrolls from the end, as the chat's in the world does. */
  #log = h("div.chat-log", { role: "log", "aria-label": "Messages", tabIndex: 0 }, this.#lines);
  #party = h("p.quiet", { "aria-live": "polite", hidden: true });
  #invitations = h("div.invitations");
  #input;
  #where = { scope: "say", to: null };
  #replyTo = null;
  #members = [];

  /** @param {import("./socket.js").SocialSocket} socket */
  constructor(socket) {
    this.#socket = socket;
    this.#input = h("input.chat-input", {
      type: "text",
      "aria-label": "Write to a player or to your party",
      placeholder: "/w name message, or /help",
      maxLength: CHAT_BYTES * 2,
      autocomplete: "off",
      onkeydown: (event) => event.key === "Enter" && !event.isComposing && this.#send(),
    });
    const heading = h("h2", {}, "Messages");
    this.element = h("section.social", { "aria-label": "Messages" }, heading, this.#party, this.#invitations, this.#log, this.#input);
    const on = (name, listener) => socket.addEventListener(name, ({ detail }) => listener(detail));
    on("whisper", ({ from, text }) => this.#whispered(from.name, text));
    on("party_chat", ({ from, text }) => this.#line("party", `[Party] ${from.name}: `, text));
    on("party_invited", (invitation) => this.#invited(invitation));
    on("party_updated", (party) => this.#partyIs(party));
  }

  async #send() {
    const line = this.#input.value;
    const read = readLine(line, { ...this.#where, replyTo: this.#replyTo, names: this.#names() });
    if (read === null) return;
    if (read.error) return this.#system(read.error);
    if (read.help) SOCIAL_HELP.forEach((text) => this.#system(text));
    if (read.scope) this.#where = { scope: read.scope, to: read.to ?? null };
    if (read.request && !(await this.#ask(read.request))) return;
    if (this.#input.value === line) this.#input.value = "";
  }

  /** Sends what was typed. Answers whether that was done: what could not be sent stays typed. */
  async #ask(request) {
    const push = pushOf(request);
    if (push === null) {
      this.#system("Enter the world for that. Here you can whisper and talk to your party: /help");
      return false;
    }
    try {
      const { to } = await this.#socket.push(push.event, push.payload);
      if (push.event === "whisper") {
        this.#replyTo = to;
        this.#line("whisper", `To ${to}: `, push.payload.text);
      }
      return true;
    } catch (refused) {
      this.#system(refusalWords(refused.code));
      return false;
    }
  }

  /** Names that may have spaces. */
  #names() {
    return [...this.#members, this.#replyTo, this.#where.to].filter(Boolean);
  }

  #whispered(name, text) {
    this.#replyTo = name;
    this.#line("whisper", `${name} whispers: `, text);
  }

  #partyIs(party) {
    this.#members = party.members.map(({ character }) => character.name);
    setText(this.#party, partyWords(party));
    setShown(this.#party, party.members.length > 0);
  }

  #invited({ party, from }) {
    const answer = (event) => async () => {
      invitation.remove();
      await this.#socket.push(event, { party }).catch((refused) => this.#system(refusalWords(refused.code)));
    };
    const invitation = h(
      "p.invitation",
      {},
      `${from.name} invites you to a party. `,
      h("button", { type: "button", onclick: answer("party_accept") }, "Accept"),
      h("button.link", { type: "button", onclick: answer("party_decline") }, "Decline"),
    );
    this.#invitations.append(invitation);
    if (this.#invitations.childElementCount > MOST_INVITATIONS) this.#invitations.firstElementChild.remove();
  }

  #system(text) {
    this.#line("system", "", text);
  }

  #line(kind, before, text) {
    const line = h(`p.line.${kind}`, {}, before, h("span.words", { dir: "auto" }, text));
    this.#lines.append(line);
    if (this.#lines.childElementCount > MOST_LINES) this.#lines.firstElementChild.remove();
  }
}
