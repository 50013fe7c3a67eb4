// The other members of the party.

import { h, setClass, setShown, setText } from "../dom.js";
import { Bar } from "./bar.js";

export class PartyFrames {
  #game;
  #rows = new Map();
  #shownFor = null;

  constructor(game) {
    this.#game = game;
    this.element = h("section.party-frames", { "aria-label": "Party", hidden: true });
  }

  update() {
    const { party, world, welcome } = this.#game.session;
    if (party !== this.#shownFor) this.#build(party, welcome);
    if (this.#rows.size === 0) return;
    const inView = new Map(
      [...world.entities()].filter(([, { kind }]) => kind === "Player").map(([id, of]) => [of.name, { id, of }]),
    );
    for (const [name, row] of this.#rows) {
      const seen = inView.get(name);
      row.id = seen?.id ?? null;
      const health = seen?.of.components.Health;
      setClass(row.element, "away", !health);
      const level = seen?.of.components.Appearance?.level;
      setText(row.level, level ? `Lv ${level}` : "");
      if (health) row.bar.set(health.current, health.max, seen.of.isDead ? "Dead" : undefined);
      else row.bar.set(0, 1, row.isOnline ? "elsewhere" : "offline");
    }
  }

  #build(party, welcome) {
    this.#shownFor = party;
    this.#rows = new Map();
    party.members.forEach((member, index) => {
      if (member.character === welcome?.character) return;
      this.#rows.set(member.name, this.#row(member, index === 0));
    });
    this.element.replaceChildren(...[...this.#rows.values()].map(({ element }) => element));
    setShown(this.element, this.#rows.size > 0);
  }

  #row({ name, online }, isLeader) {
    const bar = new Bar("health", `Health of ${name}`);
    const row = { bar, level: h("span.unit-level"), isOnline: online, id: null };
    const menu = (event) => {
      event.preventDefault();
      this.#game.panels.playerMenu({ name, entity: row.id, clientX: event.clientX, clientY: event.clientY });
    };
    const label = h("span.unit-name");
    setText(label, isLeader ? `♛ ${name}` : name);
    row.element = h(
      "button.party-row.frame",
      {
        type: "button",
        "aria-label": `${name}${isLeader ? ", leader" : ""}`,
        onclick: () => row.id !== null && (this.#game.selection.target = row.id),
        oncontextmenu: menu,
        onpointerdown: (event) => event.preventDefault(),
      },
      h("span.unit-head", {}, label, row.level),
      bar.element,
    );
    return row;
  }
}
