//! The end of `cargo test`: how many tests were skipped, and why. Cargo runs its programs in the order of their packages,
//! and `xtask` is the last; of a package, those of `tests/` come after the unit tests.

#[test]
fn skipped_tests_are_counted_at_the_end_of_the_run() {
    realmgate_skip::print_summary();
}
