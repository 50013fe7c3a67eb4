//! The metrics recorder of a process: of `sidecar serve`, or of a map server that embeds the sidecar.
//!
//! Every histogram has buckets. Without them it would become a rolling summary: its sketches grow, are copied whole at
//! every scrape, and cannot be added up over replicas.

use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};

/// Upper bounds in seconds of every histogram without its own: requests, calls of the store and of Redis, batches.
const SECONDS: [f64; 16] =
    [0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];

/// The same for a map server that is started while players wait for it.
const START_SECONDS: [f64; 11] = [0.25, 0.5, 1.0, 2.0, 3.0, 5.0, 7.5, 10.0, 15.0, 30.0, 60.0];

/// The same for the parts of a tick: from 0.1 ms to 0.1 s, each at most half more than the one before, and up to 0.5 s.
fn tick_seconds() -> Vec<f64> {
    const STEPS: [f64; 9] = [1.0, 1.25, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 7.5];
    let decades = [10_000.0, 1_000.0, 100.0].into_iter();
    let fine = decades.flat_map(|parts| STEPS.into_iter().map(move |step| step / parts));
    fine.chain([0.1, 0.15, 0.25, 0.5]).collect()
}

/// The same for the whole work of a tick, which a server has once and is held against its budget: by about a tenth, in the steps
/// of the preferred numbers (IEC 60063, E24).
fn tick_work_seconds() -> Vec<f64> {
    const STEPS: [f64; 24] = [
        1.0, 1.1, 1.2, 1.3, 1.5, 1.6, 1.8, 2.0, 2.2, 2.4, 2.7, 3.0, 3.3, 3.6, 3.9, 4.3, 4.7, 5.1, 5.6, 6.2, 6.8, 7.5,
        8.2, 9.1,
    ];
    let decades = [10_000.0, 1_000.0, 100.0, 10.0].into_iter();
    let all = decades.flat_map(|parts| STEPS.into_iter().map(move |step| step / parts));
    all.take_while(|&bound| bound < 0.52).collect()
}

/// Installs the recorder.
///
/// # Errors
/// When the process has one already.
pub fn install() -> Result<PrometheusHandle, BuildError> {
    builder()?.install_recorder()
}

/// The recorder, not installed yet.
///
/// # Errors
/// Never: the buckets above are in order.
pub fn builder() -> Result<PrometheusBuilder, BuildError> {
    PrometheusBuilder::new()
        .set_buckets(&SECONDS)?
        .set_buckets_for_metric(Matcher::Prefix("realmgate_tick_".to_owned()), &tick_seconds())?
        .set_buckets_for_metric(Matcher::Full("realmgate_tick_work_seconds".to_owned()), &tick_work_seconds())?
        .set_buckets_for_metric(Matcher::Full("realmgate_fleet_start_seconds".to_owned()), &START_SECONDS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_work_of_ticks_is_told_by_tenths_and_its_parts_are_not() {
        let recorder = builder().unwrap().build_recorder();
        metrics::with_local_recorder(&recorder, || {
            metrics::histogram!("realmgate_tick_work_seconds").record(0.001_7);
            metrics::histogram!("realmgate_tick_part_seconds", "part" => "spawn").record(0.001_7);
        });
        let told = recorder.handle().render();
        let bounds = |name: &str| -> Vec<f64> {
            let ours = told.lines().filter(|line| line.starts_with(name));
            let bound = |line: &str| line.split_once("le=\"")?.1.split_once('"')?.0.parse().ok();
            ours.filter_map(bound).filter(|bound: &f64| bound.is_finite()).collect()
        };
        let [work, part] = ["realmgate_tick_work_seconds_bucket", "realmgate_tick_part_seconds_bucket"].map(bounds);
        let steps = work.windows(2).map(|two| two[1] / two[0]);
        assert!(steps.clone().all(|step| step > 1.0 && step < 1.16), "{work:?}");
        assert_eq!([work[0], work[work.len() - 1]], [0.000_1, 0.51]);
        assert!(part.len() * 2 < work.len(), "{part:?}");
    }
}
