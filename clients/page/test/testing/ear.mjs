// The sounds that the page plays, by the names of their files. The page itself knows nothing of it.

/** Runs in the page before its own scripts. */
function openTheEar() {
  const ear = (globalThis.ear = { contexts: [], played: [], mostAtOnce: 0, isSlow: false });
  /** The addresses of what was loaded, decoded and is played. */
  const addresses = new WeakMap();
  const playing = new Set();
  const { arrayBuffer } = Response.prototype;
  Response.prototype.arrayBuffer = async function () {
    const bytes = await arrayBuffer.call(this);
    addresses.set(bytes, this.url);
    return bytes;
  };
  const { decodeAudioData } = BaseAudioContext.prototype;
  BaseAudioContext.prototype.decodeAudioData = async function (bytes) {
    const address = addresses.get(bytes);
    const buffer = await decodeAudioData.call(this, bytes);
    addresses.set(buffer, address);
    return buffer;
  };
  globalThis.AudioContext = class extends AudioContext {
    constructor(...rest) {
      super(...rest);
      ear.contexts.push(this);
    }
  };
  const { start } = AudioBufferSourceNode.prototype;
  AudioBufferSourceNode.prototype.start = function (...rest) {
    ear.played.push(addresses.get(this.buffer).match(/sounds\/(.+)\.mp3$/)[1]);
    // What is slow lasts, so that many are played at once.
    if (ear.isSlow && !this.loop) this.playbackRate.value = 0.02;
    playing.add(this);
    ear.mostAtOnce = Math.max(ear.mostAtOnce, playing.size);
    this.addEventListener("ended", () => playing.delete(this));
    return start.call(this, ...rest);
  };
  const { stop } = AudioScheduledSourceNode.prototype;
  AudioScheduledSourceNode.prototype.stop = function (when = 0) {
    if (when <= this.context.currentTime) playing.delete(this);
    return stop.call(this, when);
  };
}

/** Opens the ear of a page that is still empty. */
export async function openEar(page) {
  await page.addInitScript(openTheEar);
}

/** What the page has played so far, the oldest first, such as `effects/hit`; and how its outputs are: `running`, `suspended`. */
export async function listen(page) {
  return page.evaluate(() => {
    const { played, contexts, mostAtOnce } = globalThis.ear;
    return { played, outputs: contexts.map(({ state }) => state), mostAtOnce };
  });
}

/** From now on what is short lasts, if it is played at all. */
export async function slowDown(page) {
  await page.evaluate(() => (globalThis.ear.isSlow = true));
}
