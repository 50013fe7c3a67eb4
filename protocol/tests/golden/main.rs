//! Golden vectors: the bytes of everything that crosses a wire, recorded in `protocol/vectors/`.
//!
//! Each test makes the vectors of one file anew, decodes them back, and compares them with the file to the letter.
//! After a change that is meant: `UPDATE_VECTORS=1 cargo test -p realmgate-protocol`, then look at the difference:
//! whatever changed here has changed for every client that is out there.

#![expect(clippy::unwrap_used, reason = "what a test helper can not do, fails the test")]

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
mod tickets;
mod vectors;
