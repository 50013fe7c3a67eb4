//! The checks that the fuzzer runs, on stable: over its corpus, over the golden vectors with bits changed, and over
//! random bytes. `cargo xtask fuzz` looks further.

#[path = "../../fuzz/src/checks/mod.rs"]
mod checks;

use std::fs;
use std::path::{Path, PathBuf};

use checks::{Check, TARGETS};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

/// What lies in the corpus of a target; in that of all, each target's folder.
fn paths(target: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus").join(target);
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("readable").path()).collect();
    paths.sort();
    paths
}

fn corpus(target: &str) -> Vec<Vec<u8>> {
    paths(target).iter().map(|path| fs::read(path).expect("readable")).collect()
}

fn is_slow(target: &str) -> bool {
    // They go through files, as designers' data does.
    matches!(target, "map" | "data" | "recording")
}

fn over_the_corpus(target: &str, check: Check) {
    let inputs = corpus(target);
    assert!(!inputs.is_empty(), "{target} has no corpus: cargo xtask fuzz --target {target} --keep");
    let bytes: usize = inputs.iter().map(Vec::len).sum();
    assert!(bytes <= 20_000, "the corpus of {target} has {bytes} bytes: cargo xtask fuzz --keep makes it small");
    inputs.iter().for_each(|input| check(input));
}

/// Inputs of the corpus with some bytes changed, and bytes that were never input.
fn over_what_comes_near(target: &str, check: Check) {
    let inputs = corpus(target);
    let change = (any::<prop::sample::Index>(), any::<u8>());
    let near = (prop::sample::select(inputs), prop::collection::vec(change, 1..6)).prop_map(|(mut input, changes)| {
        if !input.is_empty() {
            for (at, byte) in changes {
                let at = at.index(input.len());
                input[at] = byte;
            }
        }
        input
    });
    let far = prop::collection::vec(any::<u8>(), 0..1_300);
    let cases = if is_slow(target) { 24 } else { 400 };
    let mut runner = TestRunner::new(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(cases) });
    let run = runner.run(&prop_oneof![3 => near, 1 => far], |input| {
        check(&input);
        Ok(())
    });
    run.unwrap_or_else(|failure| panic!("{target}: {failure}"));
}

#[test]
fn every_input_of_every_corpus_passes_its_check() {
    let mut targets = TARGETS.map(|(target, _)| target);
    targets.sort_unstable();
    let folders = paths("");
    let folders: Vec<&str> = folders.iter().filter_map(|folder| folder.file_name()?.to_str()).collect();
    assert_eq!(folders, targets, "a check for every corpus");
    TARGETS.iter().for_each(|(target, check)| over_the_corpus(target, *check));
}

#[test]
fn what_comes_near_the_corpus_and_what_is_random_passes_too() {
    TARGETS.iter().for_each(|(target, check)| over_what_comes_near(target, *check));
}
