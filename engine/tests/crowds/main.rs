//! What clients are shown of busy worlds, over links that lose, delay and reorder datagrams.

#![expect(clippy::unwrap_used, reason = "what a test helper cannot do, fails the test")]

mod audience;
mod client;
mod convergence;
mod gathering;
mod scene;
mod spectators;
mod starvation;
mod threads;
mod unresponsive;
