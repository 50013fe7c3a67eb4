//! What becomes of a test where a program or a service that it needs is missing: it is skipped where somebody works, and
//! fails on CI. Decided here alone, for every package.

use std::fmt::Display;
use std::io::Write;

/// Says what is missing, by name, where people see it; the test goes no further.
///
/// ```
/// # fn address() -> Option<&'static str> { Some("127.0.0.1:6379") }
/// let Some(redis) = address() else { return realmgate_skip::skip("no Redis (TEST_REDIS_URL)") };
/// # assert!(!redis.is_empty());
/// ```
///
/// # Panics
/// On CI, where nothing is skipped.
pub fn skip(missing: impl Display) {
    assert!(!is_ci(), "{missing}: on CI nothing is skipped");
    // Past the test harness, which keeps what a passing test prints to itself.
    let _ = writeln!(std::io::stderr(), "skipped: {missing}");
}

/// Whether this is a CI run: `CI` is set, and not to an empty text, `0`, `f`, `false`, `n`, `no` or `off`, as clap's
/// `FalseyValueParser` has it, by which `cargo xtask` reads the same variable.
#[expect(clippy::disallowed_methods, reason = "a test has no command line; CI tells itself by this variable alone")]
pub fn is_ci() -> bool {
    std::env::var("CI").is_ok_and(|value| is_true(&value))
}

fn is_true(value: &str) -> bool {
    !["", "0", "f", "false", "n", "no", "off"].contains(&value.to_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ci_means_what_it_means_to_xtask() {
        for value in ["true", "1", "yes", "on", "ci", " ", " false"] {
            assert!(is_true(value), "{value}");
        }
        for value in ["", "0", "f", "F", "false", "FALSE", "n", "N", "no", "off"] {
            assert!(!is_true(value), "{value}");
        }
    }
}
