// All sounds of the page.

import { Ambience } from "./ambience.js";
import { Library } from "./library.js";
import { Output } from "./output.js";
import { HERE } from "./place.js";
import { GROUPS, OWN_CUES } from "./score.js";
import { Repeats, Voices } from "./voices.js";

/** After one of these, browsers let a page play. */
const GESTURES = ["pointerdown", "pointerup", "keydown"];
/** What is pressed. */
const PRESSED = "button, a, summary, select, [role=tab], [role=menuitem], input[type=checkbox], input[type=radio]";

/** Plays sounds. Nothing is loaded, opened or played before the first press, nor while they are muted. */
export class Sound {
  #settings;
  #output = new Output();
  #voices = new Voices();
  #repeats = new Repeats();
  #hasGesture = false;
  /** Null until the first frame of the world. */
  #library = null;
  #ambience = null;
  /** When a sound of windows was played last. */
  #windowMs = -Infinity;

  /** @param {import("../settings.js").Settings} settings */
  constructor(settings) {
    this.#settings = settings;
    for (const gesture of GESTURES) addEventListener(gesture, () => this.#gesture(), { capture: true, passive: true });
    addEventListener("click", (event) => this.#pressed(event));
    document.addEventListener("visibilitychange", () => this.#settle());
    settings.addEventListener("change", () => this.#settle());
  }

  /** Whether anything can be played now. */
  get isAudible() {
    return this.#output.isOpen && !document.hidden && !this.#settings.get("muted");
  }

  #gesture() {
    this.#hasGesture = true;
    if (!this.#output.isRunning) this.#settle();
  }

  /** Plays as loud as the settings say, or rests. What was played is over then, but for the map's. */
  #settle() {
    if (this.#hasGesture && !this.#settings.get("muted")) this.#output.open();
    if (!this.isAudible) for (const { end } of this.#voices.takeAll()) end();
    for (const group of Object.keys(GROUPS)) this.#output.setVolume(group, this.#settings.get(`volume_${group}`));
    this.#output.run(this.isAudible);
  }

  /** Loads the sounds, if that is still to be done. */
  load(assets) {
    if (this.#library || !this.isAudible) return;
    this.#library = new Library(assets, this.#output);
    this.#ambience = new Ambience(this.#output, this.#voices, this.#library);
    this.#library.load();
  }

  /** Plays a map's ambience, and no other; null for none. */
  follow(map) {
    this.#ambience?.follow(map);
  }

  /** What a press does may have a sound of its own: then it was played by now. */
  #pressed({ target, timeStamp }) {
    if (target instanceof Element && target.closest(PRESSED) && this.#windowMs < timeStamp) this.play("press");
  }

  /** Plays one of `OWN_CUES`. */
  play(name) {
    const cue = OWN_CUES[name];
    if (isOfWindows(cue.name)) this.#windowMs = performance.now();
    this.playAt(cue, HERE);
  }

  /**
   * Plays a sound, unless it is not here or others matter more.
   * @param {import("./score.js").Cue | null} cue
   * @param {{ gain: number, pan: number }} place
   */
  playAt(cue, place, rate = 1) {
    if (!cue || !this.#library || !this.isAudible) return;
    const name = cue.instead && this.#library.get(cue.instead) ? cue.instead : cue.name;
    const buffer = this.#library.get(name);
    if (!buffer || this.#repeats.isTooSoon(name, performance.now())) return;
    const gain = cue.gain * place.gain;
    const voice = { weight: gain * cue.weight };
    const { hasRoom, ends } = this.#voices.room(voice.weight);
    ends?.end();
    if (!hasRoom) return;
    const group = isOfWindows(name) ? "interface" : "effects";
    voice.end = this.#output.play(buffer, { group, gain, pan: place.pan, rate, onEnd: () => this.#voices.remove(voice) });
    this.#voices.add(voice);
  }
}

const isOfWindows = (name) => name.startsWith("interface/");
