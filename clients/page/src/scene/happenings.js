// What happens in the world, as pictures: blows, numbers, levels. Told by the server, or seen in the snapshots.

import { UNITS_PER_PX } from "./camera.js";
import { isMelee } from "./looks.js";
import { radians } from "./motion.js";
import { burstRadius, coneWidth, rangePx } from "./shapes.js";

const CHEST_PX = 16;
/** Where numbers begin: so far over what is over a head, and so far beside the player. */
const OVER_NAME_PX = 18;
const OWN_ASIDE_PX = 26;
/** Who stands at most so far from a projectile that appears has shot it. */
const SHOOTER_REACH_PX = 48;
/** Who stands at most so far from somebody who is hurt may have done it, as far as a player sees. */
const FIGHTER_REACH_PX = 72;
const SHAKE_PX = 4;

/** Turns what happens into effects and numbers. */
export class Happenings {
  #scene;
  #gold;
  #commandsSeen = 0;
  #session = null;
  /** Where the player has aimed last, by ability. */
  #aims = new Map();
  /** Damage that the player has been told of, so that a loss of health is not taken for somebody else's doing. */
  #toldMs = new Map();

  constructor(scene) {
    this.#scene = scene;
    this.#gold = scene.player.session.possessions.gold;
  }

  /** Where the player has aimed an ability, and the radius of the body there; null if nowhere. Pixels of the world. */
  aimOf(ability) {
    return this.#aims.get(ability) ?? null;
  }

  /** The player uses an ability: where its pictures belong. */
  aimed(ability, point, body) {
    this.#aims.set(ability, { x: point.x / UNITS_PER_PX, y: point.y / UNITS_PER_PX, body: body / UNITS_PER_PX });
  }

  /** Shows abilities in the frame in which they are pressed. */
  showUses(session) {
    if (session !== this.#session) this.#commandsSeen = 0;
    this.#session = session;
    for (const { command, ability, begins, takesEffect } of session.predictedUses) {
      if (command <= this.#commandsSeen) continue;
      this.#commandsSeen = command;
      const own = this.#own();
      if (own && begins === takesEffect && this.#isInReach(own, session.content.ability(ability), ability))
        this.released(own, ability);
    }
  }

  /** Whether an ability that needs somebody reaches the one it was aimed at: else it is about to be refused. */
  #isInReach(own, info, ability) {
    const aim = this.aimOf(ability);
    if (info?.shape !== "Enemy" || !aim) return info?.shape !== "Enemy";
    return Math.hypot(aim.x - own.x, aim.y - own.y) <= rangePx(info) + aim.body;
  }

  #own() {
    return this.#scene.actors.get(this.#scene.player.session.welcome.entity);
  }

  #play(effect) {
    this.#scene.effects.play(effect, this.#scene.nowMs);
  }

  /** Something makes a sound where somebody is. An ability that is not known makes none. */
  #sound(what, actor, ability) {
    if (what !== "used" || ability) this.#scene.happened(what, actor, ability);
  }

  #float(actor, text, colour, isLarge = false) {
    // Over the name and the bars; the own ones beside the body, where nothing is read.
    const at = actor.isOwn
      ? { x: actor.x + OWN_ASIDE_PX, y: actor.y - CHEST_PX * 1.5 }
      : { x: actor.x, y: actor.y - this.#scene.topOf(actor) - OVER_NAME_PX };
    this.#scene.floaters.add({ text, colour, ...at, isLarge }, this.#scene.nowMs);
  }

  // --- seen in the snapshots ---

  born(actor) {
    if (actor.kind !== "Projectile") return;
    const shooter = this.#nearest(actor, SHOOTER_REACH_PX);
    shooter?.strike(this.#scene.nowMs);
    // The own shot was played when it was pressed.
    if (!shooter?.isOwn) this.#sound("used", actor, this.#abilityOf(actor));
  }

  gone(actor) {
    if (actor.kind !== "Projectile") return;
    this.#play({ name: "hit", x: actor.x, y: actor.y, height: CHEST_PX });
    const ability = this.#abilityOf(actor);
    const radius = ability ? burstRadius(ability) : 0;
    if (radius <= 0) return;
    this.#play({ name: "nova", x: actor.x, y: actor.y, scale: (radius * 2) / this.#sizeOf("nova") });
    this.#sound("burst", actor);
  }

  #abilityOf(projectile) {
    return this.#scene.player.session.content.ability(projectile.entity?.components.Appearance?.definition);
  }

  died(actor) {
    this.#play({ name: "blood", x: actor.x, y: actor.y, height: 8 });
    this.#sound("fell", actor);
  }

  /** Somebody has lost health. Who has done it is only told to those who fight: others see who stands there. */
  hurt(actor) {
    const { nowMs } = this.#scene;
    actor.hitMs = nowMs;
    if (nowMs - (this.#toldMs.get(actor.id) ?? -Infinity) < 400) return;
    this.#play({ name: "hit", x: actor.x, y: actor.y, height: CHEST_PX });
    this.#sound("struck", actor);
    const isEnemy = ({ kind, entity }) => (kind === "Mob") !== (actor.kind === "Mob") && !entity.isDead;
    this.#nearest(actor, FIGHTER_REACH_PX, (other) => !other.isOwn && isEnemy(other))?.strike(nowMs, actor);
  }

  #nearest(to, reach, suits = () => true) {
    let [nearest, least] = [null, reach];
    for (const actor of this.#scene.actors) {
      const isBody = actor.kind === "Player" || actor.kind === "Mob";
      const far = Math.hypot(actor.x - to.x, actor.y - to.y);
      if (actor !== to && isBody && actor.goneMs === null && far < least && suits(actor))
        [nearest, least] = [actor, far];
    }
    return nearest;
  }

  /** An ability takes effect. */
  released(actor, index) {
    const ability = this.#scene.player.session.content.ability(index);
    if (!ability) return;
    const aim = actor.isOwn ? this.aimOf(index) : null;
    actor.strike(this.#scene.nowMs, aim);
    this.#sound("used", actor, ability);
    if (ability.shape === "Cone") this.#sweep(actor, ability, aim);
    else if (ability.shape === "Own" || ability.shape === "Ally") {
      this.#play({ name: "sparkle", x: actor.x, y: actor.y, follow: actor, height: CHEST_PX });
    } else if (isMelee(ability) && aim) this.#slash(actor, aim);
  }

  #sweep(actor, ability, aim) {
    const angle = aim ? Math.atan2(aim.y - actor.y, aim.x - actor.x) : radians(actor.entity.facing ?? 0);
    const range = rangePx(ability);
    const at = { x: actor.x, y: actor.y, height: 10 };
    if (coneWidth(ability) > 6) this.#play({ ...at, name: "nova", scale: (range * 2) / this.#sizeOf("nova") });
    else {
      const [x, y] = [actor.x + (Math.cos(angle) * range) / 2, actor.y + (Math.sin(angle) * range) / 2];
      this.#play({
        name: "slash",
        x,
        y,
        height: 10,
        angle: angle || 1e-6,
        scale: (range * 1.3) / this.#sizeOf("slash"),
      });
    }
  }

  #slash(actor, aim) {
    const angle = Math.atan2(aim.y - actor.y, aim.x - actor.x);
    const [x, y] = [actor.x + Math.cos(angle) * 20, actor.y + Math.sin(angle) * 16];
    this.#play({ name: "slash", x, y, height: CHEST_PX, angle: angle || 1e-6 });
  }

  #sizeOf(name) {
    return this.#scene.effects.strip(name)?.size ?? 48;
  }

  // --- told by the server ---

  /** @param {import("../../../js/src/index.js").ServerMessage} message */
  told(message) {
    switch (message.type) {
      case "Combat":
        return this.#fought(message);
      case "Experience":
        return this.#onOwn((own) => this.#float(own, `+${message.gained} XP`, this.#scene.palette.experience));
      case "LevelUp":
        return this.#onOwn((own) => this.#rose(own, message.level));
      case "Inventory":
        this.#gold = message.gold;
        return undefined;
      case "Gold":
        return this.#earned(message.total);
      case "Died":
        return this.#scene.shake(SHAKE_PX * 2);
      case "Respawned":
        return this.#onOwn((own) => this.#play({ name: "level_up", x: own.x, y: own.y, follow: own, stands: true }));
      default:
        return undefined;
    }
  }

  #onOwn(show) {
    const own = this.#scene.player.session.welcome && this.#own();
    if (own) show(own);
  }

  #rose(own, level) {
    this.#play({ name: "level_up", x: own.x, y: own.y, follow: own, stands: true });
    this.#float(own, `Level ${level}!`, this.#scene.palette.gold, true);
  }

  #earned(total) {
    const gained = total - this.#gold;
    this.#gold = total;
    if (gained > 0n) this.#onOwn((own) => this.#float(own, `+${gained} gold`, this.#scene.palette.gold));
  }

  #fought({ kind, source, target, ability, amount }) {
    const { actors, player, nowMs, palette } = this.#scene;
    const [by, on] = [actors.get(source), actors.get(target)];
    if (!on) return;
    const info = ability === null ? null : player.session.content.ability(ability);
    if (kind === "Heal" || kind === "Buff") {
      this.#play({ name: "heal", x: on.x, y: on.y, follow: on, stands: true });
      if (by && !by.isOwn && info?.shape !== "Ground") this.#sound("used", by, info);
      if (amount > 0) this.#float(on, `+${amount}`, palette.heal);
      return;
    }
    if (kind !== "Damage" && kind !== "Tick") return;
    this.#toldMs.set(target, nowMs);
    if (this.#toldMs.size > 64) this.#toldMs.delete(this.#toldMs.keys().next().value);
    on.hitMs = nowMs;
    const colour = on.isOwn ? palette.taken : kind === "Tick" ? palette.overTime : palette.dealt;
    this.#float(
      on,
      on.isOwn ? `-${amount}` : String(amount),
      colour,
      kind === "Damage" && amount >= on.entity.components.Health?.max * 0.3,
    );
    if (kind === "Tick") return;
    this.#play({ name: "hit", x: on.x, y: on.y, height: CHEST_PX });
    this.#sound("struck", on);
    // The own blow is shown since it was pressed.
    if (by && !by.isOwn && info?.shape !== "Projectile") {
      by.strike(nowMs, on);
      if (info?.shape !== "Ground") this.#sound("used", by, info);
      if (info && isMelee(info)) this.#slash(by, on);
    }
    const max = on.entity.components.Health?.max ?? Infinity;
    if (on.isOwn && amount > max / 5) this.#scene.shake(SHAKE_PX);
  }
}
