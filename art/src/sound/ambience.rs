//! Sounds of places: each goes round without an end.
//!
//! What is made here repeats exactly after its period. The file holds a little more than one period ([`LEAD`]), so that players
//! can go back to there from the end: whatever a decoder adds before the first sample, the seam is in both places the same.

use super::Sound;
use super::wave::{Wave, falling, gliding, rising, samples, swelling};
use crate::math::sin;

/// So much of the beginning is at the end once more, in seconds.
pub const LEAD: f32 = 0.6;
/// After so many seconds each begins again.
pub const PERIOD: f32 = 9.0;

/// They stay below what happens.
const LEVEL: f32 = -24.0;

/// One for each map, by the name of its file.
pub const AMBIENCE: [Sound; 3] = [
    Sound { name: "ambience/1_greenvale", decibels: LEVEL, make: greenvale },
    Sound { name: "ambience/2_darkwood", decibels: LEVEL, make: darkwood },
    Sound { name: "ambience/3_barrow", decibels: LEVEL, make: barrow },
];

/// A number from 0 to 1 that rises and falls so many times in a period.
fn wandering(time: f32, times: f32, from: f32) -> f32 {
    0.5 + 0.5 * sin((time / PERIOD * times + from) * 360.0)
}

/// Wind: noise around a height that wanders, as loud as `strength` says. Filters have settled after the first of two periods.
fn wind(seed: u32, sharpness: f32, hertz: impl Fn(f32) -> f32, strength: impl Fn(f32) -> f32) -> Wave {
    let period = samples(PERIOD);
    Wave::noise_repeating(PERIOD * 2.0, period, seed).around(hertz, sharpness).shaped(strength).last(period)
}

/// A period, and its beginning once more.
fn going_round(period: Wave) -> Wave {
    let lead = Wave(period.0[..samples(LEAD)].to_vec());
    period.with(&lead, PERIOD, 1.0)
}

/// A bird says a few notes.
fn bird(notes: &[(f32, f32)]) -> Wave {
    let note = |from: f32, to: f32| Wave::tone(0.09, gliding(from, to, 0.08)).shaped(|time| swelling(time, 0.09));
    let begins = (0_u8..).map(|index| f32::from(index) * 0.11);
    notes
        .iter()
        .zip(begins)
        .fold(Wave(Vec::new()), |song, ((from, to), begin)| song.with(&note(*from, *to), begin, 1.0))
}

/// A meadow by day: a mild wind, and birds.
fn greenvale() -> Wave {
    let breeze =
        wind(31, 0.9, |time| 420.0 + 260.0 * wandering(time, 2.0, 0.1), |time| 0.5 + 0.5 * wandering(time, 3.0, 0.4));
    let leaves = wind(32, 1.1, |_| 2_300.0, |time| 0.08 + 0.14 * wandering(time, 2.0, 0.6));
    let finch = bird(&[(2_700.0, 3_100.0), (3_100.0, 2_600.0), (2_900.0, 3_300.0)]);
    let tit = bird(&[(3_500.0, 3_300.0), (2_800.0, 2_700.0), (3_500.0, 3_300.0), (2_800.0, 2_700.0)]);
    let thrush = bird(&[(1_900.0, 2_300.0), (2_200.0, 1_800.0)]);
    let meadow = breeze.with(&leaves, 0.0, 1.0);
    let meadow = meadow.with_round(&finch, 1.1, 0.055).with_round(&tit, 3.7, 0.035).with_round(&thrush, 5.2, 0.05);
    going_round(meadow.with_round(&finch, 6.9, 0.03).with_round(&thrush, 8.4, 0.03))
}

/// A dark wood: a deep wind, crickets, and an owl far away.
fn darkwood() -> Wave {
    let deep =
        wind(41, 1.0, |time| 230.0 + 130.0 * wandering(time, 1.0, 0.2), |time| 0.55 + 0.45 * wandering(time, 2.0, 0.7));
    let pines =
        wind(42, 1.2, |time| 900.0 + 300.0 * wandering(time, 2.0, 0.3), |time| 0.1 + 0.2 * wandering(time, 1.0, 0.5));
    let hoot = Wave::tone(0.5, |time| 372.0 - 20.0 * time).shaped(|time| swelling(time, 0.5));
    let owl = Wave::tone(0.16, |_| 366.0).shaped(|time| swelling(time, 0.16)).with(&hoot, 0.3, 1.0);
    let chirp =
        Wave::tone(0.26, |_| 3_150.0).shaped(|time| swelling(time, 0.26) * swelling((time * 26.0).fract(), 1.0));
    let wood = deep.with(&pines, 0.0, 1.0).with_round(&owl, 2.2, 0.1).with_round(&owl, 6.4, 0.05);
    going_round([0.4, 1.3, 3.6, 4.5, 5.4, 8.1].iter().fold(wood, |wood, from| wood.with_round(&chirp, *from, 0.03)))
}

/// A barrow: a hum below the ground, and water that drips.
fn barrow() -> Wave {
    // Whole turns in a period, so that the hum goes round too.
    let hum = |hertz: f32, times: f32| {
        Wave::tone(PERIOD, move |_| (hertz * PERIOD).round() / PERIOD)
            .shaped(move |time| 0.4 + 0.6 * wandering(time, times, 0.3))
    };
    let draught =
        wind(51, 1.4, |time| 300.0 + 160.0 * wandering(time, 1.0, 0.0), |time| 0.2 + 0.5 * wandering(time, 2.0, 0.2));
    let drop =
        Wave::tone(0.16, gliding(900.0, 1_500.0, 0.06)).shaped(|time| rising(time, 0.003) * falling(time, 0.022));
    let echoes = [(0.19, 0.4), (0.37, 0.2), (0.58, 0.1)];
    let drip = echoes.iter().fold(drop.clone(), |sum, (from, factor)| sum.with(&drop, *from, *factor));
    let cave = hum(110.0, 1.0).shaped(|_| 0.16).with(&hum(165.0, 2.0), 0.0, 0.07).with(&draught, 0.0, 0.8);
    let drips = [(0.9, 0.1), (3.3, 0.06), (4.1, 0.12), (7.2, 0.08)];
    going_round(drips.iter().fold(cave, |cave, (from, factor)| cave.with_round(&drip, *from, *factor)))
}
