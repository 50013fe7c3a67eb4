//! Golden vectors: the bytes of everything that crosses a wire, recorded in `protocol/vectors/`.
//!
//! Each test rebuilds the vectors of one file, decodes them, and compares them exactly with the file. After an intended
//! change, run `UPDATE_VECTORS=1 cargo test -p realmgate-protocol` and review the diff: anything that changed here has
//! changed for every client in use.

#![expect(clippy::unwrap_used, reason = "what a test helper cannot do, fails the test")]
#![expect(clippy::disallowed_methods, reason = "the vectors are files")]

mod components;
mod document;
mod frames;
mod link;
mod messages;
mod movement;
mod readable;
mod realm_client;
mod realm_server;
mod reliable;
mod samples;
mod session;
mod tickets;
mod vectors;
