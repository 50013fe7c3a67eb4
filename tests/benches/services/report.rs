//! What was measured: a table for people, and everything as JSON.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::rounds::{Middle, Round};
use crate::server::profile_folder;
use crate::tokens::now_ms;

/// The least of the bare server's rate that is good enough.
const BAR: f64 = 0.7;

/// A service on a sidecar and on the bare server.
#[derive(Debug, Serialize)]
pub struct Comparison {
    /// The service.
    pub what: &'static str,
    /// Rounds of the sidecar.
    pub ours: Vec<Round>,
    /// Rounds of the bare server.
    pub bare: Vec<Round>,
}

/// Grows while it is measured.
#[derive(Debug)]
pub struct Report {
    quick: bool,
    compared: Vec<Comparison>,
    parts: Map<String, Value>,
    lines: Vec<String>,
}

impl Report {
    /// An empty one.
    pub fn new(quick: bool) -> Self {
        Self { quick, compared: Vec::new(), parts: Map::new(), lines: Vec::new() }
    }

    /// A comparison is done.
    pub fn compared(&mut self, comparison: Comparison) {
        eprintln!("{}", row(&comparison));
        self.compared.push(comparison);
    }

    /// Raw figures of something else.
    pub fn part(&mut self, name: &str, figures: Value) {
        self.parts.insert(name.to_owned(), figures);
    }

    /// What they come to, in a sentence.
    pub fn line(&mut self, line: String) {
        eprintln!("{line}");
        self.lines.push(line);
    }

    /// Prints the table, and keeps the rest in `target/bench`.
    pub fn finish(self) -> Result<()> {
        let profile_folder = profile_folder()?;
        let profile = profile_folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let target = profile_folder.parent().unwrap_or(Path::new("."));
        let (folder, at_ms) = (target.join("bench"), now_ms());
        fs::create_dir_all(&folder)?;
        let file = folder.join(format!("services-{profile}-{at_ms}.json"));
        let raw = json!({
            "at_ms": at_ms, "profile": profile, "quick": self.quick, "compared": self.compared, "parts": self.parts,
        });
        fs::write(&file, serde_json::to_vec_pretty(&raw)?).with_context(|| file.display().to_string())?;
        println!("{}", self.markdown(&profile));
        eprintln!("raw figures: {}", file.display());
        Ok(())
    }

    fn markdown(&self, profile: &str) -> String {
        let size = if self.quick { ", quick: shows that it works, measures little" } else { "" };
        let mut text = format!("Build: {profile}{size}.\n");
        if !self.compared.is_empty() {
            text.push_str(HEAD);
        }
        for comparison in &self.compared {
            text.push_str(&row(comparison));
            text.push('\n');
        }
        for line in &self.lines {
            text.push_str(&format!("\n{line}\n"));
        }
        text
    }
}

const HEAD: &str = "\n\
    | service | ours/s (least–most) | bare/s (least–most) | ratio (least–most; bar 0.70) | p50 / p99 ms ours | p50 / p99 ms bare | server CPU µs ours / bare |\n\
    |---|---|---|---|---|---|---|\n";

fn row(comparison: &Comparison) -> String {
    let Comparison { what, ours, bare } = comparison;
    let middle = |rounds: &[Round], figure: fn(&Round) -> f64| Middle::of(rounds.iter().map(figure));
    let rate = |rounds| middle(rounds, |round| round.rate);
    let spread = |rate: Middle| format!("{:.0} ({:.0}–{:.0})", rate.median, rate.least, rate.most);
    let ms = |rounds| {
        let (p50, p99) = (middle(rounds, |round| round.p50_us as f64), middle(rounds, |round| round.p99_us as f64));
        format!("{:.2} / {:.2}", p50.median / 1e3, p99.median / 1e3)
    };
    let cpu = |rounds| middle(rounds, |round| round.cpu_us).median;
    // Of neighbours in time: what else the machine does changes from round to round.
    let ratio = Middle::of(ours.iter().zip(bare).map(|(ours, bare)| ours.rate / bare.rate));
    let verdict = if ratio.median >= BAR { "" } else { " **below**" };
    let ratio = format!("{:.2} ({:.2}–{:.2}){verdict}", ratio.median, ratio.least, ratio.most);
    format!(
        "| {what} | {} | {} | {ratio} | {} | {} | {:.0} / {:.0} |",
        spread(rate(ours)),
        spread(rate(bare)),
        ms(ours),
        ms(bare),
        cpu(ours),
        cpu(bare),
    )
}
