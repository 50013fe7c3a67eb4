//! How every process exposes its histograms.

use realmgate_platform::metrics_recorder::builder;

/// The document for operators.
const DOCUMENT: &str = include_str!("../../docs/metrics.md");

/// The histograms of the document, without their labels.
fn documented() -> Vec<&'static str> {
    let rows = DOCUMENT.lines().filter_map(|line| line.strip_prefix("| `")?.split_once("` | histogram |"));
    rows.map(|(name, _)| name.split('{').next().unwrap_or(name)).collect()
}

#[test]
fn every_histogram_has_buckets_and_none_is_a_summary() {
    let names = documented();
    assert!(names.len() >= 9, "{names:?}");
    assert!(!DOCUMENT.contains("| summary |"), "a summary cannot be added up over replicas");
    let recorder = builder().unwrap().build_recorder();
    metrics::with_local_recorder(&recorder, || {
        for name in names.iter().copied().chain(["realmgate_nobody_has_thought_of_seconds"]) {
            metrics::histogram!(name, "label" => "a").record(0.003);
        }
    });
    let page = recorder.handle().render();
    for name in names {
        assert!(page.contains(&format!("{name}_bucket{{label=\"a\",le=\"")), "{name} has no buckets:\n{page}");
    }
    assert!(!page.contains("quantile="), "{page}");
    let bucket = "realmgate_nobody_has_thought_of_seconds_bucket{label=\"a\",le=\"0.005\"} 1";
    assert!(page.contains(bucket), "{page}");
}

realmgate_services::reaper!();
