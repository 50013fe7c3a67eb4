// Where the player walks by itself: to a point that was clicked, or up to somebody, to fight or to use.

import { findPath } from "./path.js";
import { Walk } from "./steer.js";

/** Who walks up to somebody stops at this share of the range. */
const CLOSE = 0.85;
/** Who moves is followed anew once in so many milliseconds. */
const AGAIN_MS = 150;

/** The walk that is under way, and what it is for. */
export class Errands {
  #player;
  #selection;
  #arrived;
  #walk = new Walk();
  /** Who is walked up to, from how near that is done, and what for: `fight` or `use`. */
  #errand = null;
  #session = null;
  #setOutMs = -Infinity;

  /** @param {(entity: number) => void} arrived Told when somebody who is to be used is in reach. */
  constructor(player, selection, arrived) {
    [this.#player, this.#selection, this.#arrived] = [player, selection, arrived];
  }

  stop() {
    this.#walk.stop();
    this.#errand = null;
  }

  /** Whether there is somebody to fight or to use, or a walk. */
  get isUnderWay() {
    return this.#errand !== null || this.#walk.isUnderWay;
  }

  /** Walks to a point, around what is solid. */
  walkTo(point) {
    this.#errand = null;
    this.#setOut(point);
  }

  /** Leads a walk on to a point, but not in every frame. */
  leadTo(point) {
    if (performance.now() - this.#setOutMs > AGAIN_MS) this.walkTo(point);
  }

  /** Walks up to what can be used, and says when it is in reach. */
  use(entity, range) {
    this.#begin({ entity, isFight: false, reach: range * CLOSE });
  }

  /** Walks up to an enemy, again and again until it is dead. */
  fight(entity, range) {
    this.#begin({ entity, isFight: true, reach: range * CLOSE });
  }

  #begin(errand) {
    this.stop();
    this.#setOutMs = -Infinity;
    this.#errand = { ...errand, hasSetOut: false };
  }

  #setOut(point, reached) {
    const { session } = this.#player;
    const own = session.welcome && this.#player.place();
    if (!own) return;
    this.#setOutMs = performance.now();
    this.#walk.along(findPath(session.grid, own, point, session.welcome.body_radius), this.#walkMs, reached);
  }

  /** The direction to walk in from where the player is; null to stand. */
  heading(own) {
    const { session } = this.#player;
    // What was meant on another map is not here.
    if (session !== this.#session) this.stop();
    this.#session = session;
    if (this.#errand && own) this.#goOn(own);
    return own ? this.#walk.heading(own, this.#walkMs) : null;
  }

  /** Time as it passes for who walks. On a machine or a line that is held up it stands: nothing is in the way there. */
  get #walkMs() {
    const { commandsIssued, welcome } = this.#player.session;
    return (commandsIssued * 1000) / welcome.tick_hz;
  }

  #goOn(own) {
    const { entity, isFight, reach } = this.#errand;
    const place = this.#placeOf(entity);
    if (!place || (isFight && this.#selection.target !== entity)) this.stop();
    else if (Math.hypot(place.x - own.x, place.y - own.y) > reach) this.#approach(place);
    else this.#arrive();
  }

  #approach(place) {
    const errand = this.#errand;
    // What lies still is walked to once: who cannot get there gives up.
    if (errand.hasSetOut && !errand.isFight) {
      if (!this.#walk.isUnderWay) this.stop();
      return;
    }
    if (performance.now() - this.#setOutMs <= AGAIN_MS) return;
    errand.hasSetOut = true;
    this.#setOut(place, errand.reach);
  }

  #arrive() {
    const { entity, isFight } = this.#errand;
    this.#walk.stop();
    if (isFight) return;
    this.#errand = null;
    this.#arrived(entity);
  }

  /** Whether the enemy who is fought is in reach. */
  isInFight(own) {
    if (!this.#errand?.isFight || this.#walk.isUnderWay || !own) return false;
    const place = this.#placeOf(this.#errand.entity);
    return place !== null && Math.hypot(place.x - own.x, place.y - own.y) <= this.#errand.reach;
  }

  /** Where somebody is; null for who is dead or out of view. */
  #placeOf(entity) {
    return this.#player.session.world.entity(entity)?.isDead ? null : this.#player.place(entity);
  }
}
