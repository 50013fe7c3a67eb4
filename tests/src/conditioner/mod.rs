//! Bad lines for UDP and TCP: latency, jitter, loss alone and in bursts, reordering, duplication, bandwidth, by a seed.
//!
//! [`Line`] decides what becomes of a packet; [`UdpConditioner`] and [`TcpConditioner`] stand between a client and a
//! server and do so. `cargo xtask conditioner` runs both for people.

mod line;
mod profile;
mod tcp;
mod udp;

pub use line::{Conditions, Fate, Line};
pub use profile::{PROFILES, Profile};
pub use tcp::TcpConditioner;
pub use udp::UdpConditioner;

/// What a conditioner does now.
#[derive(Debug, Clone)]
struct Weather {
    conditions: Conditions,
    /// While it is set, nothing gets through.
    is_down: bool,
}
