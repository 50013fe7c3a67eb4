//! The metrics recorder of this process; the sidecar within it shares it.

use anyhow::Context;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

/// Upper bounds of the tick's histograms in seconds: from 0.1 ms to 0.1 s, each at most a third more than the one before.
fn tick_seconds() -> Vec<f64> {
    const STEPS: [f64; 9] = [1.0, 1.25, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 7.5];
    let decades = [10_000.0, 1_000.0, 100.0].into_iter();
    let fine = decades.flat_map(|parts| STEPS.into_iter().map(move |step| step / parts));
    fine.chain([0.1, 0.15, 0.25, 0.5]).collect()
}

/// Installs the recorder.
pub fn install() -> anyhow::Result<PrometheusHandle> {
    let tick = Matcher::Prefix("realmgate_tick_".to_owned());
    let builder = PrometheusBuilder::new().set_buckets_for_metric(tick, &tick_seconds())?;
    builder.install_recorder().context("the metrics recorder can not be installed")
}
