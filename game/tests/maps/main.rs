//! Maps: those that ship, those with faults, and a class of objects that the game does not have.

#![expect(clippy::unwrap_used, reason = "what a test helper cannot do, fails the test")]

mod broken;
mod new_class;
mod shipped;
