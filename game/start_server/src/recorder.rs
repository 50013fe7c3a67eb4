//! The metrics recorder of this process; the sidecar within it shares it.

use anyhow::Context;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

/// Upper bounds of the tick's histograms in seconds: fine around the budget of a 30 Hz tick.
const TICK_SECONDS: [f64; 14] =
    [0.000_1, 0.000_25, 0.000_5, 0.001, 0.002, 0.003, 0.005, 0.007_5, 0.01, 0.015, 0.02, 0.033, 0.05, 0.1];

/// Installs the recorder.
pub fn install() -> anyhow::Result<PrometheusHandle> {
    let tick = Matcher::Prefix("realmgate_tick_".to_owned());
    let builder = PrometheusBuilder::new().set_buckets_for_metric(tick, &TICK_SECONDS)?;
    builder.install_recorder().context("the metrics recorder can not be installed")
}
