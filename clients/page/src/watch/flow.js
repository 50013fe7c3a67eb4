// `/play?watch`: operators and designers give the service token, choose a channel, and watch it.

import { Api } from "../../../js/src/index.js";
import { Assets } from "../assets.js";
import { Backdrop } from "../backdrop.js";
import { showIcon, useSettings } from "../document.js";
import { h } from "../dom.js";
import { Settings } from "../settings.js";
import { watchWords } from "../words/errors.js";
import { ChannelsScreen } from "./channels.js";
import { tokenScreen } from "./token.js";
import { Watching } from "./watching.js";

/** The flow from screen to screen. The token is kept in memory alone: not in the address, and not in the browser's storage. */
export class WatchFlow {
  #stage = document.getElementById("stage");
  #backdrop = new Backdrop(document.getElementById("backdrop"));
  #api = new Api(location.origin);
  #settings = new Settings();
  #assets;
  #token = null;
  #screen = null;

  async begin() {
    document.title = "Watch";
    useSettings(this.#settings);
    this.#assets = await Assets.load();
    this.#backdrop.paintOnce(this.#assets.picture("pictures/ui/title.png"));
    showIcon(this.#assets);
    this.#askForToken();
  }

  /** @param {{ element: Element, focus?: () => void, close?: () => void }} screen */
  #show(screen) {
    this.#screen?.close?.();
    this.#screen = screen;
    this.#stage.replaceChildren(screen.element);
    screen.focus?.();
  }

  #rest() {
    document.title = "Watch";
    this.#backdrop.start(this.#settings.get("reducedMotion"));
  }

  #askForToken() {
    this.#token = null;
    this.#rest();
    const onToken = async (token) => {
      const channels = await this.#api.watchable(token);
      this.#token = token;
      this.#choose(channels);
    };
    this.#show(tokenScreen({ onToken }));
  }

  #choose(channels = null) {
    this.#rest();
    const [api, token, assets] = [this.#api, this.#token, this.#assets];
    const onWatch = (channel) => this.#watch(channel);
    this.#show(new ChannelsScreen({ api, token, assets, channels, onWatch, onLeave: () => this.#askForToken() }));
  }

  async #watch({ map_id: map, channel, server_id: server }) {
    this.#show({ element: h("p.centred.waiting", { role: "status" }, "Connecting to the channel…") });
    const [api, token, assets, settings] = [this.#api, this.#token, this.#assets, this.#settings];
    try {
      const watching = await Watching.begin({
        ...{ api, token, assets, settings, watched: { map, channel, server } },
        onLeave: () => this.#choose(),
        onGaveUp: (error) => this.#end(error, () => this.#watch({ map_id: map, channel, server_id: null })),
      });
      this.#backdrop.stop();
      this.#show(watching);
    } catch (error) {
      console.error(error);
      this.#end(error, () => this.#watch({ map_id: map, channel, server_id: server }));
    }
  }

  #end(error, onRetry) {
    this.#rest();
    const { title, text } = watchWords(error);
    const again = h("button.primary", { type: "button", onclick: onRetry }, "Try again");
    const back = h("button", { type: "button", onclick: () => this.#askForToken() }, "Enter the token again");
    const element = h(
      "section.card.ending",
      { role: "alert", "aria-label": title },
      h("h1", {}, title),
      h("p", {}, text),
      h("div.buttons", {}, again, back),
    );
    this.#show({ element, focus: () => again.focus() });
  }
}
