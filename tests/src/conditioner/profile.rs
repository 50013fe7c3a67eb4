//! The lines that clients are measured on.

use super::Conditions;

/// A line with a name. Times are those of a round trip, as players know them from a ping: each way takes half.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Profile {
    /// Its name, for people and command lines.
    pub name: &'static str,
    /// What it is like, each way.
    pub conditions: Conditions,
}

const GOOD: Conditions = Conditions {
    latency_ms: 0.0,
    jitter_ms: 0.0,
    loss: 0.0,
    burst: 1.0,
    reordered: 0.0,
    duplicated: 0.0,
    bytes_per_second: None,
};

/// From good to bad. Jitter is that of each way.
pub const PROFILES: [Profile; 5] = [
    Profile { name: "lan", conditions: GOOD },
    Profile { name: "50ms", conditions: Conditions { latency_ms: 25.0, ..GOOD } },
    Profile { name: "100ms", conditions: Conditions { latency_ms: 50.0, jitter_ms: 20.0, loss: 0.02, ..GOOD } },
    Profile { name: "200ms", conditions: Conditions { latency_ms: 100.0, jitter_ms: 40.0, loss: 0.05, ..GOOD } },
    Profile { name: "300ms", conditions: Conditions { latency_ms: 150.0, loss: 0.1, burst: 4.0, ..GOOD } },
];

impl Profile {
    /// The profile of this name.
    pub fn named(name: &str) -> Option<Self> {
        PROFILES.into_iter().find(|profile| profile.name == name)
    }
}
