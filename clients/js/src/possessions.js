// What the character owns, according to the server. Contradictions to earlier messages are noted as anomalies.

/** The first worn slot. Lower slots are in the bag. */
export const FIRST_WORN_SLOT = 100;

/** Items, gold and experience. */
export class Possessions {
  /** Items by id. */
  items = new Map();
  /** The character's gold. */
  gold = 0n;
  /** Total experience. */
  experience = 0n;
  /** The character's level. */
  level = 0;
  /** Number of slots in the bag. */
  bagSlots = 0;
  /** Whether the server's store is unavailable. Gains and losses wait until it is available. */
  storeAway = false;
  /** Number of changes to these possessions that wait for the store. */
  pending = 0;
  #isTold = false;
  #isCarried = false;

  /** A copy to compare with the first inventory from another map server. */
  carriedOver() {
    const { items, gold, experience, level, bagSlots } = this;
    const carried = Object.assign(new Possessions(), { items: new Map(items), gold, experience, level, bagSlots });
    carried.#isCarried = this.#isTold;
    return carried;
  }

  /** Whether this server has sent them. */
  get isTold() {
    return this.#isTold;
  }

  /** The items in the bag. */
  bag() {
    return [...this.items.values()].filter(({ slot }) => slot < FIRST_WORN_SLOT);
  }

  /** The item worn in a slot; null if there is none. */
  worn(slot) {
    return [...this.items.values()].find((item) => item.slot === slot) ?? null;
  }

  /** Whether the bag is full. */
  get isBagFull() {
    return this.bag().length >= this.bagSlots;
  }

  /**
   * Takes a message of the server, whichever it is.
   * @param {import("./generated/protocol.js").ServerMessage} message
   * @returns {string[]} What contradicts what was told before.
   */
  take(message) {
    switch (message.type) {
      case "Inventory":
        return this.#takeInventory(message);
      case "Store":
        [this.storeAway, this.pending] = [message.away, message.pending];
        return [];
      case "ItemPlaced":
        this.items.set(message.item.item, message.item);
        return [];
      case "ItemGone":
        return this.items.delete(message.item) ? [] : [`removed item ${message.item} was not in the inventory`];
      case "Gold":
        this.gold = message.total;
        return [];
      case "Experience":
        return this.#takeExperience(message);
      case "LevelUp":
        this.level = message.level;
        return [];
      default:
        return [];
    }
  }

  #takeInventory({ items, gold, experience, level, bag_slots: bagSlots }) {
    const before = this.carriedOver();
    const told = new Map(items.map((item) => [item.item, item]));
    const anomalies = told.size === items.length ? [] : ["the inventory lists an item twice"];
    Object.assign(this, { items: told, gold, experience, level, bagSlots });
    if (this.#isCarried) anomalies.push(...differences(before, this));
    [this.#isTold, this.#isCarried] = [true, false];
    return anomalies;
  }

  #takeExperience({ gained, total, level }) {
    const before = this.experience;
    [this.experience, this.level] = [total, level];
    return before + gained === total ? [] : [`experience does not add up: ${before} + ${gained} is not ${total}`];
  }
}

/** How the inventory from another server differs from the possessions before the travel. */
function differences(before, after) {
  const found = [];
  for (const [what, name] of [
    ["gold", "gold"],
    ["experience", "experience"],
    ["levels", "level"],
  ]) {
    if (before[name] !== after[name]) found.push(`${before[name]} ${what} before the travel, ${after[name]} after it`);
  }
  for (const [id, item] of before.items) {
    const { definition, slot } = after.items.get(id) ?? {};
    if (definition === item.definition && slot === item.slot) continue;
    found.push(`${item.definition} ${id} in slot ${item.slot} was lost or moved by the travel`);
  }
  for (const id of after.items.keys()) {
    if (!before.items.has(id)) found.push(`item ${id} appeared with the travel`);
  }
  return found;
}
