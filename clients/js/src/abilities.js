// Predicted uses of abilities: what the player presses shows at once (cooldown, cast bar), and is taken back when the server
// refuses it.
//
// Everything is counted in the server's ticks. A command is expected to be applied in the tick that `Session.tickOf` names;
// from then on the server's components tell what it has brought about.

import { STATUS_FLAGS } from "./generated/protocol.js";

/** Maximum number of uses that are under way. A player who presses more often sees the oldest no longer predicted. */
const MAX_USES = 16;
/** The greatest tick. */
const LAST_TICK = 2 ** 32 - 1;
/** The greatest cost. */
const MAX_COST = 2 ** 16 - 1;

/**
 * A use of an ability that the server has not answered for yet: the number of the command that asks for it, its slot, the
 * ability (an index into `Content.abilities`), the tick in which the server is expected to apply the command, and the one in
 * which it takes effect, at the end of its cast.
 * @typedef {{ command: number, slot: number, ability: number, begins: number, takesEffect: number }} PredictedUse
 */

/**
 * A cast under way, for a cast bar: the ability, the tick in which it began, and the one in which it takes effect.
 * @typedef {{ ability: number, from: number, until: number }} Cast
 */

/** What the rules say of the player's abilities now. */
export class Known {
  #slots;
  #tickHz;

  /**
   * @param {import("./entity.js").EntityView} own
   * @param {import("./content.js").Content} content
   * @param {{ slots: number[], tick_hz: number }} welcome The class's abilities by slot, and the server's ticks per second.
   */
  constructor(own, content, { slots, tick_hz: tickHz }) {
    this.own = own;
    this.content = content;
    this.#slots = slots;
    this.#tickHz = tickHz;
  }

  /** The ability on a slot, and what the content says of it; null if there is none. */
  onSlot(slot) {
    const ability = this.#slots[slot];
    const info = ability === undefined ? null : this.content.ability(ability);
    return info && { ability, info };
  }

  /** The ticks that cover so many milliseconds, rounded up as the server does. */
  ticks(ms) {
    return Math.ceil((ms * this.#tickHz) / 1000) >>> 0;
  }

  get globalCooldown() {
    return this.ticks(this.content.rules?.global_cooldown_ms ?? 0);
  }

  castTime(ability) {
    return this.ticks(this.content.ability(ability)?.cast_ms ?? 0);
  }

  /** The tick from which the server says that a slot is ready; null while it has not. */
  readyAt(slot) {
    return this.own.components.Cooldowns?.ready_at[slot] ?? null;
  }
}

/** Predicts the uses of the player's abilities. */
export class Abilities {
  /** @type {PredictedUse[]} */
  #uses = [];
  /** @type {PredictedUse[]} */
  #takenBack = [];

  /** Predicts the use that a command asks for. Of what the server would refuse, nothing is shown. */
  press(known, command, slot, begins) {
    if (this.refusal(known, slot, begins) !== null) return;
    const { ability, info } = known.onSlot(slot);
    if (this.#uses.length === MAX_USES) this.#uses.shift();
    this.#uses.push({ command, slot, ability, begins, takesEffect: later(begins, known.ticks(info.cast_ms)) });
  }

  /**
   * Why the server would refuse a use, or null: its checks, in its order, as far as a client knows what they need. It does
   * not know lines of sight.
   * @returns {import("./generated/protocol.js").Refusal | null}
   */
  refusal(known, slot, at) {
    const { info } = known.onSlot(slot) ?? {};
    if (!info) return "NoSuchAbility";
    const { own } = known;
    const { Appearance: appearance, Resource: resource } = own.components;
    if (own.isDead) return "Dead";
    if (appearance && appearance.level < info.min_level) return "NoSuchAbility";
    if (own.hasStatus(STATUS_FLAGS.safe) && !info.friendly) return "InSafeZone";
    if (resource && resource.current < addCosts(info.cost, this.#costs(known))) return "TooLittleResource";
    const cast = this.cast(known);
    if (cast && cast.until > at) return "Busy";
    return this.readyAt(known, slot) > at ? "OnCooldown" : null;
  }

  /** What the uses under way will still cost. */
  #costs(known) {
    return this.#uses.map(({ ability }) => known.content.ability(ability)?.cost ?? 0).reduce(addCosts, 0);
  }

  /** Walking breaks a cast that began in an earlier tick, unless the ability allows it. */
  walk(known, at) {
    const isBroken = ({ ability, begins, takesEffect }) =>
      begins < at && at <= takesEffect && begins < takesEffect && !known.content.ability(ability)?.cast_while_moving;
    this.#uses = this.#uses.filter((of) => !isBroken(of));
  }

  /**
   * The server has applied the commands up to this one, and shows the end of a tick. What it has brought about is in its
   * components by then.
   */
  observe(known, lastCommand, shown) {
    const fates = this.#uses.map((of) => ({ of, fate: fateOf(of, known, lastCommand, shown) }));
    const having = (wanted) => fates.filter(({ fate }) => fate === wanted).map(({ of }) => of);
    this.#uses = having("UnderWay");
    this.#takeBack(having("TakenBack"));
  }

  /** The server has refused the use that a command asked for. */
  refused(command) {
    this.#takeBack(this.#uses.filter((of) => of.command === command));
    this.#uses = this.#uses.filter((of) => of.command !== command);
  }

  /** A game that never asks what was refused keeps no more of it than there may be under way. */
  #takeBack(uses) {
    if (uses.length > 0) this.#takenBack = [...this.#takenBack, ...uses].slice(-MAX_USES);
  }

  /** The uses that were shown, and that the server has refused since the last call; the newest where they are many. */
  takeTakenBack() {
    return this.#takenBack.splice(0);
  }

  /** The uses that the server has not answered for. */
  get uses() {
    return [...this.#uses];
  }

  /** The tick from which a slot is ready, with what is predicted. */
  readyAt(known, slot) {
    const told = known.readyAt(slot) ?? 0;
    const { info } = known.onSlot(slot) ?? {};
    if (!info) return told;
    const after = (of) => {
      const used = known.content.ability(of.ability);
      const isGlobal = used !== null && !used.off_global_cooldown && !info.off_global_cooldown;
      const global = isGlobal ? later(of.begins, known.globalCooldown) : 0;
      const own = of.slot === slot ? later(of.takesEffect, known.ticks(info.cooldown_ms)) : 0;
      return Math.max(global, own);
    };
    return Math.max(told, ...this.#uses.map(after));
  }

  /**
   * The player's own cast: the server's, or else the newest that is predicted; null if there is none.
   * @returns {Cast | null}
   */
  cast(known) {
    const { Casting: told } = known.own.components;
    if (told) {
      const from = Math.max(told.until_tick - known.castTime(told.ability), 0);
      return { ability: told.ability, from, until: told.until_tick };
    }
    const predicted = this.#uses.findLast(({ begins, takesEffect }) => begins < takesEffect);
    return predicted ? { ability: predicted.ability, from: predicted.begins, until: predicted.takesEffect } : null;
  }
}

/** What has become of a use. */
function fateOf({ command, slot, ability, begins, takesEffect }, known, lastCommand, shown) {
  if (lastCommand < command) return "UnderWay";
  if (begins < takesEffect) {
    if (shown >= takesEffect) return "Done";
    // One that is not cast was refused, or the server broke the cast.
    return known.own.components.Casting?.ability === ability ? "UnderWay" : "TakenBack";
  }
  const info = known.content.ability(ability);
  const startsCooldown = info !== null && (info.cooldown_ms > 0 || !info.off_global_cooldown);
  // A use that the server has let happen has left a cooldown.
  const readyAt = known.readyAt(slot);
  return startsCooldown && readyAt !== null && readyAt <= begins ? "TakenBack" : "Done";
}

/** The tick so many later, the greatest at most. */
export function later(tick, ticks) {
  return Math.min(tick + ticks, LAST_TICK);
}

function addCosts(one, other) {
  return Math.min(one + other, MAX_COST);
}
