//! What was measured of the page, beside its targets.

use serde::Deserialize;

use super::Played;

/// One figure, as `clients/page/test/measure.mjs` prints it.
#[derive(Debug, Clone, Deserialize)]
pub struct Figure {
    /// What it is of.
    pub figure: String,
    /// What was measured, in words.
    pub measured: String,
    /// What it is held against.
    pub target: String,
    /// Whether it holds.
    pub holds: bool,
    /// How it was measured, and what it consists of.
    pub how: String,
}

impl Figure {
    /// What axe-core has found, by how its script ended.
    pub fn of_accessibility(played: &Played) -> Self {
        let (holds, measured, how) = match played {
            Played::Well(_) => (true, "no violation", "landing, log-in, characters, all windows, menu, settings"),
            Played::Missing(what) => (false, "not measured", what.as_str()),
            Played::Badly(said) => (false, "violations", said.as_str()),
        };
        Self {
            figure: "accessibility, by axe-core".to_owned(),
            measured: measured.to_owned(),
            target: "no violation".to_owned(),
            holds,
            how: how.to_owned(),
        }
    }
}

/// The figures among the lines that a script has said.
pub fn read(said: &str) -> Vec<Figure> {
    said.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

/// All of them as a table, with what each consists of below it.
pub fn table(figures: &[Figure]) -> String {
    let row = |Figure { figure, measured, target, holds, .. }: &Figure| {
        let verdict = if *holds { "holds" } else { "missed" };
        format!("| {figure} | {measured} | {target} | {verdict} |\n")
    };
    let rows: String = figures.iter().map(row).collect();
    let notes: String = figures.iter().map(|figure| format!("- {}: {}\n", figure.figure, figure.how)).collect();
    format!("| figure | measured | target | |\n|---|---|---|---|\n{rows}\n{notes}")
}

/// What the figures were taken on.
pub fn machine(is_apart: bool) -> String {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let cpuinfo = read("/proc/cpuinfo");
    let model = cpuinfo
        .lines()
        .find_map(|line| line.strip_prefix("model name"))
        .map_or("an unknown CPU", |name| name.trim_start_matches([' ', '\t', ':']).trim());
    let cores = cpuinfo.lines().filter(|line| line.starts_with("processor")).count();
    let load = read("/proc/loadavg");
    let load: Vec<&str> = load.split(' ').take(2).collect();
    let build = if cfg!(debug_assertions) { "a debug build of the server" } else { "a release build of the server" };
    let apart = if is_apart {
        "client and server on a core each for frames and memory"
    } else {
        "client and server on the same cores: apart takes two, and taskset"
    };
    format!(
        "{cores} × {model}, {build}, {apart}; load of the machine at the end {} (1 and 5 minutes)",
        load.join(" and ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_read_from_among_other_lines() {
        let said = "a word\n{\"figure\":\"page\",\"measured\":\"500 KB\",\"target\":\"≤ 400 KB\",\"holds\":false,\"how\":\"all\"}\n";
        let figures = read(said);
        assert_eq!(figures.len(), 1, "only one line is a figure");
        assert!(table(&figures).contains("| page | 500 KB | ≤ 400 KB | missed |"), "{}", table(&figures));
    }
}
