//! Rule: no test sleeps. It waits for the event it is about, or sets the clock itself.

use super::Finding;
use super::test_regions::test_regions;
use super::tree::{File, is_in_comment, line_of, words};

// Put together here, so that this file does not hold what it looks for.
const CALL: &str = concat!("sle", "ep(");

/// Checks one source file: all of it in a folder or file of tests, else what stands under `#[cfg(test)]`.
pub fn check(file: &File) -> Vec<Finding> {
    if !file.has_ending(&["rs", "js", "mjs", "gd", "py"]) {
        return Vec::new();
    }
    let regions =
        if is_test(&file.path) { std::iter::once(0..file.text.len()).collect() } else { test_regions(&file.text) };
    let mend = "wait for the event (a message, a line, a file) with a deadline, or step the clock by hand";
    let is_found =
        |call: &usize| regions.iter().any(|region| region.contains(call)) && !is_in_comment(&file.text, *call);
    let calls = words(&file.text, CALL).filter(is_found);
    calls.map(|call| Finding::new(&file.path, line_of(&file.text, call), "a test sleeps", mend)).collect()
}

fn is_test(path: &str) -> bool {
    let (folder, file) = path.rsplit_once('/').unwrap_or(("", path));
    let stem = file.split('.').next().unwrap_or(file);
    let is_within = |name| folder.split('/').any(|part| part == name);
    // A bench watches for as long as it is told to.
    if is_within("benches") {
        return false;
    }
    ["tests", "test", "testing"].into_iter().any(is_within)
        || ["tests", "testing"].contains(&stem)
        || stem.ends_with("_tests")
        || stem.ends_with("_test")
        || file.contains(".test.")
}

#[cfg(test)]
mod tests {
    use crate::tidy::testing::{assert_clean, assert_finds};

    const CALL: &str = concat!("sle", "ep(");

    fn sleeper() -> String {
        format!("fn a() {{\n    std::thread::{CALL}b);\n}}")
    }

    #[test]
    fn a_sleeping_test_is_found_wherever_tests_lie() {
        let paths = [
            "tests/tests/a.rs",
            "tests/src/lib.rs",
            "game/src/trade/tests.rs",
            "clients/rust/src/api/contract_tests.rs",
            "clients/godot/walk_test.gd",
            "clients/web/tests/a.mjs",
            "clients/web/src/walk.test.js",
            "clients/python/tests/a.py",
            "clients/js/test/act.mjs",
            "clients/js/test/testing/actor.js",
            "clients/page/test/together/fight.mjs",
            "clients/rust/src/entry/testing.rs",
        ];
        for path in paths {
            assert_finds(path, &sleeper(), 2, "a test sleeps");
        }
        let within = format!("#[cfg(test)]\nmod tests {{\n{}\n}}", sleeper().replace('\n', "\n    "));
        assert_finds("game/src/a.rs", &within, 4, "a test sleeps");
    }

    #[test]
    fn product_code_and_benches_may_sleep_and_tests_may_talk_of_it() {
        assert_clean("engine/src/a.rs", &format!("{}\n#[cfg(test)]\nmod tests {{\n    fn b() {{}}\n}}\n", sleeper()));
        assert_clean("tests/benches/a.rs", &sleeper());
        assert_clean("tests/tests/a.rs", &format!("// no {CALL}) here\n"));
    }
}
