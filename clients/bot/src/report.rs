//! The result: the bots' counts, the server's counts, and where they differ.

use std::collections::BTreeMap;

use realmgate_client::scrape::Scrape;
use serde::Serialize;

use crate::options::{Expectation, Options};
use crate::tally::Tally;

/// Maximum sentences in the report. A broken server could fill a disk otherwise.
const MAX_SENTENCES: usize = 50;

/// A figure that both sides count.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Compared {
    /// What was counted.
    pub what: &'static str,
    /// The bots' count.
    pub bots: u64,
    /// How far the bots' count may be off: requests that were never answered.
    pub unsure: u64,
    /// How much the server's figure grew; `None` if it has none.
    pub server: Option<u64>,
}

/// The result of a run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// Number of bots requested.
    pub count: u32,
    /// Bots that entered the world at least once.
    pub entered: u32,
    /// Bots that were in the world at the end and logged out properly.
    pub logged_out: u32,
    /// Seconds played after all had entered.
    pub seconds: f64,
    /// The random seed.
    pub seed: u64,
    /// Unexpected ends of connections.
    pub disconnects: u64,
    /// Figures that both sides count.
    pub compared: Vec<Compared>,
    /// Maps visited.
    pub maps_visited: Vec<u16>,
    /// Completed trades.
    pub trades: u64,
    /// Whispers delivered.
    pub whispers: u64,
    /// Texts received.
    pub texts_heard: u64,
    /// Reliable messages received.
    pub messages_in: u64,
    /// Reliable messages sent.
    pub messages_out: u64,
    /// Snapshots per second in the world.
    pub snapshots_per_s: f64,
    /// Bytes received per bot and second, without UDP's own.
    pub bytes_down_per_s: f64,
    /// Bytes sent per bot and second, without UDP's own.
    pub bytes_up_per_s: f64,
    /// Times that the server corrected a predicted position.
    pub corrections: u64,
    /// Frames that came too late to be applied.
    pub stale_frames: u64,
    /// Frames and messages that could not be read, and bad datagrams.
    pub decode_errors: u64,
    /// Tickets requested.
    pub tickets: u64,
    /// Refusals by request and reason.
    pub refusals: BTreeMap<String, u64>,
    /// Differences between the two sides, and contradictions from the server, each as a sentence.
    pub mismatches: Vec<String>,
    /// Why bots did not play, or stopped playing.
    pub troubles: Vec<String>,
    /// Median duration of the server's ticks in milliseconds.
    pub tick_p50_ms: Option<f64>,
    /// 99th percentile of the duration of the server's ticks in milliseconds.
    pub tick_p99_ms: Option<f64>,
    /// The server's resident memory at the end, in bytes.
    pub server_resident_bytes: Option<u64>,
    /// What was expected and did not happen. Empty after a good run.
    pub failed_expectations: Vec<String>,
}

/// The results of a run besides the bots' counts.
#[derive(Debug, Clone, Default)]
pub struct Circumstances {
    /// Bots that entered at least once.
    pub entered: u32,
    /// Bots that logged out properly.
    pub logged_out: u32,
    /// Seconds played after all had entered.
    pub seconds: f64,
    /// The server's figures before the run; `None` if they cannot be read.
    pub before: Option<Scrape>,
    /// The server's figures after the run; `None` if they cannot be read.
    pub after: Option<Scrape>,
}

/// Builds the report.
pub fn report(options: &Options, all: &Tally, run: &Circumstances) -> Report {
    let compared = compare(all, run.before.as_ref(), run.after.as_ref());
    let mut mismatches: Vec<String> = compared.iter().filter_map(Compared::difference).collect();
    mismatches.extend(all.anomalies.iter().take(MAX_SENTENCES).cloned());
    if all.anomalies.len() > MAX_SENTENCES {
        mismatches.push(format!("and {} more", all.anomalies.len() - MAX_SENTENCES));
    }
    let nothing = Scrape::default();
    let (before, after) = (run.before.as_ref().unwrap_or(&nothing), run.after.as_ref().unwrap_or(&nothing));
    let work = |reading: &Scrape| reading.histogram("realmgate_tick_work_seconds");
    let work = work(after).map(|after| after.since(&work(before).unwrap_or_default()));
    let work = work.filter(|work| work.count() > 0);
    let tick_ms = |quantile| work.as_ref().map(|work| work.quantile(quantile) * 1_000.0);
    let per_second = |count: u64| if all.world_seconds > 0.0 { count as f64 / all.world_seconds } else { 0.0 };
    let mut report = Report {
        count: options.count,
        entered: run.entered,
        logged_out: run.logged_out,
        seconds: run.seconds,
        seed: options.seed,
        disconnects: all.disconnects,
        compared,
        maps_visited: all.maps.iter().copied().collect(),
        trades: all.trade_sides.div_ceil(2),
        whispers: all.whispers,
        texts_heard: all.heard,
        messages_in: all.messages_in,
        messages_out: all.messages_out,
        snapshots_per_s: per_second(all.snapshots),
        bytes_down_per_s: per_second(all.bytes_down),
        bytes_up_per_s: per_second(all.bytes_up),
        corrections: all.corrections,
        stale_frames: all.stale_frames,
        decode_errors: all.decode_errors,
        tickets: all.tickets,
        refusals: all.refusals.clone(),
        mismatches,
        troubles: all.troubles.iter().take(MAX_SENTENCES).cloned().collect(),
        tick_p50_ms: tick_ms(0.5),
        tick_p99_ms: tick_ms(0.99),
        server_resident_bytes: after.sum("realmgate_process_resident_bytes").map(|bytes| bytes as u64),
        failed_expectations: Vec::new(),
    };
    if options.expects_anything() {
        report.failed_expectations = failures(&report, all, &options.expect);
    }
    report
}

/// The figures that both sides count.
pub fn compare(all: &Tally, before: Option<&Scrape>, after: Option<&Scrape>) -> Vec<Compared> {
    let server = |name: &str| grown(before, after, |reading| reading.sum(name));
    let compared = |what, bots, name| Compared { what, bots, unsure: 0, server: server(name) };
    vec![
        compared("joined", all.joined, "realmgate_players_joined_total"),
        compared("kills", all.killed.len() as u64, "realmgate_kills_total"),
        compared("deaths", all.deaths, "realmgate_deaths_total"),
        Compared { unsure: all.unsure_loot, ..compared("loot", all.loot, "realmgate_loot_picked_up_total") },
        compared("levels", all.levels, "realmgate_levels_gained_total"),
        compared("travels", all.travels, "realmgate_travels_total"),
        compared("trades", all.trade_sides.div_ceil(2), "realmgate_trades_done_total"),
        Compared { unsure: all.unsure_chat, ..compared("chat", all.chat, "realmgate_chat_messages_total") },
    ]
}

/// How much a figure has grown. A counter that has never counted may not exist yet.
fn grown(before: Option<&Scrape>, after: Option<&Scrape>, figure: impl Fn(&Scrape) -> Option<f64>) -> Option<u64> {
    let grown = figure(after?)? - figure(before?).unwrap_or(0.0);
    Some(grown.max(0.0).round() as u64)
}

impl Compared {
    /// Whether the two counts agree, within `unsure`.
    pub fn agrees(&self) -> bool {
        self.server.is_none_or(|server| server.abs_diff(self.bots) <= self.unsure)
    }

    fn difference(&self) -> Option<String> {
        let server = self.server.filter(|_| !self.agrees())?;
        let unsure = if self.unsure > 0 { format!(" (± {})", self.unsure) } else { String::new() };
        Some(format!("{}: the bots counted {}{unsure}, the server {server}", self.what, self.bots))
    }
}

fn failures(report: &Report, all: &Tally, expected: &[Expectation]) -> Vec<String> {
    let mut failed = Vec::new();
    let mut check = |holds: bool, sentence: String| {
        if !holds {
            failed.push(sentence);
        }
    };
    check(
        report.entered == report.count,
        format!("only {} of {} bots entered the world", report.entered, report.count),
    );
    check(
        report.logged_out == report.entered,
        format!("only {} of {} bots logged out", report.logged_out, report.entered),
    );
    check(report.disconnects == 0, format!("{} connections were lost", report.disconnects));
    check(report.decode_errors == 0, format!("{} messages or frames could not be read", report.decode_errors));
    check(report.mismatches.is_empty(), format!("{} mismatches", report.mismatches.len()));
    for expectation in expected {
        let (count, what) = match expectation {
            Expectation::Kills => (all.killed.len() as u64, "killed anything"),
            Expectation::Loot => (all.loot, "picked up anything"),
            Expectation::Deaths => (all.deaths, "died"),
            Expectation::Portals => (all.travels, "crossed to another map"),
            Expectation::Trades => (all.trade_sides, "traded"),
            Expectation::Chat => (all.chat, "spoke"),
            Expectation::None => continue,
        };
        check(count > 0, format!("no bot {what}"));
    }
    failed
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    fn options(arguments: &[&str]) -> Options {
        Options::try_parse_from([&["bot", "--count", "2"], arguments].concat()).unwrap()
    }

    fn reading(kills: u32, joined: u32) -> Option<Scrape> {
        Some(Scrape::of(&format!(
            "realmgate_kills_total{{map=\"1\"}} {kills}\nrealmgate_players_joined_total {joined}\n\
             realmgate_tick_work_seconds_bucket{{le=\"0.004\"}} {joined}\n\
             realmgate_tick_work_seconds_bucket{{le=\"+Inf\"}} {joined}\nrealmgate_process_resident_bytes 1e7\n"
        )))
    }

    fn run(kills: u32, joined: u32) -> Circumstances {
        Circumstances {
            entered: 2,
            logged_out: 2,
            seconds: 10.0,
            before: reading(5, 1),
            after: reading(5 + kills, 1 + joined),
        }
    }

    fn tally() -> Tally {
        let killed = [(1, 1, 7), (1, 1, 8), (2, 1, 7)].into();
        Tally { joined: 2, killed, chat: 1, snapshots: 600, world_seconds: 20.0, ..Tally::default() }
    }

    #[test]
    fn a_good_run_has_no_failures() {
        let report = report(&options(&["--expect", "kills,chat"]), &tally(), &run(3, 2));
        assert_eq!(report.failed_expectations, [""; 0]);
        assert_eq!(report.mismatches, [""; 0]);
        assert!((report.snapshots_per_s - 30.0).abs() < 1e-9);
        assert_eq!(report.tick_p50_ms, Some(2.0));
        assert_eq!(report.server_resident_bytes, Some(10_000_000));
    }

    #[test]
    fn a_difference_is_a_mismatch_and_a_missing_figure_is_not() {
        let report = report(&options(&[]), &tally(), &run(4, 2));
        assert_eq!(report.mismatches, ["kills: the bots counted 3, the server 4"]);
        assert_eq!(report.failed_expectations, ["1 mismatches"]);
        let chat = report.compared.iter().find(|compared| compared.what == "chat").unwrap();
        assert_eq!(chat.server, None);
    }

    #[test]
    fn unsure_counts_may_differ_by_as_much() {
        let compared = |unsure, server| Compared { what: "chat", bots: 5, unsure, server: Some(server) };
        assert_eq!([3, 4, 6, 7].map(|server| compared(1, server).agrees()), [false, true, true, false]);
        assert_eq!((compared(1, 6).difference(), compared(0, 5).difference()), (None, None));
        let sentence = "chat: the bots counted 5 (± 1), the server 3";
        assert_eq!(compared(1, 3).difference().as_deref(), Some(sentence));
        let all = Tally { unsure_chat: 1, unsure_loot: 3, ..Tally::default() };
        let unsure = compare(&all, None, None).into_iter().map(|compared| (compared.what, compared.unsure));
        assert_eq!(unsure.filter(|(_, unsure)| *unsure > 0).collect::<Vec<_>>(), [("loot", 3), ("chat", 1)]);
    }

    #[test]
    fn unmet_expectations_are_listed() {
        let lost = Tally { disconnects: 1, decode_errors: 2, ..Tally::default() };
        let everything = options(&["--expect", "kills,loot,deaths,portals,trades,chat"]);
        let said = report(&everything, &lost, &Circumstances { entered: 1, ..run(0, 0) }).failed_expectations;
        let expected = [
            "only 1 of 2 bots entered the world",
            "only 2 of 1 bots logged out",
            "1 connections were lost",
            "2 messages or frames could not be read",
            "no bot killed anything",
            "no bot picked up anything",
            "no bot died",
            "no bot crossed to another map",
            "no bot traded",
            "no bot spoke",
        ];
        assert_eq!(said, expected);
        for (asked, all) in [
            ("kills", Tally { killed: [(1, 1, 7)].into(), ..Tally::default() }),
            ("loot", Tally { loot: 1, ..Tally::default() }),
            ("deaths", Tally { deaths: 1, ..Tally::default() }),
            ("portals", Tally { travels: 1, ..Tally::default() }),
            ("trades", Tally { trade_sides: 2, ..Tally::default() }),
            ("chat", Tally { chat: 1, ..Tally::default() }),
        ] {
            let without_figures = Circumstances { before: None, after: None, ..run(0, 0) };
            let said = report(&options(&["--expect", asked]), &all, &without_figures).failed_expectations;
            assert_eq!(said, [""; 0], "{asked} is what happened, and nothing else did");
        }
    }

    #[test]
    fn nothing_is_expected_when_so_asked() {
        let report = report(&options(&["--expect", "none"]), &Tally::default(), &Circumstances::default());
        assert_eq!(report.failed_expectations, [""; 0]);
    }

    #[test]
    fn broken_promises_are_mismatches_but_not_without_end() {
        let broken = Tally { anomalies: vec!["an item is gone".to_owned(); 80], ..tally() };
        let report = report(&options(&[]), &broken, &run(3, 2));
        assert_eq!((report.mismatches.len(), report.mismatches.last().map(String::as_str)), (51, Some("and 30 more")));
    }
}
