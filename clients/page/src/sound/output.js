// The browser's sound: opened after the first press, suspended while nothing can be played.

import { GROUPS } from "./score.js";

/** Everything together leaves room for several loud sounds at once. */
const ALL_GAIN = 0.8;
/** Changes of loudness take so long, so that none clicks. */
const SOFTLY_S = 0.03;

/** What sounds are played by. */
export class Output {
  #context = null;
  #groups = new Map();
  #volumes = new Map();

  get isOpen() {
    return this.#context !== null;
  }

  get isRunning() {
    return this.#context?.state === "running";
  }

  /** Called in a press: browsers let nothing play before. */
  open() {
    const Context = globalThis.AudioContext;
    if (this.#context || !Context) return;
    this.#context = new Context({ latencyHint: "interactive" });
    const all = this.#gain(ALL_GAIN, this.#context.destination);
    for (const group of Object.keys(GROUPS)) this.#groups.set(group, this.#gain(1, all));
  }

  #gain(gain, to) {
    const node = new GainNode(this.#context, { gain });
    node.connect(to);
    return node;
  }

  /** Plays, or rests: then nothing is computed. */
  run(isOn) {
    if (!this.#context || this.isRunning === isOn) return;
    // A browser that does not let it play yet is asked again at the next press.
    (isOn ? this.#context.resume() : this.#context.suspend()).catch(() => {});
  }

  setVolume(group, volume) {
    if (!this.#context || this.#volumes.get(group) === volume) return;
    this.#volumes.set(group, volume);
    // The ear hears squares about evenly.
    this.#groups.get(group).gain.setTargetAtTime(volume * volume, this.#context.currentTime, SOFTLY_S);
  }

  /** @returns {Promise<AudioBuffer | null>} Null for what is no sound. */
  decode(bytes) {
    return this.#context.decodeAudioData(bytes).catch(() => null);
  }

  /**
   * Plays a sound. Answers how to end it, within so many seconds.
   * @param {AudioBuffer} buffer
   * @param {{ group: string, gain: number, pan?: number, rate?: number, round?: { from: number, to: number } | null,
   *   swellsS?: number, onEnd?: () => void }} how
   */
  play(buffer, { group, gain, pan = 0, rate = 1, round = null, swellsS = 0, onEnd = () => {} }) {
    const context = this.#context;
    const source = new AudioBufferSourceNode(context, { buffer, playbackRate: rate });
    if (round) Object.assign(source, { loop: true, loopStart: round.from, loopEnd: round.to });
    const level = this.#gain(swellsS > 0 ? 0 : gain, this.#groups.get(group));
    if (swellsS > 0) level.gain.setTargetAtTime(gain, context.currentTime, swellsS / 3);
    const aside = pan === 0 ? null : new StereoPannerNode(context, { pan });
    aside?.connect(level);
    source.connect(aside ?? level);
    source.onended = () => (level.disconnect(), onEnd());
    source.start(0, round?.from ?? 0);
    return (withinS = 0) => {
      level.gain.setTargetAtTime(0, context.currentTime, Math.max(withinS, 0.01) / 3);
      source.stop(context.currentTime + withinS);
    };
  }
}
