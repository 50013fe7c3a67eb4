//! What becomes of a test where a service that it needs is missing.

use std::fmt::Display;

/// Says what is missing, by name; the test goes no further.
///
/// # Panics
/// Where `CI` is set: there nothing is skipped.
#[expect(clippy::disallowed_methods, reason = "a test has no command line; CI tells itself by this variable alone")]
#[expect(clippy::print_stderr, reason = "whoever reads the test's output must see what was not tested")]
pub fn skip(missing: impl Display) {
    let is_ci = std::env::var("CI").is_ok_and(|value| !["", "0", "false"].contains(&value.as_str()));
    assert!(!is_ci, "{missing}: on CI nothing is skipped");
    eprintln!("skipped: {missing}");
}
