// Hints for new players: one at a time, each gone once its player has done it.

import { FIRST_WORN_SLOT } from "../../../js/src/index.js";
import { enemiesOf, nearest, nearestUse } from "../controls/targets.js";
import { h, setShown, setText } from "../dom.js";
import { obstacle, wearerOf } from "../words/items.js";
import { keyName } from "../settings.js";

const UNITS_PER_TILE = 1024;
/** Who has come so far knows how to walk. */
const WALKED_TILES = 2;
/** From so near, enemies are seen on every screen. */
const SEEN_TILES = 6;

/**
 * What new players do first, in this order: when a hint is of use, when it is no longer, and what it says for each device.
 * @type {{ name: string, isOfUse: (facts: Facts) => boolean, isDone: (facts: Facts) => boolean,
 *   words: Record<"mouse" | "touch" | "gamepad", (key: (action: string) => string, facts: Facts) => string> }[]}
 */
const HINTS = [
  {
    name: "walk",
    isOfUse: () => true,
    isDone: ({ walkedTiles }) => walkedTiles >= WALKED_TILES,
    words: {
      mouse: (key) => `Walk with ${["up", "left", "down", "right"].map(key).join(" ")}, or click where you want to go.`,
      touch: () => "Walk with your left thumb, or tap where you want to go.",
      gamepad: () => "Walk with the left stick.",
    },
  },
  {
    name: "wear",
    isOfUse: ({ wearable, isFighting }) => wearable !== null && !isFighting,
    isDone: ({ wearsAll }) => wearsAll,
    words: {
      mouse: (key) => `You have something to wear. Open your bag with ${key("bag")} and double-click it.`,
      touch: () => "You have something to wear. Open your bag, tap it, then tap “Wear”.",
      gamepad: () => "You have something to wear. Open your bag, select it, then choose “Wear”.",
    },
  },
  {
    name: "find",
    isOfUse: ({ enemy }) => enemy === null,
    isDone: ({ enemy }) => enemy !== null,
    words: {
      mouse: () => "The red dots on the minimap are enemies. Walk up to one.",
      touch: () => "The red dots on the minimap are enemies. Walk up to one.",
      gamepad: () => "The red dots on the minimap are enemies. Walk up to one.",
    },
  },
  {
    name: "heal",
    isOfUse: ({ healthShare, potions }) => healthShare < 0.5 && potions > 0,
    isDone: ({ hasDrunk }) => hasDrunk,
    words: {
      mouse: (key) => `You are badly hurt. Press ${key("quick1")} to drink a potion, or return to town to recover.`,
      touch: () => "You are badly hurt. Tap the potion to drink it, or return to town to recover.",
      gamepad: () => "You are badly hurt. Drink a potion from your bag, or return to town to recover.",
    },
  },
  {
    name: "attack",
    isOfUse: ({ enemy }) => enemy !== null,
    isDone: ({ isFighting, kills }) => isFighting || kills > 0,
    words: {
      mouse: (key) => `Click an animal or an enemy to attack it. Or select one with ${key("next")} and press ${key("slot1")}.`,
      touch: () => "Tap an animal or an enemy to attack it.",
      gamepad: () => "Select an animal or an enemy with the right trigger, then attack it with A.",
    },
  },
  {
    name: "strike",
    isOfUse: ({ isFighting }) => isFighting,
    isDone: ({ kills }) => kills > 0,
    words: {
      mouse: (key, { slots }) => `Use your abilities with ${key("slot1")} to ${key(`slot${slots}`)}, or click them below.`,
      touch: () => "Tap your abilities on the right.",
      gamepad: () => "Use your abilities with A, X, Y and B.",
    },
  },
  {
    name: "loot",
    isOfUse: ({ loot }) => loot !== null,
    isDone: ({ hasPickedUp }) => hasPickedUp,
    words: {
      mouse: (key) => `There is loot on the ground. Click it, or walk up to it and press ${key("interact")}.`,
      touch: () => "There is loot on the ground. Tap it, or tap the button “Pick up”.",
      gamepad: () => "There is loot on the ground. Walk up to it and press the left trigger.",
    },
  },
  {
    name: "map",
    isOfUse: ({ kills }) => kills > 0,
    isDone: ({ isMapOpen }) => isMapOpen,
    words: {
      mouse: (key) => `Press ${key("map")} to open the map. It shows vendors and portals.`,
      touch: () => "Tap the minimap to see vendors and portals.",
      gamepad: () => "Press View to open the map. It shows vendors and portals.",
    },
  },
];

/**
 * What the hints go by.
 * @typedef {{ walkedTiles: number, wearable: any, wearsAll: boolean, enemy: number | null, isFighting: boolean,
 *   healthShare: number, potions: number, hasDrunk: boolean, slots: number, loot: number | null, hasPickedUp: boolean, kills: number, isMapOpen: boolean }} Facts
 */
export class Hints {
  #game;
  #text = h("span");
  #start = null;
  #farthest = 0;
  #kills = 0;
  #hasWearable = false;
  #picksUp = false;
  #hasPickedUp = false;
  #potions = 0;
  #hasDrunk = false;

  constructor(game) {
    this.#game = game;
    game.settings.addEventListener("change", ({ detail }) => this.#changed(detail.name), { signal: game.signal });
    const none = h("button.link", { type: "button", onclick: () => game.settings.set("hints", false) }, "Hide hints");
    this.element = h("div.hint.frame", { role: "status", hidden: true }, this.#text, none);
  }

  /** A player who asks for all hints again starts from the first. */
  #changed(name) {
    if (name !== "hintsDone" || this.#game.settings.get("hintsDone").length > 0) return;
    [this.#start, this.#farthest, this.#kills] = [null, 0, 0];
    [this.#hasWearable, this.#picksUp, this.#hasPickedUp, this.#hasDrunk] = [false, false, false, false];
  }

  told(message) {
    if (message.type === "Kill") this.#kills += 1;
    if (message.type === "ItemPlaced" || message.type === "Gold") this.#hasPickedUp ||= this.#picksUp;
  }

  entered() {
    this.#start = null;
  }

  update() {
    const { settings, own } = this.#game;
    const done = settings.get("hintsDone");
    const areAllDone = HINTS.every(({ name }) => done.includes(name));
    if (areAllDone || !settings.get("hints") || !own || own.isDead) return setShown(this.element, false);
    const facts = this.#facts();
    const now = HINTS.filter(({ name, isDone }) => !done.includes(name) && isDone(facts)).map(({ name }) => name);
    if (now.length > 0) settings.set("hintsDone", [...done, ...now]);
    const hint = HINTS.find(({ name, isOfUse }) => !done.includes(name) && !now.includes(name) && isOfUse(facts));
    setShown(this.element, hint !== undefined);
    if (!hint) return;
    const keys = settings.get("keys");
    const words = hint.words[this.#game.controls.device];
    setText(this.#text, words((action) => keyName(keys[action]), facts));
  }

  /** @returns {Facts} */
  #facts() {
    const { player, session, selection, panels } = this.#game;
    const place = player.place();
    this.#start ??= place && { x: place.x, y: place.y };
    if (place) this.#farthest = Math.max(this.#farthest, Math.hypot(place.x - this.#start.x, place.y - this.#start.y));
    const wearable = session.possessions.isTold ? (session.possessions.bag().find((item) => this.#isWearable(item)) ?? null) : null;
    this.#hasWearable ||= wearable !== null;
    const loot = nearestUse(player, session.content.rules);
    const isLoot = ["GroundItem", "GroundGold"].includes(session.world.entity(loot)?.kind);
    this.#picksUp ||= isLoot;
    const potions = this.#game.hud.quickSlots.count;
    this.#hasDrunk ||= potions < this.#potions;
    this.#potions = potions;
    const { current = 1, max = 1 } = this.#game.own.components.Health ?? {};
    return {
      walkedTiles: this.#farthest / UNITS_PER_TILE,
      wearable,
      wearsAll: this.#hasWearable && wearable === null,
      enemy: nearest(enemiesOf(player), SEEN_TILES * UNITS_PER_TILE),
      isFighting: session.world.entity(selection.target)?.kind === "Mob",
      healthShare: current / max,
      potions,
      hasDrunk: this.#hasDrunk,
      slots: session.welcome?.slots.length ?? 1,
      loot: isLoot ? loot : null,
      hasPickedUp: this.#hasPickedUp,
      kills: this.#kills,
      isMapOpen: panels.isOpen("map"),
    };
  }

  /** Whether an item of the bag could be worn where nothing is worn. */
  #isWearable({ definition, slot }) {
    const { session } = this.#game;
    const info = session.content.item(definition);
    if (slot >= FIRST_WORN_SLOT || !info || info.worn_slot === null) return false;
    return obstacle(info, wearerOf(this.#game)) === null && !session.possessions.worn(info.worn_slot);
  }
}
