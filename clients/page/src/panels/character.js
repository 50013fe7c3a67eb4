// The character: who it is, what it wears, and what that adds.

import { drawPortrait, h, setText } from "../dom.js";
import { experienceWithin } from "../hud/experience.js";
import { sheetOf } from "../hud/names.js";
import { bonusLines, sumOfBonuses, WORN } from "../words/items.js";
import { ItemDetails } from "./item-actions.js";
import { WornSlots } from "./bag.js";
import { Window } from "./window.js";

export class CharacterWindow extends Window {
  #portrait = h("canvas.big-portrait", { width: 96, height: 96, "aria-hidden": "true" });
  #who = h("p.who-line");
  #numbers = h("dl.numbers");
  #worn;
  #details;
  #chosen = null;
  #sheet = null;
  #shown = "";

  constructor(game) {
    super(game, "character", "Character");
    this.#worn = new WornSlots(game, (item) => ((this.#chosen = item.item), this.update()));
    this.#details = new ItemDetails(game, () => "Double-click an item in your bag to wear it.");
    this.body.append(
      h("div.character-top", {}, h("div", {}, this.#portrait, this.#who), this.#worn.element),
      this.#numbers,
      this.#details.element,
    );
  }

  update() {
    const { own, session, ownClass, assets } = this.game;
    if (!own) return;
    const { possessions, content } = session;
    setText(this.title, own.name || "Character");
    setText(this.#who, `Level ${possessions.level} ${ownClass?.name ?? ""}`);
    this.#worn.update();
    const worn = WORN.map(({ slot }) => possessions.worn(slot)).filter(Boolean);
    this.#details.show(worn.find(({ item }) => item === this.#chosen) ?? null);
    this.#showNumbers(own, worn.map(({ definition }) => content.item(definition)).filter(Boolean));
    const sheet = sheetOf(session, assets, own);
    if (sheet === this.#sheet) return;
    this.#sheet = sheet;
    drawPortrait(this.#portrait, assets, sheet);
  }

  #showNumbers(own, infos) {
    const { session, ownClass } = this.game;
    const { possessions, content } = session;
    const { Health: health, Resource: resource, MoveSpeed: speed } = own.components;
    const within = experienceWithin(possessions.experience, possessions.level, content.rules?.level_experience ?? []);
    const tilesEachSecond = speed ? (speed.units_per_tick * session.welcome.tick_hz) / 1024 : 0;
    const lines = [
      ["Health", health ? `${health.current} / ${health.max}` : "—"],
      [ownClass?.resource_name ?? "Resource", resource ? `${resource.current} / ${resource.max}` : "—"],
      ["Experience", within.all ? `${within.done} / ${within.all}` : "highest level"],
      ["Speed", `${tilesEachSecond.toFixed(1)} tiles / s`],
      ...bonusLines(sumOfBonuses(infos), ownClass?.resource_name).map(([name, value]) => [`${name} from items`, value]),
    ];
    const now = lines.flat().join();
    if (now === this.#shown) return;
    this.#shown = now;
    this.#numbers.replaceChildren(...lines.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]));
  }
}
