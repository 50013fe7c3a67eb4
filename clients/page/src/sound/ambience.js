// The sound of the map where the player is. It goes round; from map to map one fades into the other.

import { goRound } from "./round.js";

const FADE_S = 1.5;

export class Ambience {
  #output;
  #voices;
  #library;
  /** The map whose ambience is played, or on its way. */
  #map = null;
  #voice = null;
  /** Where each goes round: its samples are faded once. */
  #rounds = new WeakMap();

  constructor(output, voices, library) {
    [this.#output, this.#voices, this.#library] = [output, voices, library];
  }

  /** Plays that of a map, and no other; null for none. */
  follow(map) {
    if (map !== this.#map) this.#change(map);
  }

  async #change(map) {
    this.#map = map;
    this.#end();
    const path = map === null ? null : this.#library.ambienceOf(map);
    const buffer = path && (await this.#library.ambience(path));
    // The player may have gone on meanwhile.
    if (buffer && this.#map === map) this.#begin(buffer);
  }

  #begin(buffer) {
    const { hasRoom, ends } = this.#voices.room(Infinity);
    ends?.end();
    if (!hasRoom) return;
    if (!this.#rounds.has(buffer)) this.#rounds.set(buffer, goRound(channelsOf(buffer), buffer.sampleRate));
    const voice = { weight: Infinity, stays: true };
    const onEnd = () => this.#voices.remove(voice);
    voice.end = this.#output.play(buffer, { group: "ambience", gain: 1, round: this.#rounds.get(buffer), swellsS: FADE_S, onEnd });
    this.#voices.add(voice);
    this.#voice = voice;
  }

  #end() {
    this.#voice?.end(FADE_S);
    this.#voice = null;
  }
}

function channelsOf(buffer) {
  return Array.from({ length: buffer.numberOfChannels }, (_, channel) => buffer.getChannelData(channel));
}
