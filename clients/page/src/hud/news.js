// What has happened to the player, told in the chat: loot, gold, experience, levels, the party.

import { inSentence, itemName, withArticle } from "./names.js";

/** Turns what the server says into lines. */
export class News {
  #game;
  /** Items that are known, so that one that only moves is not told as new. */
  #known = null;
  #gold = null;
  #isStoreAway = false;
  /** Names of the others in the party. */
  #party = [];

  constructor(game) {
    this.#game = game;
  }

  told(message) {
    this.#tellers[message.type]?.(message);
  }

  #tellers = {
    Inventory: ({ items, gold }) => {
      this.#known = new Set(items.map(({ item }) => item));
      this.#gold = gold;
    },
    ItemPlaced: ({ item }) => {
      if (this.#known?.has(item.item)) return;
      this.#known?.add(item.item);
      this.#gain(`You receive ${itemName(this.#game.session, item.definition)}.`);
    },
    ItemGone: ({ item }) => this.#known?.delete(item),
    Gold: ({ total }) => {
      const more = total - (this.#gold ?? total);
      this.#gold = total;
      if (more > 0n) this.#gain(`You receive ${more} gold.`);
      else if (more < 0n) this.#game.log(`You spend ${-more} gold.`);
    },
    Experience: ({ gained }) => this.#game.log(`You gain ${gained} experience.`, "gain"),
    LevelUp: ({ level }) => {
      const learned = this.#abilitiesFrom(level).join(" and ");
      this.#game.toast(learned ? `Level ${level}: ${learned}!` : `Level ${level}!`, "level");
      this.#game.log(`You have reached level ${level}${learned ? `, and learned ${learned}` : ""}.`, "gain");
    },
    Party: ({ members }) => {
      const { character } = this.#game.session.welcome ?? {};
      const [before, now] = [this.#party, members.filter((of) => of.character !== character).map(({ name }) => name)];
      this.#party = now;
      if (members.length === 0) return before.length > 0 && this.#game.log("You are no longer in a party.");
      for (const name of now) if (!before.includes(name)) this.#game.log(`${name} is in your party.`);
      for (const name of before) if (!now.includes(name)) this.#game.log(`${name} has left the party.`);
    },
    Kill: ({ target, mob }) => {
      const { session } = this.#game;
      const kind = session.content.mobs[mob]?.name;
      const name = kind ? withArticle(kind) : inSentence(session, session.world.entity(target));
      if (name) this.#game.log(`You have killed ${name}.`);
    },
    Respawned: () => this.#game.log("You are alive again."),
    Store: ({ away, pending }) => {
      if (away && !this.#isStoreAway)
        this.#game.log("The server cannot save at the moment. Anything you gain will arrive once it can.", "bad");
      if (!away && this.#isStoreAway && pending === 0) this.#game.log("The server can save again.");
      this.#isStoreAway = away || pending > 0;
    },
    TradeEnded: ({ end }) => {
      const words = {
        Done: "Trade completed.",
        Cancelled: "The trade was cancelled.",
        Declined: "Your trade request was declined.",
        Apart: "The trade was cancelled: you are too far apart.",
        Failed: "The trade failed. Nothing was exchanged.",
      }[end];
      this.#game.toast(words, end === "Done" ? "gain" : "note");
      this.#game.log(words);
    },
  };

  /** What those abilities are called that a level brings. */
  #abilitiesFrom(level) {
    const { welcome, content } = this.#game.session;
    const slots = welcome?.slots.map((ability) => content.ability(ability)) ?? [];
    return slots.filter((of) => of?.min_level === level).map(({ name }) => name);
  }

  #gain(text) {
    this.#game.toast(text, "gain");
    this.#game.log(text, "gain");
  }
}
