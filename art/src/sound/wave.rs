//! What sounds are made of: samples, tones, noise, filters and envelopes.

use crate::math::{noise, power, sin};

/// Samples in a second.
pub const RATE: f32 = 22_050.0;

/// A sound of one channel, in samples from -1 to 1.
#[derive(Debug, Clone, PartialEq)]
pub struct Wave(pub Vec<f32>);

/// How many samples there are in so many seconds.
pub fn samples(seconds: f32) -> usize {
    (seconds * RATE).round() as usize
}

impl Wave {
    /// A sound of this length, by what it is at each time, in seconds.
    pub fn of(seconds: f32, mut at: impl FnMut(f32) -> f32) -> Self {
        Self((0..samples(seconds)).map(|index| at(index as f32 / RATE)).collect())
    }

    /// A tone whose height may change: `hertz` says it for each time.
    pub fn tone(seconds: f32, hertz: impl Fn(f32) -> f32) -> Self {
        let mut turns = 0.0;
        Self::of(seconds, |time| {
            let value = sin(turns * 360.0);
            turns = (turns + hertz(time) / RATE).fract();
            value
        })
    }

    /// A bell: a tone whose phase another one moves, less and less. `ratio` is between their heights.
    pub fn bell(seconds: f32, hertz: f32, ratio: f32, depth: f32, half_life: f32) -> Self {
        let (mut carrier, mut modulator) = (0.0_f32, 0.0_f32);
        Self::of(seconds, |time| {
            let value = sin((carrier + depth * falling(time, half_life / 2.0) * sin(modulator * 360.0)) * 360.0);
            carrier = (carrier + hertz / RATE).fract();
            modulator = (modulator + hertz * ratio / RATE).fract();
            value * falling(time, half_life) * rising(time, 0.004)
        })
    }

    /// A plucked string (Karplus and Strong): noise that goes round in a delay line and is softened each time.
    pub fn pluck(seconds: f32, hertz: f32, kept: f32, seed: u32) -> Self {
        let period = (RATE / hertz).round().max(2.0) as usize;
        let mut line: Vec<f32> = (0..period).map(|index| noise(index as i32, 0, seed) * 2.0 - 1.0).collect();
        // Fingers are soft: the line begins without the harshest part.
        for _ in 0..2 {
            let first = line[0];
            for index in 0..period {
                let next = if index + 1 < period { line[index + 1] } else { first };
                line[index] = (line[index] + next) / 2.0;
            }
        }
        let mean = line.iter().sum::<f32>() / period as f32;
        line.iter_mut().for_each(|value| *value -= mean);
        let mut at = 0;
        Self::of(seconds, |_| {
            let value = line[at];
            let next = line[(at + 1) % period];
            line[at] = (value + next) / 2.0 * kept;
            at = (at + 1) % period;
            value
        })
    }

    /// Noise that repeats after so many samples.
    pub fn noise_repeating(seconds: f32, period: usize, seed: u32) -> Self {
        Self((0..samples(seconds)).map(|index| noise((index % period) as i32, 1, seed) * 2.0 - 1.0).collect())
    }

    /// Noise.
    pub fn noise(seconds: f32, seed: u32) -> Self {
        Self::noise_repeating(seconds, usize::MAX, seed)
    }

    /// Only what is below a height that may change.
    pub fn below(self, hertz: impl Fn(f32) -> f32) -> Self {
        self.filtered(hertz, 0.8, |low, _| low)
    }

    /// Only what is around a height that may change; the narrower, the larger `sharpness` is.
    pub fn around(self, hertz: impl Fn(f32) -> f32, sharpness: f32) -> Self {
        self.filtered(hertz, sharpness, |_, band| band)
    }

    /// A state variable filter; `take` chooses from its low and its band output.
    fn filtered(mut self, hertz: impl Fn(f32) -> f32, sharpness: f32, take: impl Fn(f32, f32) -> f32) -> Self {
        let (mut first, mut second) = (0.0_f32, 0.0_f32);
        let damping = 1.0 / sharpness;
        for (index, sample) in self.0.iter_mut().enumerate() {
            let degrees = 180.0 * (hertz(index as f32 / RATE) / RATE).clamp(0.0005, 0.49);
            let gain = sin(degrees) / sin(degrees + 90.0);
            let high = (*sample - first * (gain + damping) - second) / (1.0 + gain * (gain + damping));
            let band = gain * high + first;
            let low = gain * band + second;
            (first, second) = (gain * high + band, gain * band + low);
            *sample = take(low, band * damping);
        }
        self
    }

    /// Louder and softer, by a factor for each time.
    pub fn shaped(mut self, envelope: impl Fn(f32) -> f32) -> Self {
        for (index, sample) in self.0.iter_mut().enumerate() {
            *sample *= envelope(index as f32 / RATE);
        }
        self
    }

    /// Adds another sound from a time on, and becomes longer where that is needed.
    pub fn with(mut self, other: &Self, from: f32, factor: f32) -> Self {
        let begin = samples(from);
        if self.0.len() < begin + other.0.len() {
            self.0.resize(begin + other.0.len(), 0.0);
        }
        for (sample, more) in self.0[begin..].iter_mut().zip(&other.0) {
            *sample += more * factor;
        }
        self
    }

    /// Adds another sound from a time on; what reaches over the end goes on at the beginning.
    pub fn with_round(mut self, other: &Self, from: f32, factor: f32) -> Self {
        let (begin, length) = (samples(from), self.0.len());
        for (index, more) in other.0.iter().enumerate() {
            self.0[(begin + index) % length] += more * factor;
        }
        self
    }

    /// The last so many samples.
    pub fn last(self, count: usize) -> Self {
        let from = self.0.len().saturating_sub(count);
        Self(self.0[from..].to_vec())
    }

    /// Without a constant part, and with ends that fade in and out: nothing clicks.
    pub fn clean(mut self, fade_in: f32, fade_out: f32) -> Self {
        let mean = self.0.iter().sum::<f32>() / self.0.len().max(1) as f32;
        let seconds = self.0.len() as f32 / RATE;
        self.0.iter_mut().for_each(|sample| *sample -= mean);
        self.shaped(|time| ((time / fade_in).min((seconds - 1.0 / RATE - time) / fade_out)).clamp(0.0, 1.0))
    }

    /// As loud as this, in decibels below full scale, where it is loudest; its peaks stay below `peak`.
    pub fn levelled(mut self, decibels: f32, peak: f32) -> Self {
        let factor = amplitude(decibels) / loudest(&self.0).max(1e-6);
        self.0.iter_mut().for_each(|sample| *sample = soft(*sample * factor, peak));
        self
    }
}

/// Bends what is louder than two thirds of the peak, instead of cutting it.
fn soft(value: f32, peak: f32) -> f32 {
    let knee = peak * 2.0 / 3.0;
    let over = value.abs() - knee;
    if over <= 0.0 {
        return value;
    }
    let room = peak - knee;
    value.signum() * (knee + room * over / (over + room))
}

/// How loud the loudest twentieth of a second is: the root of the mean of the squares.
pub fn loudest(samples: &[f32]) -> f32 {
    const WINDOW: usize = (RATE / 20.0) as usize;
    let energy = |window: &[f32]| window.iter().map(|sample| sample * sample).sum::<f32>() / WINDOW as f32;
    let begins = (0..samples.len()).step_by(WINDOW / 4);
    let most = begins.map(|begin| energy(&samples[begin..samples.len().min(begin + WINDOW)])).fold(0.0, f32::max);
    most.sqrt()
}

/// The amplitude of so many decibels below full scale, which are negative.
pub fn amplitude(decibels: f32) -> f32 {
    power(0.1, -decibels / 20.0)
}

/// From 1 to nothing: half of it is left after each `half_life`.
pub fn falling(time: f32, half_life: f32) -> f32 {
    power(0.5, time / half_life)
}

/// From nothing to 1 within `seconds`.
pub fn rising(time: f32, seconds: f32) -> f32 {
    (time / seconds).clamp(0.0, 1.0)
}

/// Up and down again, softly, within `seconds`.
pub fn swelling(time: f32, seconds: f32) -> f32 {
    let up = sin((time / seconds).clamp(0.0, 1.0) * 180.0);
    up * up
}

/// From one height to another within `seconds`, evenly to the ear.
pub fn gliding(from: f32, to: f32, seconds: f32) -> impl Fn(f32) -> f32 {
    move |time| from * power(to / from, (time / seconds).clamp(0.0, 1.0))
}
