// One stay in the world: the player, the scene, the controls and what lies over them, frame by frame.

import { Entry, Player } from "../../../js/src/index.js";
import { Controls } from "../controls/controls.js";
import { h } from "../dom.js";
import { Hud } from "../hud/hud.js";
import { Panels } from "../panels/panels.js";
import { Scene } from "../scene/scene.js";
import { Stay } from "../sound/stay.js";
import { entryWords } from "../words/errors.js";
import { refusalSentence } from "../words/refusals.js";
import { ComingBack } from "./coming-back.js";
import { Leaving } from "./leaving.js";
import { Reaching } from "./reaching.js";

/** Time between two looks of the HUD at the world. */
const HUD_EVERY_MS = 100;
/** Refusals of an ability that pass in a moment. */
const NOT_YET = ["OnCooldown", "Busy"];

/** One stay in the world. */
export class Game {
  /** Who is the target, and who is under the pointer. */
  selection = { target: null, hovered: null, boss: null };
  player = null;
  /** When the world was heard of last. */
  heardMs = -Infinity;
  /** What came before there was anything to show it. */
  #early = [];
  #options;
  #isOver = false;
  #life = new AbortController();
  #nextHudMs = 0;
  #comingBack;

  constructor(options) {
    this.#options = options;
    [this.assets, this.settings, this.character] = [options.assets, options.settings, options.character];
    this.canvas = h("canvas.world", { "aria-label": "The world", role: "img" });
    this.element = h("div.game", {}, this.canvas);
    this.sound = new Stay(options.sound, this);
    this.leaving = new Leaving(this);
    this.reaching = new Reaching(this);
    const end = (words) => this.#end({ wants: "again", words });
    this.#comingBack = new ComingBack(this, { enter: () => Game.enter(options), end });
  }

  /**
   * Enters the world. Rejects as `Player.enter`.
   * @param {{ api: import("../../../js/src/index.js").Api, logIn: import("../accounts/log-in.js").LogIn,
   *   assets: import("../assets.js").Assets, settings: import("../settings.js").Settings,
   *   sound: import("../sound/sound.js").Sound, character: any,
   *   onOver: (end: { wants: "characters" | "logout" | "again", words?: object }) => void }} options
   */
  static async enter(options) {
    const game = new Game(options);
    game.player = await game.#enterPlayer();
    game.#furnish();
    return game;
  }

  /** Ends what listens for the game's sake. */
  get signal() {
    return this.#life.signal;
  }

  /** Whether the stay has ended, be it before anything of it was shown. */
  get isOver() {
    return this.#isOver;
  }

  /** Who plays, and the server's interface for accounts. */
  get account() {
    const { api, logIn } = this.#options;
    return { api, logIn };
  }

  /** What the player sees, owns and predicts. */
  get session() {
    return this.player.session;
  }

  /** The player's own entity; null until it is in view. */
  get own() {
    return this.session.ownEntity;
  }

  /** What the server says of the player's class: it names the resource. */
  get ownClass() {
    return this.session.content.classes[this.own?.components.Appearance?.definition] ?? null;
  }

  focus() {
    this.canvas.tabIndex = -1;
    this.canvas.focus();
  }

  async #enterPlayer() {
    const { api, logIn, character } = this.#options;
    const [url, token] = [await api.gatewayUrl(), await logIn.fresh()];
    return Player.enter(new Entry(url, token, character.id, { freshToken: () => logIn.fresh() }), {
      transport: chosenTransport(),
      intent: () => this.controls?.intent() ?? {},
      onSnapshot: () => (this.heardMs = performance.now()),
      onEvent: (event) => (this.hud ? this.#hear(event) : this.#early.push(event)),
    });
  }

  #furnish() {
    const { canvas, player, assets, settings, selection } = this;
    const happened = (...event) => this.sound.happened(...event);
    this.scene = new Scene(canvas, { player, assets, settings, selection, happened });
    this.controls = new Controls({ canvas, scene: this.scene, selection, settings, player });
    this.panels = new Panels(this);
    this.hud = new Hud(this);
    this.element.append(this.hud.element, this.panels.element);
    this.controls.addEventListener("panel", ({ detail }) => this.panels.toggle(detail.name));
    this.controls.addEventListener("quick", ({ detail }) => this.hud.quickSlots.use(detail.slot));
    this.controls.addEventListener("chat", () => this.hud.chat.focus());
    this.controls.addEventListener("interact", ({ detail }) => this.interact(detail.entity));
    this.controls.addEventListener("context", ({ detail }) => this.panels.playerMenu(detail));
    this.resizing = new ResizeObserver(() => this.scene.resize());
    this.resizing.observe(canvas);
    for (const event of this.#early.splice(0)) this.#hear(event);
    requestAnimationFrame((nowMs) => this.#draw(nowMs));
  }

  #draw(nowMs) {
    if (this.#isOver) return;
    requestAnimationFrame((next) => this.#draw(next));
    this.player.show(this.controls.heading);
    this.scene.draw(nowMs);
    this.hud.frame(nowMs);
    this.sound.frame();
    if (nowMs < this.#nextHudMs) return;
    this.#nextHudMs = nowMs + HUD_EVERY_MS;
    this.hud.update(nowMs);
    this.panels.update(nowMs);
  }

  // --- what happens ---

  #hear(event) {
    if (this.#isOver) return;
    const hear = {
      Told: () => this.#told(event.message),
      Lost: () => this.hud.banner.say("Connection lost. Reconnecting…"),
      Travels: () => (this.sound.play("portal"), this.scene.fade(true)),
      Entered: () => this.#entered(),
      Left: () => this.leaving.isUnderWay || this.#comingBack.left(event.reason),
      GaveUp: () => this.#end({ wants: "again", words: entryWords(event.error) }),
    }[event.type];
    hear?.();
  }

  #told(message) {
    this.scene.told(message);
    this.sound.received(message);
    this.controls.received(message);
    if (message.type === "Refused") this.#refused(message);
    if (message.type === "LeavingIn") this.leaving.told(message);
    this.hud.told(message);
    this.panels.told(message);
  }

  /** Says what was refused. An ability that is not ready yet flashes: everybody presses too early in a fight. */
  #refused(message) {
    if (this.reaching.refused(message)) return;
    if (message.request === "Ability" && NOT_YET.includes(message.reason)) this.hud.abilities.flash(this.controls.lastSlot);
    else this.toast(refusalSentence(message, this.ownClass?.resource_name), "refused");
  }

  #entered() {
    Object.assign(this.selection, { target: null, hovered: null, boss: null });
    this.hud.banner.say("");
    this.hud.entered();
    this.panels.entered();
    this.scene.fade(false);
  }

  #end(end) {
    if (this.#isOver) return;
    this.close();
    this.#options.onOver(end);
  }

  // --- what the player asks for ---

  /** Sends a request. Answers its id; null where it was dropped. */
  ask(message) {
    try {
      const id = this.player.ask(message);
      if (id === null) this.toast("No connection at the moment.", "refused");
      return id;
    } catch {
      this.toast("Too many requests. Wait a moment.", "refused");
      return null;
    }
  }

  /** A short word over the world: `refused`, `gain` or `note`. */
  toast(text, kind = "note") {
    this.hud.toasts.add(text, kind);
    if (kind === "refused") this.sound.play("refused");
  }

  /** A line in the chat that nobody has said. */
  log(text, kind = "system") {
    this.hud.chat.system(text, kind);
  }

  /** Loot is picked up, vendors show what they have, players get a menu. */
  interact(id) {
    const kind = this.session.world.entity(id)?.kind;
    if (kind === "GroundItem" || kind === "GroundGold") this.reaching.ask({ type: "PickUp", entity: id });
    else if (kind === "Vendor") this.panels.openVendor(id);
    else if (kind === "Player") this.selection.target = id;
  }

  /** Leaves the world, for the characters or for good. */
  async leave(wants) {
    if (await this.leaving.leave()) this.#end({ wants });
  }

  close() {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#life.abort();
    this.player.close();
    this.controls.close();
    this.scene.close();
    this.sound.end();
    this.panels.close();
    this.hud.close();
    this.leaving.close();
    this.resizing.disconnect();
  }
}

/** `?transport=` in the page's address chooses, for those who compare. */
function chosenTransport() {
  const chosen = new URLSearchParams(location.search).get("transport");
  return ["websocket", "webtransport"].includes(chosen) ? chosen : "auto";
}
