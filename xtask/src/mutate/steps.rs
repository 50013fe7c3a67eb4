//! The steps of docs/locks.md that are rules in code, what the source is without each, and the test that guards it.

mod gateway;
mod play;
mod servers;

use super::edit::Edit;
use super::{Build, Guard, Mutation};

/// The unit tests of the sidecar.
const SIDECAR: Build = Build::Lib("realmgate_sidecar");
/// The unit tests of the engine.
const ENGINE: Build = Build::Lib("realmgate_engine");
/// The engine's whole worlds.
const WORLDS: Build = Build::Test("worlds");

/// Every step that is left out in turn.
pub fn steps() -> impl Iterator<Item = &'static Mutation> {
    gateway::STEPS.iter().chain(play::STEPS).chain(servers::STEPS)
}

/// A step, what the source is without it, and its test by build, file and function.
const fn step(
    name: &'static str,
    edits: &'static [Edit],
    build: Build,
    (file, test): (&'static str, &'static str),
) -> Mutation {
    Mutation { name, edits, guard: Guard { build, test, file } }
}
