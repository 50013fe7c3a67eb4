// The list of channels that can be watched, kept up to date.

import { h, setText } from "../dom.js";
import { watchWords } from "../words/errors.js";

const REFRESH_MS = 5000;

/** One row for each channel, each a button. */
export class ChannelsScreen {
  #options;
  #rows = h("ul.watch-channels");
  #note = h("p.quiet", { role: "status" });
  #shown = "";
  #timer = 0;
  #isClosed = false;

  /**
   * @param {{ api: import("../../../js/src/index.js").Api, token: string, assets: import("../assets.js").Assets,
   *   channels: any[] | null, onWatch: (channel: any) => void, onLeave: () => void }} options
   */
  constructor(options) {
    this.#options = options;
    this.element = h(
      "section.card.watch-choose",
      { "aria-label": "Channels" },
      h("h1", {}, "Watch a channel"),
      this.#note,
      this.#rows,
      h("div.buttons", {}, h("button", { type: "button", onclick: options.onLeave }, "Forget the token")),
    );
    if (options.channels) this.#take(options.channels);
    this.#refresh();
  }

  focus() {
    (this.#rows.querySelector("button") ?? this.element.querySelector("button")).focus();
  }

  close() {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  async #refresh() {
    const { api, token } = this.#options;
    try {
      const channels = await api.watchable(token);
      if (!this.#isClosed) this.#take(channels);
    } catch (error) {
      if (!this.#isClosed) setText(this.#note, watchWords(error).text);
    }
    if (!this.#isClosed) this.#timer = setTimeout(() => this.#refresh(), REFRESH_MS);
  }

  /** Rows that did not change stay as they are: who stands on one by the keyboard stays there. */
  #take(channels) {
    const now = JSON.stringify(channels);
    setText(this.#note, channels.length === 0 ? "No map server is connected. This list updates by itself." : "");
    if (now === this.#shown) return;
    this.#shown = now;
    const stood = document.activeElement?.closest?.("[data-channel]")?.getAttribute("data-channel");
    this.#rows.replaceChildren(...channels.map((channel) => this.#row(channel)));
    if (stood) this.#rows.querySelector(`[data-channel="${CSS.escape(stood)}"]`)?.focus();
  }

  #row(channel) {
    const { assets, onWatch } = this.#options;
    const name = assets.mapName(channel.map_id);
    const players = channel.players === 1 ? "1 player" : `${channel.players} players`;
    const key = `${channel.server_id}/${channel.map_id}/${channel.channel}`;
    return h(
      "li",
      {},
      h(
        "button.wide.watch-row",
        { type: "button", "data-channel": key, onclick: () => onWatch(channel) },
        h("span", {}, `${name}, channel ${channel.channel}`),
        h("span.quiet", {}, `${players}${channel.is_full ? ", full" : ""} · ${channel.server_name}`),
      ),
    );
  }
}
