//! The fuzzer: libFuzzer around one of the checks, named by `REALMGATE_FUZZ_TARGET`. Started by `cargo xtask fuzz`.

#![no_main]

mod checks;

use std::sync::OnceLock;

use checks::{Check, TARGETS};

fn chosen() -> Check {
    let name = std::env::var("REALMGATE_FUZZ_TARGET").unwrap_or_default();
    let found = TARGETS.iter().find(|(target, _)| *target == name);
    let names: Vec<&str> = TARGETS.iter().map(|(target, _)| *target).collect();
    found.unwrap_or_else(|| panic!("REALMGATE_FUZZ_TARGET is {name:?}, not one of {}", names.join(", "))).1
}

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    static CHECK: OnceLock<Check> = OnceLock::new();
    CHECK.get_or_init(chosen)(bytes);
});
