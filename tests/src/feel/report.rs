//! The table of figures, and whether they are good enough.

use std::fmt::Write;
use std::time::Duration;

use super::round::Measured;

/// How good a line has to be shown to be good enough.
#[derive(Debug, Clone, Copy)]
struct Target {
    /// Share of frames with a visible correction.
    visible_corrections: f64,
    /// Tiles between where others are shown and where they are, for 95 % of the frames.
    others_p95_tiles: f64,
    /// Share of hits that screens and server agree on, at least.
    hits_agreed: f64,
}

/// The line that the targets are set for.
const JUDGED: &str = "100ms";
const TARGET: Target = Target { visible_corrections: 0.005, others_p95_tiles: 0.25, hits_agreed: 0.99 };
/// How long half of those who enter may take beyond a round trip.
const ENTER_WITHIN: Duration = Duration::from_millis(300);

/// The table, as Markdown.
pub fn table(measured: &[Measured]) -> String {
    let mut text = String::from(
        "| line | own motion | corrections a minute | tiles each | frames with a visible one | others p50 | others p95 \
         | hits agreed | enter, half (slowest) | back after 3 s | disconnects |\n|---|---|---|---|---|---|---|---|---|---|---|\n",
    );
    for Measured { profile, figures, hits, enter, back_after, disconnects } in measured {
        let own = match figures.own_motion_frames {
            0 => "same frame".to_owned(),
            frames => format!("{frames} frames"),
        };
        let back = back_after.map_or_else(|| "–".to_owned(), |after| format!("{} ms", after.as_millis()));
        let agreed = format!("{:.1} % of {}", 100.0 * hits.share(), hits.compared);
        let _ = writeln!(
            text,
            "| {} | {own} | {:.1} | {:.2} | {:.2} % | {:.3} | {:.3} | {agreed} | {} ms ({}) | {back} | {disconnects} |",
            profile.name,
            figures.corrections_per_minute,
            figures.correction_tiles,
            100.0 * figures.visible_corrections,
            figures.others_p50_tiles,
            figures.others_p95_tiles,
            half_of(enter).as_millis(),
            enter.last().map_or(0, Duration::as_millis),
        );
    }
    text
}

/// What half of them took at most; the fastest comes first.
fn half_of(took: &[Duration]) -> Duration {
    took.get(took.len().saturating_sub(1) / 2).copied().unwrap_or_default()
}

/// What misses its target, each as a sentence.
pub fn misses(measured: &[Measured]) -> Vec<String> {
    let mut misses = Vec::new();
    for Measured { profile, figures, disconnects, .. } in measured {
        let name = profile.name;
        if figures.own_motion_frames > 0 {
            misses.push(format!("{name}: the own character moved {} frames after a key", figures.own_motion_frames));
        }
        if *disconnects > 0 {
            misses.push(format!("{name}: {disconnects} connections were lost"));
        }
        if figures.compared == 0 {
            misses.push(format!("{name}: no player saw another one walk"));
        }
    }
    for Measured { profile, figures, hits, enter, .. } in measured.iter().filter(|of| of.profile.name == JUDGED) {
        let round_trip = Duration::from_secs_f64(2.0 * profile.conditions.latency_ms / 1_000.0);
        if figures.visible_corrections >= TARGET.visible_corrections {
            misses.push(format!(
                "{JUDGED}: {:.2} % of the frames had a visible correction",
                100.0 * figures.visible_corrections
            ));
        }
        if figures.others_p95_tiles > TARGET.others_p95_tiles || figures.others_p95_tiles.is_nan() {
            misses.push(format!("{JUDGED}: others were shown {:.3} tiles off", figures.others_p95_tiles));
        }
        if hits.share() < TARGET.hits_agreed || hits.share().is_nan() {
            misses.push(format!(
                "{JUDGED}: screens and server agreed on {:.1} % of {} hits",
                100.0 * hits.share(),
                hits.compared
            ));
        }
        if half_of(enter) > round_trip + ENTER_WITHIN {
            misses.push(format!("{JUDGED}: entering took {} ms", half_of(enter).as_millis()));
        }
    }
    misses
}
