// What the player wants: from the keyboard, the mouse, fingers and a gamepad.

import { Errands } from "./errands.js";
import { Gamepad } from "./gamepad.js";
import { Keyboard } from "./keyboard.js";
import { PANELS, quickSlotOf, slotOf } from "./keys.js";
import { Pointer } from "./pointer.js";
import { headingOfKeys } from "./steer.js";
import { Stick } from "./stick.js";
import { enemiesOf, nearestUse, next, SIGHT } from "./targets.js";
import { Uses } from "./uses.js";

/** So far beside somebody a finger still counts, in pixels of the page. */
const FINGER_REACH_PX = 22;

/**
 * Turns what the player does into intents.
 *
 * Events: `interact` `{ entity }`, `panel` `{ name }`, `quick` `{ slot }`, `chat`, `context` `{ entity, clientX, clientY }`.
 */
export class Controls extends EventTarget {
  #canvas;
  #scene;
  #selection;
  #settings;
  #player;
  #keyboard;
  #pointer;
  #stick;
  #gamepad = new Gamepad((action) => this.#pressed(action));
  #errands;
  #uses;
  #heading = null;
  /** Whether the press that is held began on the ground. */
  #isLed = false;

  /**
   * @param {{ canvas: HTMLCanvasElement, scene: import("../scene/scene.js").Scene,
   *   settings: { get(name: string): any },
   *   selection: { target: number | null, hovered: number | null },
   *   player: import("../../../js/src/index.js").Player }} parts
   */
  constructor({ canvas, scene, selection, settings, player }) {
    super();
    [this.#canvas, this.#scene, this.#selection, this.#player] = [canvas, scene, selection, player];
    this.#settings = settings;
    this.#stick = new Stick(canvas, scene, settings);
    this.#keyboard = new Keyboard(settings, (action) => this.#pressed(action));
    this.#pointer = new Pointer(canvas, this.#stick, {
      clicked: (at) => this.#clicked(at),
      tapped: (at) => this.#tapped(at),
      context: (at) => this.#asked(at),
    });
    this.#errands = new Errands(player, selection, (entity) => this.#tell("interact", { entity }));
    const held = [this.#keyboard.held, this.#gamepad.held];
    const isGamepad = () => this.#gamepad.isUsed;
    this.#uses = new Uses({ player, scene, selection, pointer: this.#pointer, held, isGamepad });
  }

  #tell(type, detail = null) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }

  /** The direction in which the player walks, 0 (east) to 255; null to stand. To be read once for each frame. */
  get heading() {
    this.#gamepad.poll();
    this.#hover();
    this.#forgetTarget();
    // What was ordered before a death is not done after it.
    if (this.#isDead) this.#stop();
    const byHand = headingOfKeys(this.#keyboard.held) ?? this.#stick.heading ?? this.#gamepad.heading;
    if (byHand !== null) this.#errands.stop();
    else this.#lead();
    this.#heading = byHand ?? this.#errands.heading(this.#ownPlace());
    return this.#heading;
  }

  /**
   * What the player wants in this tick, for `Player`'s `intent`. A use is given once.
   * @returns {import("../../../js/src/index.js").Intent}
   */
  intent() {
    const own = this.#ownPlace();
    const action = this.#uses.take({ own, heading: this.#heading, isInFight: this.#errands.isInFight(own) });
    const intent = { heading: this.#heading, action };
    return this.#player.display ? this.#player.display.withSeen(intent) : intent;
  }

  /** A player who stands by while an enemy attacks fights back. */
  received({ type, kind, source, target }) {
    if (type !== "Combat" || kind !== "Damage" || !this.#settings.get("fightBack")) return;
    if (target !== this.#player.session.welcome?.entity || this.#isDead || this.#isBusy) return;
    if (this.#player.session.world.entity(source)?.kind === "Mob") this.#fight(source);
  }

  /** What the player plays with; the keyboard goes with the mouse. */
  get device() {
    if (this.#gamepad.isUsed) return "gamepad";
    return this.#pointer.isMouse ? "mouse" : "touch";
  }

  /** The slot that was used last; null before the first use. */
  get lastSlot() {
    return this.#uses.lastSlot;
  }

  /** The ability on a slot is to be used: its button was clicked or tapped. */
  useSlot(slot) {
    this.#use(slot, true);
  }

  close() {
    this.#keyboard.close();
    this.#pointer.close();
    this.#stick.close();
  }

  get #isDead() {
    return this.#player.session.ownEntity?.isDead ?? false;
  }

  /** Whether the player walks, fights or does something by a key. */
  get #isBusy() {
    return this.#heading !== null || this.#errands.isUnderWay || this.#keyboard.held.size > 0;
  }

  #stop() {
    this.#errands.stop();
    this.#uses.forget();
  }

  #ownPlace() {
    return this.#player.session.welcome ? this.#player.place() : null;
  }

  /** Says who is under the pointer, and shows by the pointer what a click would do. */
  #hover() {
    const { at } = this.#pointer;
    const hovered = at ? this.#scene.entityAt(at.clientX, at.clientY) : null;
    this.#selection.hovered = hovered;
    const kind = hovered === null ? null : this.#player.session.world.entity(hovered)?.kind;
    const cursor = kind === "Mob" ? "crosshair" : kind ? "pointer" : "";
    if (this.#canvas.style.cursor !== cursor) this.#canvas.style.cursor = cursor;
  }

  /** Who is dead or out of view is no target any more. */
  #forgetTarget() {
    if (this.#selection.target === null) return;
    const entity = this.#player.session.world.entity(this.#selection.target);
    if (!entity || (entity.kind === "Mob" && entity.isDead)) this.#selection.target = null;
  }

  /** The ground leads on while the button is held on it. */
  #lead() {
    const { at, isHeld } = this.#pointer;
    if (isHeld && at && this.#isLed) this.#errands.leadTo(this.#scene.pointAt(at.clientX, at.clientY));
  }

  // --- the pointer ---

  #clicked(at) {
    this.#gamepad.isUsed = false;
    this.#meant(this.#scene.entityAt(at.clientX, at.clientY), at);
  }

  #tapped(at) {
    this.#meant(this.#scene.entityAt(at.clientX, at.clientY, FINGER_REACH_PX), at);
  }

  #asked({ clientX, clientY }) {
    const entity = this.#scene.entityAt(clientX, clientY);
    const kind = entity === null ? null : this.#player.session.world.entity(entity)?.kind;
    if (kind === "Player") this.#tell("context", { entity, clientX, clientY });
    else if (kind) this.#meant(entity, { clientX, clientY });
  }

  /** Somebody is clicked: it is the target, and dealt with. Or the ground: it is walked to. */
  #meant(entity, at) {
    if (this.#isDead) return;
    const kind = entity === null ? null : this.#player.session.world.entity(entity)?.kind;
    const { rules } = this.#player.session.content;
    this.#errands.stop();
    this.#isLed = !kind;
    if (!kind) this.#walkTo(this.#scene.pointAt(at.clientX, at.clientY));
    else if (kind === "Mob") this.#fight(entity);
    else if (kind === "Vendor") this.#errands.use(entity, rules?.vendor_range ?? 0);
    else if (kind !== "Player") this.#errands.use(entity, rules?.pick_up_range ?? 0);
    else {
      this.#selection.target = entity;
      this.#tell("interact", { entity });
    }
  }

  #walkTo(point) {
    this.#errands.walkTo(point);
    this.#scene.walksTo(point);
  }

  /** An enemy is walked up to and fought: with what is on the first slot, until something else is wanted. */
  #fight(entity) {
    const ability = this.#uses.abilityOn(0);
    this.#selection.target = entity;
    if (ability) this.#errands.fight(entity, ability.range);
  }

  // --- keys and buttons ---

  #pressed(action) {
    const [slot, quick] = [slotOf(action), quickSlotOf(action)];
    if (slot !== null) this.#use(slot, false);
    else if (quick !== null) this.#tell("quick", { slot: quick });
    else if (action === "next") this.#targetNext();
    else if (action === "interact") this.#useNearest();
    else if (action === "chat") this.#tell("chat");
    else if (PANELS.includes(action)) this.#tell("panel", { name: action });
  }

  /** Uses a slot. The first one begins a fight, as a click on an enemy does: the player walks up to the enemy. */
  #use(slot, isByButton) {
    if (this.#isDead) return;
    if (slot === 0 && this.#beginFight()) return;
    this.#uses.want(slot, isByButton);
  }

  /** Fights the target, or who is nearest. Answers whether that enemy has to be walked up to first. */
  #beginFight() {
    const ability = this.#uses.abilityOn(0);
    if (ability?.shape !== "Enemy" || ability.friendly) return false;
    this.#uses.chooseTarget(ability);
    const { target } = this.#selection;
    if (this.#player.session.world.entity(target)?.kind !== "Mob") return false;
    this.#errands.fight(target, ability.range);
    return !this.#uses.isInReach(0, this.#ownPlace());
  }

  /** The next enemy. From now on the target is aimed at, and not the pointer. */
  #targetNext() {
    this.#pointer.rest();
    this.#selection.target = next(enemiesOf(this.#player), this.#selection.target, SIGHT);
  }

  /** What is nearest is used; else the player who is the target. */
  #useNearest() {
    const { session } = this.#player;
    const { target } = this.#selection;
    const nearby = nearestUse(this.#player, session.content.rules);
    const entity = nearby ?? (session.world.entity(target)?.kind === "Player" ? target : null);
    if (entity !== null) this.#tell("interact", { entity });
  }
}
