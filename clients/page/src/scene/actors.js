// Everybody in view, as they are shown: where they look, how they step, when they strike, and how they fade.

import { UNITS_PER_PX } from "./camera.js";
import { breathColumn, DEAD, DOWN, rowOf, rowOfAngle, STRIKE, walkColumn, WIND_UP } from "./motion.js";

const WIND_UP_MS = 110;
const STRIKE_MS = 330;
const HIT_MS = 160;
/** How long somebody counts as walking after the last movement. */
const WALK_MS = 80;
const FADE_MS = 350;
/** So long before a cast ends its caster raises the arm. */
const RAISE_TICKS = 8;

/** One entity, as it is shown. Pixels of the world. */
export class Actor {
  x = 0;
  y = 0;
  row = DOWN;
  walkedPx = 0;
  isOwn = false;
  entity = null;
  /** When it left the view; null while it is there. */
  goneMs = null;
  bornMs;
  deadMs = null;
  hitMs = -Infinity;
  attackMs = -Infinity;
  /** The cast that was under way in the last frame. */
  cast = null;
  /** The cast whose pictures have begun. */
  castShown = null;
  health = null;
  #movedMs = -Infinity;
  #facing = null;
  #isToTurn = false;

  constructor(id, kind, nowMs) {
    [this.id, this.kind, this.bornMs] = [id, kind, nowMs];
  }

  /** Moves to where it is shown in this frame. */
  move(place, entity, nowMs) {
    const [x, y] = [place.x / UNITS_PER_PX, place.y / UNITS_PER_PX];
    const [dx, dy] = this.entity ? [x - this.x, y - this.y] : [0, 0];
    const way = Math.hypot(dx, dy);
    [this.x, this.y, this.entity] = [x, y, entity];
    if (way > 0.08 && way < 64) {
      this.walkedPx += way;
      this.#movedMs = nowMs;
      if (nowMs - this.attackMs > STRIKE_MS) this.row = rowOf(dx, dy, this.row);
    }
    this.#turn(entity.facing, nowMs);
  }

  /** Who walks looks where it goes; told meanwhile to look elsewhere, it turns when it stands. */
  #turn(facing, nowMs) {
    if (facing !== this.#facing) this.#isToTurn = facing !== null;
    this.#facing = facing;
    if (!this.#isToTurn || this.isWalking(nowMs)) return;
    this.row = rowOfAngle(facing, this.row);
    this.#isToTurn = false;
  }

  /** Strikes, towards a point if there is one. */
  strike(nowMs, towards = null) {
    // Somebody who strikes already goes on with it.
    if (nowMs - this.attackMs > STRIKE_MS - 80) this.attackMs = nowMs;
    if (towards) this.row = rowOf(towards.x - this.x, towards.y - this.y, this.row);
  }

  isWalking(nowMs) {
    return nowMs - this.#movedMs < WALK_MS;
  }

  /** The column of its sheet. */
  column(nowMs, tick) {
    if (this.entity.isDead) return DEAD;
    const striking = nowMs - this.attackMs;
    if (striking < WIND_UP_MS) return WIND_UP;
    if (striking < STRIKE_MS) return STRIKE;
    if (this.cast && this.cast.until - tick < RAISE_TICKS) return WIND_UP;
    return this.isWalking(nowMs) ? walkColumn(this.walkedPx) : breathColumn(nowMs, this.id);
  }

  /** How much of it is to be seen, 0 to 1. */
  alpha(nowMs) {
    if (this.goneMs !== null) return Math.max(1 - (nowMs - this.goneMs) / FADE_MS, 0);
    return Math.min((nowMs - this.bornMs) / 200, 1);
  }

  /** Whether it was hit a moment ago. */
  isHit(nowMs) {
    return nowMs - this.hitMs < HIT_MS;
  }
}

/** Everybody in view. */
export class Actors {
  #all = new Map();
  #session = null;

  /** Tells of what has happened: `born`, `gone`, `died`, `hurt`, `released`, each with the actor. */
  constructor(listener) {
    this.listener = listener;
  }

  get(id) {
    return this.#all.get(id) ?? null;
  }

  [Symbol.iterator]() {
    return this.#all.values();
  }

  /** Moves everybody to where they are shown in this frame. */
  update(player, nowMs) {
    const { session } = player;
    const isNew = session !== this.#session;
    if (isNew) this.#all.clear();
    this.#session = session;
    const own = session.welcome.entity;
    for (const [id, entity] of session.world.entities()) {
      const place = player.place(id);
      if (!place || !entity.kind) continue;
      const actor = this.#all.get(id) ?? this.#welcome(id, entity, isNew ? -Infinity : nowMs);
      actor.isOwn = id === own;
      actor.goneMs = null;
      const isFirst = actor.entity === null;
      actor.move(place, entity, nowMs);
      if (isFirst && !isNew) this.listener.born(actor);
      this.#observe(actor, session, nowMs);
    }
    this.#fadeOthers(session, nowMs);
  }

  #welcome(id, entity, bornMs) {
    const actor = new Actor(id, entity.kind, bornMs);
    this.#all.set(id, actor);
    return actor;
  }

  /** Compares it with the last frame. */
  #observe(actor, session, nowMs) {
    const { Health: health, Casting: casting } = actor.entity.components;
    const before = actor.health;
    actor.health = health?.current ?? null;
    if (before !== null && actor.health !== null && actor.health < before)
      this.listener.hurt(actor, before - actor.health);
    if (before > 0 && actor.health === 0) {
      actor.deadMs = nowMs;
      this.listener.died(actor);
    }
    const cast = actor.isOwn ? session.cast : casting ? { ability: casting.ability, until: casting.until_tick } : null;
    const tick = actor.isOwn ? session.ownTick : session.world.tick;
    // A cast that ends before its time was broken.
    if (actor.cast && !cast && tick >= actor.cast.until - 1 && actor.health !== 0)
      this.listener.released(actor, actor.cast.ability);
    actor.cast = cast;
  }

  #fadeOthers(session, nowMs) {
    for (const [id, actor] of this.#all) {
      if (session.world.entity(id) && actor.entity) continue;
      if (actor.goneMs === null) {
        actor.goneMs = nowMs;
        this.listener.gone(actor);
      }
      if (nowMs - actor.goneMs > FADE_MS) this.#all.delete(id);
    }
  }
}
