//! Tables in Markdown.

use realmgate_tests::load::figures::Figures;

use crate::measure::{Held, Point};
use crate::yardstick::Measured;

const COST_HEAD: &str = "\
    | scenario | N | CPU µs per player and tick (least–most) | floor | × floor | former floor | stock | tick work p50 / p99 / max ms | on time | server busy |\n\
    |---|---|---|---|---|---|---|---|---|---|\n";
const TRAFFIC_HEAD: &str = "\
    | scenario | N | in view | down KB/s | up KB/s | bytes per update | age near p50 / p99 | age far p50 / p99 | input to snapshot p50 / p99 | KiB per player |\n\
    |---|---|---|---|---|---|---|---|---|---|\n";

/// The middle of some figures, and their spread.
#[derive(Debug, Clone, Copy)]
pub struct Middle {
    /// The middle one.
    pub median: f64,
    /// The smallest.
    pub least: f64,
    /// The largest.
    pub most: f64,
}

impl Middle {
    /// Of all that there are; zeros of none.
    pub fn of(values: impl Iterator<Item = f64>) -> Self {
        let mut values: Vec<f64> = values.collect();
        values.sort_by(f64::total_cmp);
        let at = |place: usize| values.get(place).copied().unwrap_or_default();
        let last = values.len().saturating_sub(1);
        let median = (at(last / 2) + at(values.len() / 2)) / 2.0;
        Self { median, least: at(0), most: at(last) }
    }
}

/// Figures of one point, in the middle of its rounds.
pub fn middle(point: &Point, figure: fn(&Figures) -> f64) -> Middle {
    Middle::of(point.ours.iter().map(figure))
}

/// A yardstick's processor time, in the middle of its rounds; `None` without rounds.
pub fn yardstick(rounds: &[Measured]) -> Option<f64> {
    (!rounds.is_empty()).then(|| Middle::of(rounds.iter().map(|round| round.cpu_us)).median)
}

/// What each point costs.
pub fn cost(points: &[Point]) -> String {
    COST_HEAD.to_owned() + &points.iter().map(cost_row).collect::<String>()
}

/// One row of [`cost`].
pub fn cost_row(point: &Point) -> String {
    let Point { scenario, players, failed, .. } = point;
    let name = scenario.name();
    if let (Some(why), true) = (failed, point.ours.is_empty()) {
        return format!("| {name} | {players} | not measured: {why} | | | | | | | |\n");
    }
    let cpu = middle(point, |it| it.cpu_us);
    let [floor, napping, stock] = [&point.floor, &point.napping, &point.stock].map(|rounds| yardstick(rounds));
    let or_dash = |value: Option<f64>| value.map_or("–".to_owned(), |value| format!("{value:.1}"));
    let ratio = Middle::of(point.ours.iter().zip(&point.floor).map(|(ours, floor)| ours.cpu_us / floor.cpu_us));
    let ms = |figure| middle(point, figure).median;
    let mark = point.ours.iter().find_map(Figures::invalid).map_or(String::new(), |why| format!(" ({why})"));
    format!(
        "| {name} | {players} | {:.1} ({:.1}–{:.1}){mark} | {} | {:.1} | {} | {} | {:.2} / {:.2} / {:.1} | {:.1} % | {:.0} % |\n",
        cpu.median,
        cpu.least,
        cpu.most,
        or_dash(floor),
        ratio.median,
        or_dash(napping),
        or_dash(stock),
        ms(|it| it.tick_p50_ms),
        ms(|it| it.tick_p99_ms),
        ms(|it| it.tick_max_ms),
        ms(|it| it.on_time) * 100.0,
        ms(|it| it.server_busy) * 100.0,
    )
}

/// What each point sends, and how fresh it is.
pub fn traffic(points: &[Point]) -> String {
    let measured = points.iter().filter(|point| !point.ours.is_empty());
    TRAFFIC_HEAD.to_owned() + &measured.map(traffic_row).collect::<String>()
}

fn traffic_row(point: &Point) -> String {
    let of = |figure| middle(point, figure).median;
    format!(
        "| {} | {} | {:.0} | {:.1} | {:.1} | {:.1} | {} / {} | {} / {} | {} / {} | {:.0} |\n",
        point.scenario.name(),
        point.players,
        of(|it| it.in_view),
        of(|it| it.down_bytes_per_s) / 1e3,
        of(|it| it.up_bytes_per_s) / 1e3,
        of(|it| it.bytes_per_moving_update),
        of(|it| it.age_near.p50 as f64),
        of(|it| it.age_near.p99 as f64),
        of(|it| it.age_far.p50 as f64),
        of(|it| it.age_far.p99 as f64),
        of(|it| it.input_to_snapshot.p50 as f64),
        of(|it| it.input_to_snapshot.p99 as f64),
        of(|it| it.resident_kib),
    )
}

/// How many are held.
pub fn held(all: &[Held]) -> String {
    let mut text =
        "| scenario | largest N held | tick work p99 ms there | what ended it |\n|---|---|---|---|\n".to_owned();
    for held in all {
        let there = held.steps.iter().rfind(|step| step.players == held.players && step.is_held());
        let p99 = there.map_or("–".to_owned(), |step| format!("{:.1}", step.tick_p99_ms));
        let ended = match (&held.failed, held.steps.last()) {
            (Some(why), _) => why.lines().next().unwrap_or_default().to_owned(),
            (None, Some(step)) if !step.is_held() => why_not(step),
            _ => "the last step of all".to_owned(),
        };
        text += &format!("| {} | {} | {p99} | {ended} |\n", held.scenario.name(), held.players);
    }
    text
}

fn why_not(step: &Figures) -> String {
    let at = format!("{} players: ", step.players);
    at + &step.invalid().unwrap_or_else(|| {
        format!(
            "{:.1} % of ticks on time, {:.1} % of them run, {:.2} % of snapshots missing, load late {:.1} %",
            step.on_time * 100.0,
            step.ticks_run * 100.0,
            step.snapshots_missing * 100.0,
            step.load_late * 100.0
        )
    })
}
