//! A clock whose offset a test sets through a file.

use std::path::Path;

/// Offset of the clock in milliseconds, from the file that `REALMGATE_CHAOS_CLOCK` names; 0 without a readable one.
#[expect(clippy::disallowed_methods, reason = "no setting for people: only builds for tests know of it")]
pub fn off_by_ms() -> i64 {
    std::env::var_os("REALMGATE_CHAOS_CLOCK").map_or(0, |file| read(Path::new(&file)))
}

fn read(file: &Path) -> i64 {
    std::fs::read_to_string(file).ok().and_then(|text| text.trim().parse().ok()).unwrap_or(0)
}
