//! What sounds are like after they were encoded and decoded again.

use std::fs;
use std::path::Path;

use super::ambience::{AMBIENCE, LEAD, PERIOD};
use super::effects::EFFECTS;
use super::wave::{RATE, amplitude, loudest, samples};
use super::{Sound, all};
use crate::math::{cos, sin};

/// All files together (docs/performance.md).
const MOST_BYTES: usize = 150 * 1024;
/// Samples in a window of a spectrum.
const WINDOW: usize = 512;

/// The samples of a sound as Godot decodes it: without those that the encoder has added.
fn played(sound: &Sound) -> Vec<f32> {
    let decoded = nanomp3::decode_all::<f32>(&sound.bytes().unwrap());
    assert_eq!(decoded.sample_rate, RATE as u32, "{}", sound.name);
    assert_eq!(decoded.channels.map(|channels| channels as u8), Some(1), "{}", sound.name);
    decoded.samples
}

fn peak(samples: &[f32]) -> f32 {
    samples.iter().fold(0.0, |most, sample| most.max(sample.abs()))
}

/// The middle of the spectrum in hertz: how bright a sound is.
fn brightness(samples: &[f32]) -> f32 {
    let (mut weighted, mut all) = (0.0, 0.0);
    for window in samples.chunks_exact(WINDOW) {
        for bin in 1..WINDOW / 2 {
            let turns = |index: usize| (index * bin % WINDOW) as f32 / WINDOW as f32 * 360.0;
            let part = |of: fn(f32) -> f32| -> f32 {
                let fade = |index: usize| 0.5 - 0.5 * cos(index as f32 / WINDOW as f32 * 360.0);
                window.iter().enumerate().map(|(index, sample)| sample * fade(index) * of(turns(index))).sum()
            };
            let power = {
                let (sine, cosine) = (part(sin), part(cos));
                sine * sine + cosine * cosine
            };
            weighted += power * bin as f32 * RATE / WINDOW as f32;
            all += power;
        }
    }
    weighted / all
}

fn brightness_of(name: &str) -> f32 {
    brightness(&played(EFFECTS.iter().find(|sound| sound.name == name).unwrap()))
}

#[test]
fn all_files_together_are_short_to_load() {
    let bytes: usize = all().map(|sound| sound.bytes().unwrap().len()).sum();
    assert!(bytes <= MOST_BYTES, "{bytes} bytes");
}

#[test]
fn every_map_has_an_ambience() {
    let maps = Path::new(env!("CARGO_MANIFEST_DIR")).join("../maps");
    let maps = fs::read_dir(maps).unwrap().map(|entry| entry.unwrap().path());
    let maps: Vec<_> = maps.filter(|path| path.extension().is_some_and(|ending| ending == "tmx")).collect();
    assert!(!maps.is_empty());
    for map in maps {
        let name = format!("ambience/{}", map.file_stem().unwrap().to_str().unwrap());
        assert!(AMBIENCE.iter().any(|sound| sound.name == name), "no sound {name}");
    }
}

#[test]
fn nothing_is_cut_off_and_nothing_is_off_its_middle() {
    for sound in all() {
        let samples = played(sound);
        let mean = samples.iter().sum::<f32>() / samples.len() as f32;
        assert!(peak(&samples) < amplitude(-1.0), "{}: its peak is {}", sound.name, peak(&samples));
        assert!(mean.abs() < 0.002, "{}: its mean is {mean}", sound.name);
    }
}

#[test]
fn every_sound_is_as_loud_as_is_meant() {
    for sound in all() {
        let share = loudest(&played(sound)) / amplitude(sound.decibels);
        assert!((0.85..1.18).contains(&share), "{} is {share} times as loud as is meant", sound.name);
    }
}

#[test]
fn effects_are_short_and_begin_soon() {
    for sound in &EFFECTS {
        let samples = played(sound);
        let seconds = samples.len() as f32 / RATE;
        assert!((0.06..=0.75).contains(&seconds), "{} takes {seconds} s", sound.name);
        let begin = samples.iter().position(|sample| sample.abs() > peak(&samples) / 10.0).unwrap();
        assert!((begin as f32) < 0.09 * RATE, "{} begins after {begin} samples", sound.name);
    }
}

#[test]
fn no_effect_clicks_at_its_ends() {
    for sound in &EFFECTS {
        let samples = played(sound);
        let [first, last] = [samples[0], *samples.last().unwrap()].map(f32::abs);
        let most = amplitude(-34.0);
        assert!(first < most && last < most, "{} begins at {first} and ends at {last}", sound.name);
    }
}

#[test]
fn an_ambience_goes_on_at_its_lead_as_if_nothing_were() {
    for sound in &AMBIENCE {
        let samples_of = played(sound);
        assert_eq!(samples_of.len(), samples(PERIOD) + samples(LEAD), "{}: the decoder adds nothing", sound.name);
        // What comes before the end is what comes before the place where it goes on.
        let before = |end: usize| &samples_of[end - samples(0.1)..end];
        let (end, lead) = (before(samples_of.len() - samples(0.02)), before(samples(LEAD) - samples(0.02)));
        let apart: f32 = end.iter().zip(lead).map(|(one, other)| (one - other) * (one - other)).sum();
        let alone: f32 = end.iter().map(|sample| sample * sample).sum();
        assert!(apart < alone / 2.0, "{}: {} of it is another", sound.name, apart / alone);
        let steps = samples_of.windows(2).map(|pair| (pair[1] - pair[0]).abs());
        let step = (samples_of[samples(LEAD)] - samples_of[samples_of.len() - 1]).abs();
        assert!(step <= steps.fold(0.0, f32::max), "{}: a step of {step} at the seam", sound.name);
    }
}

#[test]
fn blows_are_dull_and_coins_are_bright() {
    for sound in &EFFECTS {
        let middle = brightness(&played(sound));
        assert!((90.0..3_200.0).contains(&middle), "{} is at {middle} Hz", sound.name);
    }
    assert!(brightness_of("effects/gold") > 2.0 * brightness_of("effects/hit"), "coins ring, blows thud");
    assert!(brightness_of("effects/hurt") < 600.0, "one's own pain is dull");
    assert!(
        brightness_of("effects/step") < brightness_of("effects/swing"),
        "a step is on the ground, a blade in the air"
    );
}
