//! Tests of the example: it is played, and its document shows its code.

#![expect(clippy::unwrap_used, reason = "what a test helper cannot do, fails the test")]

mod document;
mod two_players;
