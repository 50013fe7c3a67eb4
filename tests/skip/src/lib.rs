//! What becomes of a test where a program or a service that it needs is missing: it is skipped where somebody works, and
//! fails on CI. Decided here alone, for every package. The end of a run says how many were skipped.

mod run;

use std::fmt::Display;
use std::io::Write;

use run::Run;

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
    print(&missing);
    if let Err(error) = Run::current().and_then(|run| run.record(&missing.to_string())) {
        print(&format_args!("not counted: {error}"));
    }
}

/// Prints how many tests of this run were skipped so far, by reason. Called by the test program that cargo runs last.
///
/// # Panics
/// When the file of the run cannot be read.
pub fn print_summary() {
    print(&Run::current().and_then(|run| run.summary()).expect("the skipped tests of this run can be read"));
}

/// Past the test harness, which keeps what a passing test prints to itself.
fn print(what: &dyn Display) {
    let _ = writeln!(std::io::stderr(), "skipped: {what}");
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

    /// What tests of this program, which have to pass, write to stderr, one program after the other, as cargo runs them.
    /// A run of its own: a shell is the parent of all, so that nothing is counted in the run of this test.
    fn run_of(tests: &[&str], ci: Option<&str>) -> String {
        let program = std::env::current_exe().expect("a running program has a path");
        let script = r#"program=$1; shift; for test; do "$program" --exact "tests::$test"; done"#;
        let mut shell = Command::new("sh");
        shell.args(["-c", script, "sh"]).arg(program).args(tests).env_remove("CI");
        shell.envs(ci.map(|value| ("CI", value)));
        let output = shell.output().expect("there is a shell");
        let stdout = String::from_utf8_lossy(&output.stdout);
        assert_eq!(stdout.matches("1 passed").count(), tests.len(), "CI={ci:?}: {stdout}");
        String::from_utf8_lossy(&output.stderr).into_owned()
    }

    /// Whether [`run_of`] has started this program. Elsewhere a skip would be counted in the run of these tests.
    fn is_part_of_a_run() -> bool {
        std::env::args().any(|argument| argument == "--exact")
    }

    fn says(ci: Option<&str>) -> String {
        run_of(&["a_skip_fails_on_ci_alone"], ci)
    }

    #[test]
    fn a_skip_fails_on_ci_alone() {
        if !is_part_of_a_run() {
            return;
        }
        let failure = catch_unwind(|| skip("no such service")).err();
        let why = failure.map(|failure| failure.downcast_ref::<String>().cloned());
        assert_eq!(why, is_ci().then(|| Some("no such service: on CI nothing is skipped".to_owned())));
    }

    #[test]
    fn another_service_is_missing() {
        if !is_part_of_a_run() {
            return;
        }
        skip("no other service: connection refused");
    }

    #[test]
    fn the_run_ends() {
        if !is_part_of_a_run() {
            return;
        }
        print_summary();
    }

    #[test]
    fn the_end_of_a_run_counts_its_skipped_tests_by_reason() {
        let said = run_of(&["the_run_ends"], None);
        assert_eq!(said, "skipped: none\n", "skips of other runs are not counted");
        let tests = ["another_service_is_missing", "a_skip_fails_on_ci_alone", "another_service_is_missing"];
        let said = run_of(&[&tests[..], &["the_run_ends"]].concat(), None);
        let last = said.lines().last();
        assert_eq!(last, Some("skipped: 2 tests: 1 no other service, 1 no such service"), "{said}");
        let said = run_of(&["a_skip_fails_on_ci_alone", "the_run_ends"], Some("true"));
        assert_eq!(said.lines().last(), Some("skipped: none"), "a failure is not a skip: {said}");
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
