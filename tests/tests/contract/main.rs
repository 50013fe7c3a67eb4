//! The contract with clients and operators, over real sockets against the real binaries: each row at least once for
//! success and once for each error.
//!
//! One program for all of it, so that it is linked once and its tests share two servers; a test whose settings differ
//! starts its own.

mod accounts;
mod characters;
mod command_line;
mod directory;
mod enter_world;
mod gateway;
mod gateway_refusals;
mod limits;
mod operation;
mod outage;
mod postgres;
mod secrets;
mod servers;
mod sidecar_verbs;
mod start_server;
mod tls;
