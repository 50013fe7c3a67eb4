//! Tests of the netcode server through its public interface: without a socket, with made-up times, next to independent
//! clients and servers.

#![expect(clippy::unwrap_used, reason = "what a test helper cannot do, fails the test")]

mod differential;
mod garbage;
mod handshake;
mod interop;
mod lane;
mod over_udp;
mod rush;
mod sessions;
mod vectors;
