//! What was measured: tables for people, plots, and everything as JSON.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use realmgate_tests::binaries::workspace;
use realmgate_tests::load::figures::Figures;
use realmgate_tests::load::scene::Scenario;
use realmgate_tests::plot::{Line, Scale, draw};
use serde_json::json;

use crate::machine::{profile_folder, provenance};
use crate::measure::{Held, Point};
use crate::small::Small;
use crate::table;

const BEGIN: &str = "<!-- world: begin; written by `cargo xtask bench world` -->\n";
const END: &str = "<!-- world: end -->";

/// Grows while it is measured.
#[derive(Debug)]
pub struct Report {
    quick: bool,
    points: Vec<Point>,
    held: Vec<Held>,
    small: Option<Small>,
}

impl Report {
    /// An empty one.
    pub fn new(quick: bool) -> Self {
        Self { quick, points: Vec::new(), held: Vec::new(), small: None }
    }

    /// One more scenario with so many players.
    pub fn point(&mut self, point: Point) {
        eprint!("{}", table::cost_row(&point));
        if let Some(round) = point.ours.last() {
            eprintln!(
                "  by thread {:.1?}, load busy {:.2} late {:.3}",
                round.cpu_us_by_thread, round.load_busy, round.load_late
            );
        }
        self.points.push(point);
    }

    /// How many of a scenario are held.
    pub fn held(&mut self, held: Held) {
        eprintln!("{}: {} are held", held.scenario.name(), held.players);
        self.held.push(held);
    }

    /// Start, idleness and the like.
    pub fn small(&mut self, small: Small) {
        eprintln!("{small:?}");
        self.small = Some(small);
    }

    /// Prints the tables and keeps the raw figures; with `write`, tables and plots go into docs/ too.
    pub fn finish(self, json_file: Option<&Path>, write: bool) -> Result<()> {
        let text = self.markdown()?;
        println!("{text}");
        let folder = profile_folder()?.parent().context("a profile's folder lies in a folder")?.join("bench");
        let usual = folder.join("world.json");
        let file = json_file.unwrap_or(&usual);
        fs::create_dir_all(&folder)?;
        let [commit, date, machine] = provenance();
        let raw = json!({
            commit.0: commit.1, date.0: date.1, machine.0: machine.1, "quick": self.quick,
            "points": self.points, "held": self.held, "small": self.small,
        });
        fs::write(file, serde_json::to_vec_pretty(&raw)?).with_context(|| file.display().to_string())?;
        eprintln!("raw figures: {}", file.display());
        if write { self.write(&text) } else { Ok(()) }
    }

    fn markdown(&self) -> Result<String> {
        let profile = profile_folder()?.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let [commit, date, machine] = provenance().map(|(_, value)| value);
        let size = if self.quick { " Quick: shows that it works, measures little." } else { "" };
        let mut text = format!("Commit {commit}, {date}, {profile} build, {machine}; 20 Hz.{size}\n\n");
        text += &table::cost(&self.points);
        text += "\n";
        text += &table::traffic(&self.points);
        if !self.held.is_empty() {
            text += "\n";
            text += &table::held(&self.held);
        }
        if let Some(small) = &self.small {
            text += "\n";
            text += &small.markdown();
        }
        Ok(text)
    }

    /// Puts the tables between the marks of docs/performance.md, and draws the plots.
    fn write(&self, text: &str) -> Result<()> {
        let page = workspace().join("docs/performance.md");
        let before = fs::read_to_string(&page)?;
        let (head, rest) =
            before.split_once(BEGIN).context("docs/performance.md has no mark where the tables begin")?;
        let (_, tail) = rest.split_once(END).context("docs/performance.md has no mark where the tables end")?;
        fs::write(&page, format!("{head}{BEGIN}\n{text}\n{END}{tail}"))?;
        let plots = workspace().join("docs/plots");
        fs::create_dir_all(&plots)?;
        let cpu = draw(
            "server CPU per player and tick, µs",
            "players",
            Scale::Logarithmic,
            &self.lines(|it| it.cpu_us, true),
        );
        let tick = draw("tick work p99, ms", "players", Scale::Logarithmic, &self.lines(|it| it.tick_p99_ms, false));
        fs::write(plots.join("world-cpu.svg"), cpu)?;
        Ok(fs::write(plots.join("world-tick.svg"), tick)?)
    }

    fn lines(&self, figure: fn(&Figures) -> f64, with_yardsticks: bool) -> Vec<Line> {
        let of = |scenario: Scenario| self.points.iter().filter(move |point| point.scenario == scenario);
        let mut lines: Vec<Line> = Scenario::ALL
            .into_iter()
            .map(|scenario| {
                let measured = of(scenario).filter(|point| !point.ours.is_empty());
                let points = measured.map(|point| (point.players as f64, table::middle(point, figure).median));
                Line { name: scenario.name().to_owned(), points: points.collect() }
            })
            .collect();
        if with_yardsticks {
            for (name, rounds) in [("floor of spread", true), ("stock of spread", false)] {
                let value = |point: &Point| table::yardstick(if rounds { &point.floor } else { &point.stock });
                let points = of(Scenario::Spread).filter_map(|point| Some((point.players as f64, value(point)?)));
                lines.push(Line { name: name.to_owned(), points: points.collect() });
            }
        }
        lines.retain(|line| !line.points.is_empty());
        lines
    }
}
