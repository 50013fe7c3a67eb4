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
    use std::panic::catch_unwind;
    use std::process::Command;

    use super::*;

    const SKIPPED: &str = "skipped: no such service";

    /// What [`a_skip_fails_on_ci_alone`], which has to pass, says on stderr with this `CI`; without one where there is
    /// none. A process of its own, since one cannot change what others read meanwhile.
    fn says(ci: Option<&str>) -> String {
        let program = std::env::current_exe().expect("a running program has a path");
        let mut child = Command::new(program);
        child.args(["--exact", "tests::a_skip_fails_on_ci_alone"]).env_remove("CI");
        child.envs(ci.map(|value| ("CI", value)));
        let output = child.output().expect("the program that runs can be run again");
        let stdout = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && stdout.contains("1 passed"), "CI={ci:?}: {stdout}");
        String::from_utf8_lossy(&output.stderr).into_owned()
    }

    #[test]
    fn a_skip_fails_on_ci_alone() {
        let failure = catch_unwind(|| skip("no such service")).err();
        let why = failure.map(|failure| failure.downcast_ref::<String>().cloned());
        assert_eq!(why, is_ci().then(|| Some("no such service: on CI nothing is skipped".to_owned())));
    }

    #[test]
    fn what_is_missing_is_said_and_on_ci_it_is_a_failure() {
        let said = says(None);
        assert!(said.contains(SKIPPED), "past the harness: {said}");
        let said = says(Some("true"));
        assert!(!said.contains(SKIPPED), "it fails, which is no skip: {said}");
    }

    #[test]
    fn ci_means_what_it_means_to_xtask() {
        for (ci, is_skipped) in [(Some("false"), true), (Some(""), true), (Some("yes"), false)] {
            assert_eq!(says(ci).contains(SKIPPED), is_skipped, "CI={ci:?}");
        }
        for value in ["true", "1", "yes", "on", "ci", " ", " false"] {
            assert!(is_true(value), "{value}");
        }
        for value in ["", "0", "f", "F", "false", "FALSE", "n", "N", "no", "off"] {
            assert!(!is_true(value), "{value}");
        }
    }
}
