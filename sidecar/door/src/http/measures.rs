//! The metrics of requests to a service. Their labels are looked up once for each service, not once for each request.

use std::time::Duration;

use axum::http::StatusCode;
use metrics::{Counter, Histogram, counter, histogram};

/// Values of the label `status`, by the first digit of a status.
const CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];

/// Metrics of the requests to one service.
pub struct Measures {
    requests: [Counter; CLASSES.len()],
    seconds: Histogram,
    retries: Counter,
}

impl Measures {
    /// The metrics of the service with this name.
    pub fn new(service: &str) -> Self {
        let requests = CLASSES
            .map(|class| counter!("realmgate_door_requests_total", "service" => service.to_owned(), "status" => class));
        Self {
            requests,
            seconds: histogram!("realmgate_door_request_seconds", "service" => service.to_owned()),
            retries: counter!("realmgate_door_retries_total", "service" => service.to_owned()),
        }
    }

    /// Counts a request that was answered with this status after this time.
    pub fn answered(&self, status: StatusCode, took: Duration) {
        self.requests[class(status)].increment(1);
        self.seconds.record(took);
    }

    /// Counts a repetition of a call.
    pub fn repeated(&self) {
        self.retries.increment(1);
    }
}

/// Which of [`CLASSES`] a status is in. Those beyond 599 count as failures of the service.
fn class(status: StatusCode) -> usize {
    usize::from(status.as_u16() / 100).clamp(1, CLASSES.len()) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_has_a_class() {
        for (status, expected) in [(100, "1xx"), (200, "2xx"), (308, "3xx"), (498, "4xx"), (503, "5xx"), (999, "5xx")] {
            assert_eq!(CLASSES[class(StatusCode::from_u16(status).unwrap())], expected, "{status}");
        }
    }
}
