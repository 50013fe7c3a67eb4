// What the player has chosen, kept by the browser.

const STORED_AS = "realmgate.settings";

/** The keys by default, by what they do: values of `KeyboardEvent.code`. The arrow keys walk beside these. */
export const DEFAULT_KEYS = Object.freeze({
  up: "KeyW",
  left: "KeyA",
  down: "KeyS",
  right: "KeyD",
  slot1: "Digit1",
  slot2: "Digit2",
  slot3: "Digit3",
  slot4: "Digit4",
  slot5: "Digit5",
  slot6: "Digit6",
  slot7: "Digit7",
  slot8: "Digit8",
  quick1: "KeyQ",
  quick2: "KeyE",
  next: "Tab",
  interact: "KeyF",
  chat: "Enter",
  bag: "KeyB",
  character: "KeyC",
  party: "KeyP",
  map: "KeyM",
  social: "KeyO",
});

/** What each key does, in words. */
export const KEY_WORDS = Object.freeze({
  up: "Walk up",
  left: "Walk left",
  down: "Walk down",
  right: "Walk right",
  slot1: "Ability 1",
  slot2: "Ability 2",
  slot3: "Ability 3",
  slot4: "Ability 4",
  slot5: "Ability 5",
  slot6: "Ability 6",
  slot7: "Ability 7",
  slot8: "Ability 8",
  quick1: "Potion 1",
  quick2: "Potion 2",
  next: "Next enemy",
  interact: "Pick up, talk",
  chat: "Chat",
  bag: "Bag",
  character: "Character",
  party: "Party",
  map: "Map",
  social: "Ignored players",
});

const isFlag = (value) => typeof value === "boolean";
const isShare = (value) => Number.isFinite(value) && value >= 0 && value <= 1;
const isOneOf =
  (...allowed) =>
  (value) =>
    allowed.includes(value);

/** Each setting: its default, and which values it can have. */
const KNOWN = {
  keys: { from: () => ({ ...DEFAULT_KEYS }), fits: (value) => typeof value === "object" && value !== null },
  reducedMotion: { from: prefersReducedMotion, fits: isFlag },
  palette: { from: () => "default", fits: isOneOf("default", "colour-blind") },
  uiScale: { from: () => 1, fits: (value) => Number.isFinite(value) && value >= 0.75 && value <= 1.5 },
  showNetwork: { from: () => false, fits: isFlag },
  hints: { from: () => true, fits: isFlag },
  fightBack: { from: () => true, fits: isFlag },
  /** Names of the hints whose player has done what they say. */
  hintsDone: { from: () => [], fits: (value) => Array.isArray(value) && value.every((name) => typeof name === "string") },
  names: { from: () => true, fits: isFlag },
  muted: { from: () => false, fits: isFlag },
  volume_effects: { from: () => 0.75, fits: isShare },
  volume_interface: { from: () => 0.75, fits: isShare },
  volume_ambience: { from: () => 0.5, fits: isShare },
  touch: { from: () => "auto", fits: isOneOf("auto", "on", "off") },
};

/**
 * The settings of this browser. "change" is told with the name in `detail.name`.
 */
export class Settings extends EventTarget {
  #values = {};
  #storage;

  /** @param {Pick<Storage, "getItem" | "setItem"> | null} [storage] Null keeps nothing. */
  constructor(storage = browserStorage()) {
    super();
    this.#storage = storage;
    const stored = this.#read();
    for (const [name, { from, fits }] of Object.entries(KNOWN)) {
      this.#values[name] = fits(stored[name]) ? stored[name] : from();
    }
    this.#values.keys = knownKeys(this.#values.keys);
  }

  /** @param {keyof typeof KNOWN} name */
  get(name) {
    return this.#values[name];
  }

  /** Sets one, and keeps it. What does not fit is a `RangeError`. */
  set(name, value) {
    if (!KNOWN[name]?.fits(value)) throw new RangeError(`${name} cannot be ${JSON.stringify(value)}`);
    this.#values[name] = name === "keys" ? knownKeys(value) : value;
    this.#write();
    this.dispatchEvent(new CustomEvent("change", { detail: { name } }));
  }

  /**
   * Gives a key to an action. The action that had it before gets the key that this one had.
   * @param {string} action One of `DEFAULT_KEYS`.
   * @param {string} code
   */
  bind(action, code) {
    const keys = { ...this.get("keys") };
    const other = Object.keys(keys).find((of) => keys[of] === code);
    if (other) keys[other] = keys[action];
    keys[action] = code;
    this.set("keys", keys);
  }

  #read() {
    try {
      return JSON.parse(this.#storage?.getItem(STORED_AS) ?? "{}") ?? {};
    } catch {
      return {};
    }
  }

  #write() {
    try {
      this.#storage?.setItem(STORED_AS, JSON.stringify(this.#values));
    } catch {
      // A browser that keeps nothing still plays.
    }
  }
}

/** All actions with a key each: those that are not given have their default, or none where it was given to another action. */
function knownKeys(keys) {
  const given = Object.keys(DEFAULT_KEYS).filter((action) => typeof keys[action] === "string");
  const taken = new Set(given.map((action) => keys[action]));
  const free = (action) => (taken.has(DEFAULT_KEYS[action]) ? "" : DEFAULT_KEYS[action]);
  const entry = (action) => (given.includes(action) ? keys[action] : free(action));
  return Object.fromEntries(Object.keys(DEFAULT_KEYS).map((action) => [action, entry(action)]));
}

/** A key as it is called on most keyboards: `KeyW` is "W". */
export function keyName(code) {
  const short = { Escape: "Esc", ArrowUp: "↑", ArrowDown: "↓", ArrowLeft: "←", ArrowRight: "→" };
  return short[code] ?? code.replace(/^(Key|Digit)/, "").replace(/^Numpad/, "Num ");
}

function prefersReducedMotion() {
  return globalThis.matchMedia?.("(prefers-reduced-motion: reduce)").matches ?? false;
}

function browserStorage() {
  try {
    return globalThis.localStorage ?? null;
  } catch {
    return null;
  }
}
