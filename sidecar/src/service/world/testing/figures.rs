//! The metrics of a test's sidecar.

use metrics::LocalRecorderGuard;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};

/// The metrics of everything that runs on this thread, which is all of a test.
pub(crate) struct Figures {
    handle: PrometheusHandle,
    _listens: LocalRecorderGuard<'static>,
}

impl Figures {
    /// Records metrics from now on.
    pub(crate) fn listen() -> Self {
        let recorder = PrometheusBuilder::new().build_recorder();
        let handle = recorder.handle();
        let listens = metrics::set_default_local_recorder(Box::leak(Box::new(recorder)));
        Self { handle, _listens: listens }
    }

    /// A counter by its name and labels, as in a scrape; 0 where nothing was counted.
    pub(crate) fn count(&self, line: &str) -> u64 {
        let scrape = self.handle.render();
        let value = scrape.lines().find_map(|found| found.strip_prefix(line)?.strip_prefix(' ')?.parse().ok());
        value.unwrap_or(0)
    }
}
