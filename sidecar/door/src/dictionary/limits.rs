//! The limits of the calls to a service: their defaults and bounds.

use std::num::NonZeroU32;

use super::Limits;
use super::table::{Bounds, Table};

pub(super) const CONNECT_S: Bounds<f64> = Bounds { default: 2.0, least: 0.01, most: 60.0 };
pub(super) const ANSWER_S: Bounds<f64> = Bounds { default: 30.0, least: 0.01, most: 3_600.0 };
pub(super) const IDLE_S: Bounds<f64> = Bounds { default: 300.0, least: 0.01, most: 86_400.0 };
/// At most 16 GiB.
pub(super) const BODY_BYTES: Bounds<u64> = Bounds { default: 1 << 20, least: 0, most: 16 << 30 };
pub(super) const RETRIES: Bounds<u32> = Bounds { default: 1, least: 0, most: 5 };
pub(super) const REQUESTS: Bounds<u32> = Bounds { default: 256, least: 1, most: 65_536 };
pub(super) const SOCKETS: Bounds<u32> = Bounds { default: 1_024, least: 1, most: 262_144 };
/// By default 100 KiB, at most 16 MiB.
pub(super) const PACKET_BYTES: Bounds<u32> = Bounds { default: 100 << 10, least: 64, most: 16 << 20 };
pub(super) const FAILURES: Bounds<u32> = Bounds { default: 5, least: 1, most: 1_000 };
pub(super) const OPEN_S: Bounds<f64> = Bounds { default: 10.0, least: 0.01, most: 3_600.0 };

/// Reads the limits of a service. Those of its Socket.IO server are in `socket_io`.
pub(super) fn read(service: &mut Table<'_>, socket_io: Option<&mut Table<'_>>) -> Limits {
    let (failures, open) = match service.table("breaker") {
        Some(mut breaker) => {
            let read = (breaker.whole("failures", FAILURES), breaker.seconds("open_s", OPEN_S));
            breaker.finish();
            read
        }
        None => (FAILURES.default, std::time::Duration::from_secs_f64(OPEN_S.default)),
    };
    let packet_bytes = socket_io.map_or(PACKET_BYTES.default, |table| table.whole("max_packet_bytes", PACKET_BYTES));
    Limits {
        connect: service.seconds("connect_timeout_s", CONNECT_S),
        answer: service.seconds("timeout_s", ANSWER_S),
        idle: service.seconds("idle_timeout_s", IDLE_S),
        max_body_bytes: service.whole("max_body_bytes", BODY_BYTES),
        max_packet_bytes: packet_bytes as usize,
        retries: service.whole("retries", RETRIES),
        max_requests: service.whole("max_requests", REQUESTS),
        max_sockets: service.whole("max_sockets", SOCKETS),
        breaker_failures: NonZeroU32::new(failures).unwrap_or(NonZeroU32::MIN),
        breaker_open: open,
    }
}
