//! The netcode server by its public interface: without a socket, with times that are made up, beside clients and servers of
//! other makers.

#![expect(clippy::unwrap_used, reason = "what a test helper can not do, fails the test")]

mod differential;
mod garbage;
mod handshake;
mod interop;
mod lane;
mod over_udp;
mod sessions;
mod vectors;
