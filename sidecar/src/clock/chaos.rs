//! A clock that a test sets: how far it is off stands in a file.

use std::path::Path;

/// How far the clock is off, in milliseconds, as the file says that `REALMGATE_CHAOS_CLOCK` names; 0 without one.
#[expect(clippy::disallowed_methods, reason = "no setting for people: only builds for tests know of it")]
pub fn off_by_ms() -> i64 {
    std::env::var_os("REALMGATE_CHAOS_CLOCK").map_or(0, |file| read(Path::new(&file)))
}

fn read(file: &Path) -> i64 {
    std::fs::read_to_string(file).ok().and_then(|text| text.trim().parse().ok()).unwrap_or(0)
}
