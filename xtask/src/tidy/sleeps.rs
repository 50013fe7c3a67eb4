//! Rule: no test sleeps. It waits for the event it is about, or sets the clock itself.

use super::Finding;
use super::code::test_regions;
use super::tree::{File, line_of, words};

/// Checks one source file: all of it in a folder or file of tests, else what stands under `#[cfg(test)]`.
pub fn check(file: &File) -> Vec<Finding> {
    if !file.has_ending(&["rs", "js", "mjs", "gd", "py"]) {
        return Vec::new();
    }
    let regions =
        if is_test(&file.path) { std::iter::once(0..file.code.len()).collect() } else { test_regions(&file.code) };
    let mend = "wait for the event (a message, a line, a file) with a deadline, or step the clock by hand";
    let calls = words(&file.code, "sleep(").filter(|call| regions.iter().any(|region| region.contains(call)));
    calls.map(|call| Finding::new(&file.path, line_of(&file.code, call), "a test sleeps", mend)).collect()
}

fn is_test(path: &str) -> bool {
    let (folder, file) = path.rsplit_once('/').unwrap_or(("", path));
    let stem = file.split('.').next().unwrap_or(file);
    let is_within = |name| folder.split('/').any(|part| part == name);
    // A bench watches for as long as it is told to.
    if is_within("benches") {
        return false;
    }
    is_within("tests")
        || stem == "tests"
        || stem.ends_with("_tests")
        || stem.ends_with("_test")
        || file.contains(".test.")
}

#[cfg(test)]
mod tests {
    use crate::tidy::testing::{assert_clean, assert_finds};

    const CALL: &str = "fn a() {\n    std::thread::sleep(b);\n}";

    #[test]
    fn a_sleeping_test_is_found_wherever_tests_lie() {
        for path in ["tests/tests/a.rs", "tests/src/lib.rs", "game/src/trade/tests.rs", "clients/web/tests/a.mjs"] {
            assert_finds(path, CALL, 2, "a test sleeps");
        }
        assert_finds("game/src/a.rs", &format!("#[cfg(test)]\nmod tests {{\n{CALL}\n}}"), 4, "a test sleeps");
    }

    #[test]
    fn product_code_and_benches_may_sleep_and_tests_may_talk_of_it() {
        assert_clean("engine/src/a.rs", &format!("{CALL}\n#[cfg(test)]\nmod tests {{ fn b() {{}} }}"));
        assert_clean("tests/benches/a.rs", CALL);
        assert_clean("tests/tests/a.rs", "// no sleep() here\nconst A: &str = \"sleep()\";");
    }
}
