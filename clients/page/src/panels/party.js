// The party: who is in it, and who is to come.

import { h } from "../dom.js";
import { Window } from "./window.js";

export class Party extends Window {
  #list = h("ul.people", { "aria-label": "Members" });
  #name = h("input", {
    type: "text",
    "aria-label": "Name of a player to invite",
    placeholder: "Name",
    maxLength: 24,
    autocomplete: "off",
  });
  #leave;
  #shownFor = null;

  constructor(game) {
    super(game, "party", "Party");
    const invite = (event) => {
      event.preventDefault();
      const to = this.#name.value.trim();
      if (to !== "" && game.ask({ type: "PartyInvite", to }) !== null) this.#name.value = "";
    };
    this.#leave = h("button", { type: "button", onclick: () => game.ask({ type: "PartyLeave" }) }, "Leave the party");
    this.body.append(
      this.#list,
      h(
        "form.row",
        { onsubmit: invite, "aria-label": "Invite" },
        this.#name,
        h("button.primary", { type: "submit" }, "Invite"),
      ),
      this.#leave,
    );
  }

  update() {
    const { party, welcome } = this.game.session;
    if (party === this.#shownFor) return;
    this.#shownFor = party;
    this.#leave.hidden = party.members.length === 0;
    const rows = party.members.map((member, index) =>
      this.#row(member, index === 0, member.character === welcome?.character),
    );
    const none = h("li.quiet", {}, "You are not in a party. Invite a player by name, or click on one.");
    this.#list.replaceChildren(...(rows.length > 0 ? rows : [none]));
  }

  #row({ name, online }, isLeader, isOwn) {
    const words = [isLeader && "leader", isOwn && "you", !online && "offline"].filter(Boolean).join(", ");
    const menu = ({ target }) => {
      const box = target.getBoundingClientRect();
      this.game.panels.playerMenu({ name, clientX: box.left, clientY: box.bottom });
    };
    return h(
      `li${online ? "" : ".away"}`,
      {},
      h("span.goods-name", {}, name),
      h("span.quiet", {}, words),
      !isOwn && h("button.tiny", { type: "button", "aria-label": `Actions for ${name}`, onclick: menu }, "⋯"),
    );
  }
}
