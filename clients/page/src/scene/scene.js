// The world on the screen. It is painted in its own pixels and then enlarged; texts are drawn in those of the screen.

import { Actors } from "./actors.js";
import { Bubbles, drawBubbles } from "./bubbles.js";
import { Camera, UNITS_PER_PX } from "./camera.js";
import { Curtain } from "./curtain.js";
import { Effects, Floaters } from "./effects.js";
import { isFigure, sheetOf } from "./figures.js";
import { frameOf, isInView } from "./frame.js";
import { Happenings } from "./happenings.js";
import { Labels } from "./labels.js";
import { MiniMap } from "./minimap.js";
import { Painter } from "./painter.js";
import { paletteOf } from "./palette.js";
import { boxOf, pick } from "./pick.js";
import { drawPortalNames } from "./places.js";
import { Sheets } from "./sheets.js";
import { Stage } from "./stage.js";
import { FrameStats } from "./stats.js";
import { drawTags, topOf } from "./tags.js";

const MAX_PASSED_MS = 100;
/** Words keep so far away from the edge, and from the lower one. Pixels of the page. */
const EDGE_PX = 6;
const BAR_PX = 90;
/** On screens up to so wide, buttons and abilities are there. */
const SMALL_PX = 700;
const BUTTONS_PX = 62;
const THUMBS_PX = 200;

/** The scene of one stay in the world. It survives journeys: it reads what the player is and sees in each frame. */
export class Scene {
  /** When the frame that is drawn began. */
  nowMs = 0;
  palette;
  player;
  actors;
  effects;
  floaters = new Floaters();
  #canvas;
  #context;
  #assets;
  #settings;
  /** Where the middle of the view is. */
  #eye;
  #camera = new Camera();
  #painter = new Painter();
  #stage;
  #bubbles = new Bubbles();
  #miniMap = new MiniMap();
  #curtain = new Curtain();
  #stats = new FrameStats();
  #happenings;
  /** What frames are made of. */
  #parts;
  #session = null;
  /** Whether the player has seen its own character in this stay. */
  hasShownOwn = false;
  /** The frame that was drawn last; null before the first one of the world. */
  #frame = null;
  /** Where the player has clicked to walk to. */
  #goal = null;
  #overlays = new Set();
  /** Where words may stand on the screen, in its pixels. */
  #room = { left: 0, right: 0, bottom: 0 };

  /**
   * @param {HTMLCanvasElement} canvas
   * @param {{ player: import("../../../js/src/index.js").Player, assets: import("../assets.js").Assets,
   *   settings: { get(name: string): any }, selection: { target: number | null, hovered: number | null, boss: number | null },
   *   eye?: () => { x: number, y: number } | null, happened?: (what: string, at: object, ability?: object) => void }} world
   *   `player` may be a `Spectator`: then `eye` says where the middle of the view is, in pixels of the world. `happened` is
   *   called with what happens that makes a sound, and where.
   */
  constructor(canvas, { player, assets, settings, selection, eye = () => this.own, happened = () => {} }) {
    [this.#canvas, this.#context] = [canvas, canvas.getContext("2d", { alpha: false })];
    [this.player, this.#assets, this.#settings] = [player, assets, settings];
    [this.#eye, this.happened] = [eye, happened];
    this.#stage = new Stage(assets);
    this.effects = new Effects(assets);
    this.#happenings = new Happenings(this);
    this.actors = new Actors(this.#happenings);
    this.palette = paletteOf(settings.get("palette"));
    this.#parts = {
      ...{ player, assets, settings, selection, actors: this.actors, effects: this.effects, stage: this.#stage },
      ...{ camera: this.#camera, happenings: this.#happenings, sheets: new Sheets(assets), labels: new Labels() },
    };
    this.resize();
  }

  /** The canvas gets as many pixels as its place on the screen has. */
  resize() {
    const { clientWidth, clientHeight } = this.#canvas;
    const ratio = globalThis.devicePixelRatio || 1;
    this.#canvas.width = Math.max(Math.round(clientWidth * ratio), 1);
    this.#canvas.height = Math.max(Math.round(clientHeight * ratio), 1);
    this.#camera.resize(this.#canvas.width, this.#canvas.height);
    // On small screens the buttons of the windows are at the right edge.
    const [besides, below] = clientWidth <= SMALL_PX ? [BUTTONS_PX, THUMBS_PX] : [EDGE_PX, BAR_PX];
    const { width, height } = this.#canvas;
    this.#room = { left: EDGE_PX * ratio, right: width - besides * ratio, bottom: height - below * ratio };
    this.#painter.resize(this.#camera);
  }

  /**
   * Draws a frame. `player.show` has been called for it.
   * @param {number} nowMs
   */
  draw(nowMs) {
    const began = performance.now();
    const passedMs = Math.min(Math.max(nowMs - this.nowMs, 0), MAX_PASSED_MS);
    this.nowMs = nowMs;
    const { session } = this.player;
    // On the way to another map the last picture stays.
    const isHere = session.welcome && this.#stage.follow(session);
    if (isHere && session.content.classes.length > 0) this.#drawWorld(session, passedMs);
    this.#painter.show(this.#context, this.#camera.zoom);
    if (this.#frame) this.#write(this.#frame);
    for (const draw of this.#overlays) draw(this.#context, this.#canvas, this.nowMs);
    this.#curtain.draw(this.#context, this.#canvas, this.nowMs);
    this.#stats.add(performance.now() - began);
  }

  #drawWorld(session, passedMs) {
    if (session !== this.#session) this.#begin(session);
    this.palette = paletteOf(this.#settings.get("palette"));
    this.#happenings.showUses(session);
    this.actors.update(this.player, this.nowMs);
    this.effects.sweep(this.nowMs);
    const middle = this.#eye();
    if (middle) this.#camera.follow(middle, this.#stage.ground, passedMs);
    const parts = { ...this.#parts, palette: this.palette, goal: this.#goal, room: this.#room };
    this.#frame = frameOf(parts, this.nowMs);
    this.#painter.paint(this.#frame);
    const own = this.own;
    if (own && !this.hasShownOwn) this.#markOwn(own);
  }

  /** Notes in the browser's timeline when the player has seen its own character first. */
  #markOwn(own) {
    this.hasShownOwn = sheetOf(own, this.#frame) !== null;
    if (this.hasShownOwn) performance.mark("own character shown");
  }

  /** The own character, as it is shown; null where it is not. */
  get own() {
    return this.actors.get(this.player.session.welcome?.entity);
  }

  /** Another session: nobody of the last one is here. */
  #begin(session) {
    this.#session = session;
    this.effects.clear();
    this.floaters.clear();
    this.#bubbles.clear();
    this.#goal = null;
    this.#camera.jump();
    this.#fetch(session.content);
  }

  /** Asks for the pictures of all who may come, so that nobody appears without one. */
  #fetch({ classes, mobs }) {
    for (const { id } of classes) this.#assets.ready(`pictures/characters/${id}.png`);
    for (const { id } of mobs) this.#assets.ready(`pictures/mobs/${id}.png`);
  }

  /** Writes over the world, in the screen's own pixels. */
  #write(frame) {
    const context = this.#context;
    frame.labels.sweep(frame.nowMs);
    const bubbles = this.#bubbles.layOut(this.actors, frame, (actor) => this.topOf(actor));
    drawPortalNames(context, frame.places, frame);
    drawTags(context, this.actors, frame, bubbles);
    drawBubbles(context, bubbles, frame.textSize);
    this.floaters.draw(context, frame);
    this.#curtain.drawDanger(context, this.#canvas, frame);
  }

  /** How far somebody reaches over the ground with what is over the head, in pixels of the world. */
  topOf(actor) {
    return this.#frame ? topOf(actor, isFigure(actor) ? sheetOf(actor, this.#frame) : null) : 0;
  }

  // --- for the rest of the page ---

  /** Pixels of the world to one of the page. */
  get pxPerClientPx() {
    return this.#canvas.width / Math.max(this.#canvas.getBoundingClientRect().width, 1) / this.#camera.zoom;
  }

  /** The point of the world under a point of the page, in pixels of the world. */
  #worldAt(clientX, clientY) {
    const box = this.#canvas.getBoundingClientRect();
    const scale = this.pxPerClientPx;
    return { x: (clientX - box.left) * scale + this.#camera.x, y: (clientY - box.top) * scale + this.#camera.y };
  }

  /**
   * The point under a point of the page, in units: 1,024 to a tile.
   * @param {number} clientX
   * @param {number} clientY
   */
  pointAt(clientX, clientY) {
    const { x, y } = this.#worldAt(clientX, clientY);
    return { x: Math.round(x * UNITS_PER_PX), y: Math.round(y * UNITS_PER_PX) };
  }

  /**
   * Who or what is under a point of the page: players, mobs, vendors and loot; null if nobody.
   * @param {number} clientX
   * @param {number} clientY
   * @param {number} [reachPx] How far beside it still counts, in pixels of the page.
   */
  entityAt(clientX, clientY, reachPx = 8) {
    if (!this.#frame) return null;
    const candidates = [];
    for (const actor of this.actors) {
      const isLoot = actor.kind === "GroundItem" || actor.kind === "GroundGold";
      const isMeant = (isFigure(actor) && !actor.isOwn && !(actor.kind === "Mob" && actor.entity.isDead)) || isLoot;
      if (!isMeant || actor.goneMs !== null || !isInView(actor, this.#camera)) continue;
      const sheet = isLoot ? null : sheetOf(actor, this.#frame);
      candidates.push({ id: actor.id, kind: actor.kind, y: actor.y, box: boxOf(actor, sheet) });
    }
    const scale = (globalThis.devicePixelRatio || 1) / this.#camera.zoom;
    return pick(candidates, this.#worldAt(clientX, clientY), reachPx * scale);
  }

  /** Where something is on the page, for bubbles and menus; null if it is not in view. */
  clientPointOf(entity) {
    const actor = this.actors.get(entity);
    if (!actor || !this.#frame) return null;
    const box = this.#canvas.getBoundingClientRect();
    const scale = (this.#camera.zoom * box.width) / this.#canvas.width;
    return { x: box.left + (actor.x - this.#camera.x) * scale, y: box.top + (actor.y - this.#camera.y) * scale };
  }

  /** The server says something. */
  told(message) {
    this.#happenings.told(message);
    const isSaid = message.type === "Chat" && message.scope !== "Whisper";
    if (isSaid) this.#bubbles.say(message.from, message.text, this.nowMs);
  }

  /** The player walks to a point, in units: it is marked for a moment. */
  walksTo({ x, y }) {
    this.#goal = { x: x / UNITS_PER_PX, y: y / UNITS_PER_PX, sinceMs: this.nowMs };
  }

  /** The player aims an ability at a point, or at a body of this radius there, in units: its pictures belong there. */
  aimed(ability, point, body) {
    this.#happenings.aimed(ability, point, body);
  }

  /** Draws what is around the player into a small canvas. */
  drawMiniMap(canvas) {
    if (this.#frame) this.#miniMap.draw(canvas, this.#frame);
  }

  /** Draws the whole map into a canvas. */
  drawMap(canvas) {
    if (this.#frame) this.#miniMap.drawWhole(canvas, this.#frame);
  }

  /** Fades to black, or back. */
  fade(toBlack) {
    this.#curtain.fade(toBlack, this.nowMs, this.#settings.get("reducedMotion") === true);
  }

  /** Lets the view tremble, unless the player wants it still. */
  shake(px) {
    if (this.#settings.get("reducedMotion") !== true) this.#camera.shake(px);
  }

  /** Draws something over each frame, in pixels of the screen. Answers how to stop that. */
  overlay(draw) {
    this.#overlays.add(draw);
    return () => this.#overlays.delete(draw);
  }

  /** How many players, mobs and vendors are on the screen. */
  get figuresInView() {
    let count = 0;
    for (const actor of this.actors) if (isFigure(actor) && isInView(actor, this.#camera)) count += 1;
    return count;
  }

  /** Milliseconds that half and 95 % of the last 300 frames took at most. */
  stats() {
    return this.#stats.read();
  }

  /** Frees what takes memory. */
  close() {
    this.#overlays.clear();
    this.effects.clear();
    this.floaters.clear();
    this.#painter.close();
    this.#stage.close();
    this.#parts.sheets.close();
    this.#parts.labels.clear();
    this.#frame = null;
  }
}
