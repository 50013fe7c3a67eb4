// What the server has sent of the game's data: names for the numbers on the wire, and the rules.

/** The game data that the server has sent. */
export class Content {
  /** All classes, ascending by id. */
  classes = [];
  /** All abilities. */
  abilities = [];
  /** All kinds of mobs. */
  mobs = [];
  /** All kinds of items. */
  items = [];
  /** The rules of the world; null until the server has sent its content. */
  rules = null;

  /** @param {Partial<Content>} [told] The message `Content`. */
  constructor({ classes = [], abilities = [], mobs = [], items = [], rules = null } = {}) {
    Object.assign(this, { classes, abilities, mobs, items, rules });
  }

  /** Whether the server has sent it. */
  get isTold() {
    return this.rules !== null;
  }

  /** The ability at an index; null if there is none. */
  ability(index) {
    return this.abilities[index] ?? null;
  }

  /** The kind of item with this id; null if there is none. */
  item(id) {
    return this.items.find((item) => item.id === id) ?? null;
  }
}
