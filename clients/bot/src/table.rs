//! Printing: the only module that writes to the terminal.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command-line tool's result and progress")]

use crate::report::Report;
use crate::tally::Tally;

/// Prints the result, for people or for programs.
pub fn show(report: &Report, json: bool) {
    if json {
        match serde_json::to_string_pretty(report) {
            Ok(text) => println!("{text}"),
            Err(error) => eprintln!("cannot write the result as JSON: {error}"),
        }
    } else {
        println!("{}", table(report));
    }
    for sentence in &report.failed_expectations {
        eprintln!("FAILED: {sentence}");
    }
}

/// Prints why there is no result.
pub fn complain(error: &anyhow::Error) {
    eprintln!("bot: {error:#}");
}

/// Prints how far the run is.
pub fn progress(seconds: f64, in_world: usize, count: u32, all: &Tally) {
    eprintln!(
        "{seconds:>6.0} s: {in_world}/{count} in the world, {} kills, {} deaths, {} loot, {} travels, {} trades, {} lost",
        all.killed.len(),
        all.deaths,
        all.loot,
        all.travels,
        all.trade_sides / 2,
        all.disconnects,
    );
}

fn table(report: &Report) -> String {
    let mut lines = vec![
        format!(
            "{} of {} bots entered, {} logged out, {:.0} s",
            report.entered, report.count, report.logged_out, report.seconds
        ),
        String::new(),
        format!("{:<12} {:>10} {:>10}", "", "bots", "server"),
    ];
    for compared in &report.compared {
        let server = compared.server.map_or_else(|| "-".to_owned(), |count| count.to_string());
        lines.push(format!("{:<12} {:>10} {server:>10}", compared.what, compared.bots));
    }
    let optional = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |value| format!("{value:.2}"));
    let rows = [
        ("maps visited", format!("{:?}", report.maps_visited)),
        ("whispers", report.whispers.to_string()),
        ("messages in, out", format!("{}, {}", report.messages_in, report.messages_out)),
        ("snapshots per bot and second", format!("{:.1}", report.snapshots_per_s)),
        ("bytes down, up per bot and second", format!("{:.0}, {:.0}", report.bytes_down_per_s, report.bytes_up_per_s)),
        ("prediction corrections", report.corrections.to_string()),
        ("late frames", report.stale_frames.to_string()),
        ("decode errors", report.decode_errors.to_string()),
        ("disconnects", report.disconnects.to_string()),
        ("tickets", report.tickets.to_string()),
        ("server tick p50, p99 in ms", format!("{}, {}", optional(report.tick_p50_ms), optional(report.tick_p99_ms))),
        ("server memory in MiB", optional(report.server_resident_bytes.map(|bytes| bytes as f64 / 1_048_576.0))),
    ];
    lines.push(String::new());
    lines.extend(rows.iter().map(|(name, value)| format!("{name:<36} {value}")));
    lines.extend(report.refusals.iter().map(|(what, count)| format!("refused {what:<28} {count}")));
    lines.extend(report.mismatches.iter().map(|mismatch| format!("MISMATCH {mismatch}")));
    lines.extend(report.troubles.iter().map(|trouble| format!("trouble: {trouble}")));
    lines.join("\n")
}
