// Which ability is used in a tick; `aim.js` says what it is aimed at.

import { aimOf, rounded } from "./aim.js";
import { slotOf } from "./keys.js";
import { bodyOf, enemiesOf, nearest, SIGHT } from "./targets.js";

/** A use that follows by itself waits so long after a cast: that ends here a little before the server says so. */
const AFTER_CAST_MS = 150;
/** What is pressed so shortly before it is ready is used as soon as it is. */
const AHEAD_MS = 400;
/** Refusals that pass in a moment. */
const PASSING = ["OnCooldown", "Busy"];

/** The uses of abilities that the player asks for. */
export class Uses {
  #parts;
  /** What was asked for, and the next tick takes. */
  #wanted = null;
  /** The slot that was used last; null before the first use. */
  lastSlot = null;
  /** When a cast was under way last. */
  #castMs = -Infinity;

  /**
   * @param {{ player: import("../../../js/src/index.js").Player, scene: import("../scene/scene.js").Scene,
   *   selection: { target: number | null, hovered: number | null }, pointer: import("./pointer.js").Pointer,
   *   held: Set<string>[], isGamepad: () => boolean }} parts `held` are the actions whose keys and buttons are held.
   */
  constructor(parts) {
    this.#parts = parts;
  }

  /** The ability on a slot is to be used. By a button, it is not aimed with the mouse. */
  want(slot, isByButton) {
    this.#wanted = { slot, isByButton, sinceMs: performance.now() };
  }

  /** What was asked for is not done any more. */
  forget() {
    this.#wanted = null;
  }

  /** The ability on a slot; null if there is none. */
  abilityOn(slot) {
    const { session } = this.#parts.player;
    const index = session.welcome?.slots[slot];
    const info = index === undefined ? null : session.content.ability(index);
    return info && { ...info, index };
  }

  /**
   * What is used in this tick: what was pressed, what is held, or the next blow of a fight.
   * @param {{ own: { x: number, y: number } | null, heading: number | null, isInFight: boolean }} now
   */
  take({ own, heading, isInFight }) {
    const wanted = this.#takeWanted() ?? this.#heldSlot(own);
    if (wanted) return this.#aim(wanted, own, heading);
    return isInFight && this.#mayGoOn(0) ? this.#aim({ slot: 0, isByButton: true }, own, heading) : null;
  }

  #takeWanted() {
    const wanted = this.#wanted;
    if (!wanted) return null;
    const isWaiting = PASSING.includes(this.#parts.player.session.refusalOf(wanted.slot));
    if (isWaiting && performance.now() - wanted.sinceMs < AHEAD_MS) return null;
    this.#wanted = null;
    return wanted;
  }

  /** A held key goes on, as often as the ability is ready. */
  #heldSlot(own) {
    for (const held of this.#parts.held) {
      for (const action of held) {
        const slot = slotOf(action);
        if (slot !== null && this.#mayGoOn(slot) && this.isInReach(slot, own)) return { slot, isByButton: false };
      }
    }
    return null;
  }

  /** Whether the next use can follow by itself. */
  #mayGoOn(slot) {
    const { session } = this.#parts.player;
    if (session.cast) this.#castMs = performance.now();
    return performance.now() - this.#castMs > AFTER_CAST_MS && session.mayUse(slot);
  }

  /** Whether what needs a target reaches it: a held key does not ask for what is refused. */
  isInReach(slot, own) {
    const { player, selection } = this.#parts;
    const ability = this.abilityOn(slot);
    const place = selection.target === null ? null : player.place(selection.target);
    if (ability?.shape !== "Enemy" || !own || !place) return true;
    return Math.hypot(place.x - own.x, place.y - own.y) <= ability.range + bodyOf(player.session, selection.target);
  }

  #aim({ slot, isByButton }, own, heading) {
    this.lastSlot = slot;
    const ability = this.abilityOn(slot);
    // Without either the server says why not.
    if (!ability || !own) return { slot, aim: { type: "None" } };
    if (isHarmful(ability)) this.chooseTarget(ability);
    const found = aimOf(ability, this.#situation(own, heading, isByButton));
    if (!found) return { slot, aim: { type: "None" } };
    const body = found.aim.type === "Entity" ? bodyOf(this.#parts.player.session, found.aim.entity) : 0;
    this.#parts.scene.aimed(ability.index, found.at, body);
    return { slot, aim: found.aim };
  }

  /** Who attacks without a target takes who is pointed at; else the nearest enemy: in reach, or else in sight. */
  chooseTarget(ability) {
    const { player, selection } = this.#parts;
    const isEnemy = (id) => {
      const entity = player.session.world.entity(id);
      return entity?.kind === "Mob" && !entity.isDead;
    };
    const isAimed = ability.shape !== "Enemy" && this.#aimsByMouse;
    if (isEnemy(selection.target) || isAimed) return;
    const enemies = enemiesOf(player);
    const pointed = isEnemy(selection.hovered) ? selection.hovered : null;
    selection.target = pointed ?? nearest(enemies, ability.range) ?? nearest(enemies, SIGHT) ?? selection.target;
  }

  /** Whether the mouse says where to. It does not while it rests, and another way to play is used. */
  get #aimsByMouse() {
    const { pointer, isGamepad } = this.#parts;
    return pointer.at !== null && pointer.isUsed && !isGamepad();
  }

  #situation(own, heading, isByButton) {
    const { player, scene, selection, pointer } = this.#parts;
    const id = selection.target;
    const entity = id === null ? null : player.session.world.entity(id);
    const place = entity && player.place(id);
    const at = this.#aimsByMouse && !isByButton ? pointer.at : null;
    return {
      own: rounded(own),
      facing: heading ?? player.session.ownEntity?.facing ?? 0,
      target: place ? { id, kind: entity.kind, isDead: entity.isDead, place } : null,
      pointer: at && rounded(scene.pointAt(at.clientX, at.clientY)),
    };
  }
}

function isHarmful({ friendly, shape }) {
  return !friendly && shape !== "Own";
}
