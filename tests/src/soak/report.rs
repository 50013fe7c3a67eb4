//! A run as tables, plots and JSON.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;
use serde_json::json;

use super::judge::{Compared, ENOUGH, LEAST_ENTERED, MEBIBYTE, MOST_GROWTH, WINDOW, compare};
use super::run::{Outcome, Plan};
use super::watch::{Minute, Usage};
use crate::plot::{Line, Scale, draw};

/// What is told of a run.
#[derive(Debug)]
pub struct Report<'a> {
    plan: &'a Plan,
    outcome: &'a Outcome,
    compared: Vec<Compared>,
}

impl<'a> Report<'a> {
    /// Of a run that is over.
    pub fn of(plan: &'a Plan, outcome: &'a Outcome) -> Self {
        Self { plan, outcome, compared: compare(&outcome.minutes) }
    }

    /// What is wrong; empty is good, or too short to say.
    pub fn faults(&self) -> Vec<String> {
        let grown = self.compared.iter().filter(|compared| compared.is_too_much());
        let grown = grown.map(|compared| format!("{} grew by {:.1} %", compared.what, 100.0 * compared.growth()));
        self.outcome.faults.iter().cloned().chain(self.too_few()).chain(grown).collect()
    }

    /// What a run is good for in which players could not play, where it would be judged.
    fn too_few(&self) -> Option<String> {
        let gone = &self.outcome.gone;
        let is_enough = gone.entered as f64 >= LEAST_ENTERED * gone.sent as f64;
        let told = gone.troubles.join("\n");
        let fault = || format!("only {} of {} players entered the world:\n{told}", gone.entered, gone.sent);
        (!self.compared.is_empty() && !is_enough).then(fault)
    }

    /// Everything, for people.
    pub fn markdown(&self) -> String {
        let (size, gone) = (self.plan.size, &self.outcome.gone);
        let mut text = format!(
            "{}: {} players at once, each for {} s, then others; seed {}.\n{} players in total, {} entered the world, {} \
             logged out, {} lost their connection.\n\n",
            self.plan.backend.name(),
            size.players,
            size.life.as_secs(),
            size.seed,
            gone.sent,
            gone.entered,
            gone.logged_out,
            gone.disconnects,
        );
        text += &usage_table(&self.rows());
        text += "\n";
        text += &size_table(&self.rows());
        text += "\n";
        text += &self.verdict();
        text
    }

    fn rows(&self) -> Vec<&Minute> {
        self.outcome.minutes.iter().chain(&self.outcome.afterwards).collect()
    }

    fn verdict(&self) -> String {
        let mut text = String::new();
        if self.compared.is_empty() {
            text += &format!("Not judged: a verdict needs {ENOUGH} minutes.\n");
        } else {
            text += &format!(
                "| the first {WINDOW} minutes that count, and the last {WINDOW} | early | late | growth (at most {} %) |\n\
                 |---|---|---|---|\n",
                100.0 * MOST_GROWTH
            );
        }
        for compared in &self.compared {
            let Compared { what, early, late } = compared;
            text += &format!("| {what} | {early:.2} | {late:.2} | {:+.1} % |\n", 100.0 * compared.growth());
        }
        for fault in self.faults() {
            text += &format!("\nFAULT: {fault}\n");
        }
        text
    }

    /// Writes `BACKEND.md`, `BACKEND.json` and two plots into a folder; which files.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn write(&self, folder: &Path) -> Result<Vec<PathBuf>> {
        fs::create_dir_all(folder)?;
        let Outcome { minutes, afterwards, gone, .. } = self.outcome;
        let raw = json!({
            "backend": self.plan.backend.name(), "players": self.plan.size.players,
            "life_s": self.plan.size.life.as_secs(), "seed": self.plan.size.seed,
            "minutes": minutes, "afterwards": afterwards, "came": gone.sent, "entered": gone.entered,
            "logged_out": gone.logged_out, "disconnects": gone.disconnects, "troubles": gone.troubles,
            "compared": self.compared, "faults": self.faults(),
        });
        let name = self.plan.backend.name();
        let plot = |title: &str, lines: &[Line]| draw(title, "minutes", Scale::Linear, lines);
        let files = [
            (format!("{name}.md"), self.markdown()),
            (format!("{name}.json"), serde_json::to_string_pretty(&raw)?),
            (format!("{name}-memory.svg"), plot("resident memory, MiB", &self.memory())),
            (format!("{name}-tick.svg"), plot("tick p99, ms", &[self.line("tick p99", |minute| minute.tick_p99_ms)])),
        ];
        let written = files.into_iter().map(|(file, text)| {
            let file = folder.join(file);
            fs::write(&file, text).map(|()| file)
        });
        Ok(written.collect::<Result<_, _>>()?)
    }

    fn memory(&self) -> Vec<Line> {
        let processes = self.outcome.minutes.first().map_or(&[][..], |minute| &minute.usage);
        let line = |(at, usage): (usize, &Usage)| {
            self.line(usage.process, move |minute| minute.usage[at].resident as f64 / MEBIBYTE)
        };
        processes.iter().enumerate().map(line).collect()
    }

    fn line(&self, name: &str, figure: impl Fn(&Minute) -> f64) -> Line {
        let points = self.outcome.minutes.iter().map(|minute| (f64::from(minute.number), figure(minute)));
        Line { name: name.to_owned(), points: points.collect() }
    }
}

/// What the terminal shows when a minute is over.
pub fn progress(minute: &Minute) -> String {
    let usage = minute.usage.iter().map(|usage| {
        let mebibytes = usage.resident as f64 / MEBIBYTE;
        let Usage { process, cpu_s, descriptors, threads, .. } = usage;
        format!("{process} {mebibytes:.1} MiB, {cpu_s:.1} s of CPU, {descriptors} files, {threads} threads")
    });
    format!(
        "{}: {} players, {} accounts; {}; tick p99 {:.2} ms; scrape {:.1} ms, {} series; {:?}",
        minute.number,
        minute.players,
        minute.accounts,
        usage.collect::<Vec<_>>().join("; "),
        minute.tick_p99_ms,
        minute.scrape_ms,
        minute.series,
        minute.tables,
    )
}

/// A name for the look afterwards, which has no number that says anything.
fn name_of(minute: &Minute, last: bool) -> String {
    if last { "all gone".to_owned() } else { minute.number.to_string() }
}

fn usage_table(rows: &[&Minute]) -> String {
    let processes = rows.first().map_or(&[][..], |minute| &minute.usage);
    let mut heads = vec!["minute".to_owned(), "players".to_owned(), "accounts".to_owned()];
    for usage in processes {
        heads.extend(["MiB", "CPU, s", "files", "threads"].map(|what| format!("{} {what}", usage.process)));
    }
    heads.extend(["tick p99, ms", "scrape, ms", "series"].map(str::to_owned));
    table(heads, rows, |minute| {
        let mut cells = vec![minute.players.to_string(), minute.accounts.to_string()];
        for usage in &minute.usage {
            let mebibytes = usage.resident as f64 / MEBIBYTE;
            cells.extend([format!("{mebibytes:.1}"), format!("{:.1}", usage.cpu_s)]);
            cells.extend([usage.descriptors.to_string(), usage.threads.to_string()]);
        }
        cells.extend([format!("{:.2}", minute.tick_p99_ms), format!("{:.1}", minute.scrape_ms)]);
        cells.push(minute.series.to_string());
        cells
    })
}

fn size_table(rows: &[&Minute]) -> String {
    let names: BTreeSet<&String> = rows.iter().flat_map(|minute| minute.tables.keys()).collect();
    let heads = std::iter::once("minute".to_owned()).chain(names.iter().map(|name| (*name).clone()));
    table(heads.collect(), rows, |minute| {
        names.iter().map(|name| minute.tables.get(*name).copied().unwrap_or_default().to_string()).collect()
    })
}

/// A table whose first column names the minutes; the last row is the look afterwards, if there is one.
fn table(heads: Vec<String>, rows: &[&Minute], cells: impl Fn(&Minute) -> Vec<String>) -> String {
    let mut text = format!("| {} |\n|{}\n", heads.join(" | "), "---|".repeat(heads.len()));
    for (at, minute) in rows.iter().enumerate() {
        let is_afterwards = at > 0 && at + 1 == rows.len() && minute.players == 0;
        text += &format!("| {} | {} |\n", name_of(minute, is_afterwards), cells(minute).join(" | "));
    }
    text
}
