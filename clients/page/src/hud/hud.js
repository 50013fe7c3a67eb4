// All that lies over the world while it is played.

import { h } from "../dom.js";
import { AbilityBar } from "./abilities.js";
import { Banner } from "./banner.js";
import { BossBar } from "./boss-bar.js";
import { Chat } from "./chat.js";
import { Death } from "./death.js";
import { ExperienceBar } from "./experience.js";
import { Hints } from "./hints.js";
import { MenuBar } from "./menu-bar.js";
import { MiniMapFrame } from "./mini-map.js";
import { Network } from "./network.js";
import { News } from "./news.js";
import { OwnFrame } from "./own-frame.js";
import { PartyFrames } from "./party-frames.js";
import { Prompts } from "./prompts.js";
import { QuickSlots } from "./quick-slots.js";
import { Reach } from "./reach.js";
import { TargetFrame } from "./target-frame.js";
import { Toasts } from "./toasts.js";

/** The HUD. */
export class Hud {
  #parts;
  #news;

  /** @param {import("../game/game.js").Game} game */
  constructor(game) {
    this.banner = new Banner(game);
    this.chat = new Chat(game);
    this.toasts = new Toasts();
    this.prompts = new Prompts(game);
    this.quickSlots = new QuickSlots(game);
    this.#news = new News(game);
    const own = new OwnFrame(game);
    const target = new TargetFrame(game);
    const boss = new BossBar(game);
    const party = new PartyFrames(game);
    const map = new MiniMapFrame(game);
    const network = new Network(game);
    const hints = new Hints(game);
    const menu = new MenuBar(game);
    const reach = new Reach(game);
    this.abilities = new AbilityBar(game);
    const experience = new ExperienceBar(game);
    const death = new Death(game);
    this.#parts = [
      own,
      target,
      boss,
      party,
      map,
      network,
      hints,
      menu,
      reach,
      this.abilities,
      this.quickSlots,
      experience,
      death,
      this.banner,
      this.chat,
      this.prompts,
      this.toasts,
    ];
    this.element = h(
      "div.hud",
      {},
      h("div.corner.top-left", {}, own.element, target.element, party.element),
      h("div.corner.top-middle", {}, boss.element, this.banner.element, this.prompts.element, this.toasts.element),
      h("div.corner.top-right", {}, map.element, network.element),
      h("div.corner.bottom-left", {}, this.chat.element),
      h("div.corner.bottom-middle", {}, hints.element, reach.element, h("div.uses", {}, this.abilities.element, this.quickSlots.element)),
      h("div.corner.bottom-right", {}, menu.element),
      experience.element,
      death.element,
    );
  }

  /** Ten times a second. */
  update(nowMs) {
    for (const part of this.#parts) part.update?.(nowMs);
  }

  frame(nowMs) {
    for (const part of this.#parts) part.frame?.(nowMs);
  }

  told(message) {
    this.#news.told(message);
    for (const part of this.#parts) part.told?.(message);
  }

  /** The player is in the world again, perhaps in another one. */
  entered() {
    for (const part of this.#parts) part.entered?.();
  }

  close() {
    for (const part of this.#parts) part.close?.();
  }
}
