// Draws everybody and everything that stands, flies or lies in the world.

import { STATUS_FLAGS } from "../../../js/src/index.js";
import { drawFrame } from "./effects.js";
import { projectilePaths } from "./looks.js";
import { marksOf, drawMarks } from "./marks.js";
import { DEAD, EXHALED, IDLE, radians } from "./motion.js";
import { shadowOf } from "./shadows.js";

const FLASH = "#ffffff";
const BAR_WIDTH = 26;
const LOOT_SCALE = 0.75;
/** How high projectiles fly. */
const FLIGHT_PX = 14;
/** The vendor of a map who stands at most so far away is meant, in pixels. */
const VENDOR_REACH_PX = 64;
/** For those who have no picture of their own. */
const USUAL = {
  Player: "pictures/characters/adventurer.png",
  Mob: "pictures/mobs/creature.png",
  Vendor: "pictures/vendors/vendor.png",
};

const FOLDERS = { Player: "characters", Mob: "mobs" };

/** The sheet of somebody; null while it is on its way. */
export function sheetOf(actor, { sheets, content, vendors }) {
  const { definition } = actor.entity.components.Appearance;
  const folder = FOLDERS[actor.kind];
  if (folder) {
    const { id } = (actor.kind === "Mob" ? content.mobs : content.classes)[definition] ?? {};
    return id ? sheets.get(`pictures/${folder}/${id}.png`, USUAL[actor.kind]) : null;
  }
  if (actor.kind !== "Vendor") return null;
  const vendor = vendors.find(({ x, y }) => Math.hypot(x - actor.x, y - actor.y) < VENDOR_REACH_PX);
  return sheets.get(...(vendor ? [`pictures/vendors/${vendor.id}.png`] : []), USUAL.Vendor);
}

/** Whether it is drawn with a sheet. */
export function isFigure({ kind }) {
  return kind === "Player" || kind === "Mob" || kind === "Vendor";
}

/** The colour in which somebody is marked. */
export function colourOf(actor, { palette, party, content }) {
  if (actor.isOwn) return palette.own;
  if (actor.kind === "Player") return party.has(actor.entity.name) ? palette.party : palette.player;
  if (actor.kind === "Mob") {
    return content.mobs[actor.entity.components.Appearance.definition]?.aggressive ? palette.foe : palette.calm;
  }
  return palette.vendor;
}

/** Draws somebody, and what is to be seen of what happens to it. */
export function drawFigure(context, actor, frame) {
  const { view, nowMs, selection } = frame;
  const sheet = sheetOf(actor, frame);
  const [x, y] = [Math.round(actor.x) - view.x, Math.round(actor.y) - view.y];
  if (!sheet) return;
  const moving = actor.column(nowMs, actor.isOwn ? frame.ownTick : frame.tick);
  const column = frame.isStill && moving === EXHALED ? IDLE : moving;
  context.globalAlpha = actor.alpha(nowMs) * (actor.entity.hasStatus(STATUS_FLAGS.connection_lost) ? 0.5 : 1);
  const isMarked = column !== DEAD && actor.id === selection.hovered;
  if (isMarked) sheet.drawOutline(context, column, actor.row, x, y, colourOf(actor, frame));
  sheet.draw(context, column, actor.row, x, y);
  if (actor.isHit(nowMs) && !frame.isStill) {
    context.globalAlpha *= 0.65;
    sheet.drawTinted(context, column, actor.row, x, y, FLASH);
  }
  if (column !== DEAD && actor.entity.hasStatus(STATUS_FLAGS.rooted)) drawRoots(context, x, y, frame);
  if (column !== DEAD) drawMarks(context, marksOf(actor.entity), x, y - sheet.tall - 12, nowMs);
  context.globalAlpha = 1;
}

function drawRoots(context, x, y, { effects, nowMs }) {
  const strip = effects.strip("root");
  if (strip) drawFrame(context, strip, Math.floor(nowMs / 300) % strip.frames, x, y - (strip.size * 3) / 8);
}

/** Whether somebody's health is shown over the head: mobs' when they are hurt or the target, players' when they are hurt. */
export function showsHealth(actor, { selection }) {
  const { Health: health } = actor.entity.components;
  if (!health || actor.kind === "Vendor" || health.current === 0 || actor.id === selection.boss) return false;
  return health.current < health.max || actor.id === selection.target;
}

/** Draws the bars above a head: health, and the cast under it. */
export function drawBars(context, actor, frame) {
  const isHurt = showsHealth(actor, frame);
  if (actor.goneMs !== null || !(isHurt || actor.cast)) return;
  const sheet = sheetOf(actor, frame);
  if (!sheet) return;
  const left = Math.round(actor.x) - frame.view.x - BAR_WIDTH / 2;
  const top = Math.round(actor.y) - frame.view.y - sheet.tall - 8;
  const { palette } = frame;
  if (isHurt) {
    const { current, max } = actor.entity.components.Health;
    drawBar(context, left, top, current / max, actor.kind === "Mob" ? palette.foeHealth : palette.health);
  }
  if (actor.cast) {
    const ability = frame.content.ability(actor.cast.ability);
    const ticks = Math.max(((ability?.cast_ms ?? 0) * frame.tickHz) / 1000, 1);
    const left_ = actor.cast.until - (actor.isOwn ? frame.ownTick : frame.tick);
    drawBar(context, left, top + 5, 1 - left_ / ticks, palette.cast);
  }
}

function drawBar(context, x, y, share, colour) {
  context.fillStyle = "rgba(14, 11, 10, 0.85)";
  context.fillRect(x - 1, y - 1, BAR_WIDTH + 2, 5);
  context.fillStyle = colour;
  const wide = Math.round(Math.min(Math.max(share, 0), 1) * BAR_WIDTH);
  context.fillRect(x, y, wide, 3);
  context.fillStyle = "rgba(255, 255, 255, 0.25)";
  context.fillRect(x, y, wide, 1);
}

/** Draws the ring around the target's feet. */
export function drawRing(context, actor, frame) {
  const sheet = sheetOf(actor, frame);
  if (!sheet) return;
  const beat = frame.isStill ? 0 : Math.sin(frame.nowMs / 220) * 0.8;
  const wide = Math.max(sheet.wide * 0.62, 11) + beat;
  const [x, y] = [Math.round(actor.x) - frame.view.x, Math.round(actor.y) - frame.view.y];
  context.lineWidth = 3;
  context.strokeStyle = "rgba(14, 11, 10, 0.55)";
  context.beginPath();
  context.ellipse(x, y, wide, wide * 0.48, 0, 0, 2 * Math.PI);
  context.stroke();
  context.lineWidth = 1.5;
  context.strokeStyle = colourOf(actor, frame);
  context.stroke();
}

/** Draws a projectile that flies. */
export function drawProjectile(context, actor, frame) {
  const ability = frame.content.ability(actor.entity.components.Appearance.definition);
  const strip = ability && frame.effects.strip(...projectilePaths(ability));
  if (!strip || actor.goneMs !== null) return;
  const [x, y] = [actor.x - frame.view.x, actor.y - frame.view.y];
  const shadow = shadowOf(10);
  context.drawImage(shadow, Math.round(x) - 5, Math.round(y) - 2);
  const turn = Math.floor(frame.nowMs / 60) % strip.frames;
  drawFrame(context, strip, turn, x, y - FLIGHT_PX, { angle: radians(actor.entity.facing ?? 0) || 1e-6 });
}

/** Draws what lies on the ground to be picked up. */
export function drawLoot(context, actor, frame) {
  const { view, nowMs, effects, items } = frame;
  const bob = frame.isStill ? 0 : Math.round(Math.sin(nowMs / 300 + actor.id));
  const [x, y] = [Math.round(actor.x) - view.x, Math.round(actor.y) - view.y];
  context.globalAlpha = actor.alpha(nowMs);
  context.drawImage(shadowOf(16), x - 8, y - 3);
  const icon = actor.kind === "GroundItem" && items(actor.entity.components.Appearance.definition);
  const isMarked = actor.id === frame.selection.hovered;
  if (isMarked) drawGlow(context, x, y - 6);
  if (icon) context.drawImage(icon, x - 10, y - 18 + bob, 20, 20);
  else {
    const strip = effects.strip("loot");
    if (strip) drawFrame(context, strip, Math.floor(nowMs / 500) % strip.frames, x, y - 8 + bob, { scale: LOOT_SCALE });
  }
  const sparkle = effects.strip("sparkle");
  // It glitters now and then, each at moments of its own.
  const moment = (nowMs + actor.id * 397) % 1800;
  if (sparkle && !frame.isStill && moment < sparkle.frames * 80) {
    drawFrame(context, sparkle, Math.floor(moment / 80), x + ((actor.id * 7) % 9) - 4, y - 12);
  }
  context.globalAlpha = 1;
}

function drawGlow(context, x, y) {
  context.fillStyle = "rgba(255, 226, 140, 0.3)";
  context.beginPath();
  context.arc(x, y, 14, 0, 2 * Math.PI);
  context.fill();
}
