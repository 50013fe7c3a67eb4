// Lets a piece of sound go round without a seam. No browser.

/** Decoders may put nothing there: it is left out. */
const SKIPPED_S = 0.1;
/** So much of the end fades into the beginning. */
const FADED_S = 0.5;

/**
 * Fades the end of a piece into its beginning, in place. Answers between which times it goes round, in seconds; null for a piece
 * that is too short for that.
 * @param {Float32Array[]} channels
 * @param {number} rate Samples in a second.
 */
export function goRound(channels, rate) {
  const [skipped, faded] = [Math.round(SKIPPED_S * rate), Math.round(FADED_S * rate)];
  const length = channels[0]?.length ?? 0;
  const period = length - skipped - faded;
  if (period <= faded) return null;
  for (const samples of channels) {
    for (let index = 0; index < faded; index += 1) {
      const share = index / faded;
      const at = skipped + index;
      samples[at] = samples[at] * share + samples[at + period] * (1 - share);
    }
  }
  return { from: skipped / rate, to: (skipped + period) / rate };
}
