// The channels of this map: copies of it that do not see each other.

import { h } from "../dom.js";
import { Window } from "./window.js";

const EVERY_MS = 5000;

export class Channels extends Window {
  #list = h("ul.people", { "aria-label": "Channels" }, h("li.quiet", {}, "Loading…"));
  #nextMs = 0;

  constructor(game) {
    super(game, "channels", "Channels");
    this.body.append(h("p.quiet", {}, "Channels are copies of this map. You cannot switch in combat."), this.#list);
  }

  told(message) {
    if (message.type !== "Channels") return;
    const here = this.game.session.welcome.channel;
    this.#list.replaceChildren(
      ...message.channels.map(({ channel, players, capacity }) => {
        const isHere = channel === here;
        const go = () => this.game.ask({ type: "SwitchChannel", channel });
        return h(
          "li",
          {},
          h("span.goods-name", {}, `Channel ${channel}`),
          h("span.quiet", {}, `${players} of ${capacity}`),
          isHere
            ? h("span.here", {}, "You are here")
            : h(
                "button.small.primary",
                {
                  type: "button",
                  onclick: go,
                  "aria-label": `Go to channel ${channel}`,
                  disabled: players >= capacity,
                },
                "Go",
              ),
        );
      }),
    );
  }

  opened() {
    this.#nextMs = 0;
  }

  update(nowMs = performance.now()) {
    if (nowMs < this.#nextMs) return;
    this.#nextMs = nowMs + EVERY_MS;
    this.game.ask({ type: "ListChannels" });
  }
}
