// Questions of other players: a trade, a party. They wait for a while, and stop nobody.

import { h } from "../dom.js";

/** Requests to trade are over after this time. */
const STAYS_MS = 30_000;

export class Prompts {
  element = h("div.prompts", { "aria-live": "assertive" });
  #game;
  #open = new Map();

  constructor(game) {
    this.#game = game;
  }

  told(message) {
    if (message.type === "TradeRequested") {
      const answer = (accept) => this.#game.ask({ type: "TradeAnswer", accept });
      this.#ask("trade", `${message.name} wants to trade with you.`, answer);
      this.#game.log(`${message.name} wants to trade with you.`);
    } else if (message.type === "PartyInvited") {
      const answer = (accept) => this.#game.ask({ type: "PartyAnswer", party: message.party, accept });
      this.#ask("party", `${message.from} invites you to a party.`, answer);
      this.#game.log(`${message.from} invites you to a party.`);
    } else if (message.type === "TradeState" || message.type === "TradeEnded") this.#close("trade");
    else if (message.type === "Party") this.#close("party");
  }

  #ask(kind, text, answer) {
    this.#close(kind);
    const say = (accept) => () => (this.#close(kind), answer(accept));
    const bar = h("div.time-left");
    bar.style.animationDuration = `${STAYS_MS}ms`;
    const element = h(
      "div.prompt.frame",
      { role: "group", "aria-label": text },
      h("p", {}, text),
      h(
        "div.buttons",
        {},
        h("button.primary", { type: "button", onclick: say(true) }, "Accept"),
        h("button", { type: "button", onclick: say(false) }, "Decline"),
      ),
      bar,
    );
    this.#open.set(kind, { element, untilMs: performance.now() + STAYS_MS });
    this.element.append(element);
  }

  #close(kind) {
    this.#open.get(kind)?.element.remove();
    this.#open.delete(kind);
  }

  update(nowMs) {
    for (const [kind, { untilMs }] of this.#open) if (untilMs < nowMs) this.#close(kind);
  }

  entered() {
    this.#close("trade");
  }
}
