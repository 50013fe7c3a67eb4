//! Which files lead to which commands.

use super::*;

fn packages() -> Vec<Package> {
    let package = |name: &str, folder: &str, tests: &[&str], long: &[&str]| Package {
        name: name.to_owned(),
        folder: folder.to_owned(),
        tests: tests.iter().map(|test| (*test).to_owned()).collect(),
        long_tests: long.iter().map(|test| (*test).to_owned()).collect(),
    };
    vec![
        package("realmgate-engine", "engine", &["worlds", "netcode"], &[]),
        package("realmgate-sidecar", "sidecar", &["api", "binary"], &[]),
        package("realmgate-platform", "sidecar/platform", &[], &[]),
        package("realmgate-tests", "tests", &["processes", "contract"], &["model", "realms"]),
        package("realmgate-skip", "tests/skip", &[], &[]),
    ]
}

/// What is run when these files changed.
fn jobs(files: &[&str]) -> Vec<String> {
    let files: Vec<_> = files.iter().map(|file| (*file).to_owned()).collect();
    let packages = packages();
    Plan::of_files(&packages, &files).jobs(&packages).iter().map(Job::to_string).collect()
}

#[test]
fn a_source_file_leads_to_all_tests_of_its_package() {
    let expected = [
        "cargo fmt --check -p realmgate-engine",
        "cargo clippy -p realmgate-engine --all-targets -- --deny warnings",
        "cargo test -p realmgate-engine",
    ];
    assert_eq!(jobs(&["engine/src/lib.rs"]), expected);
    assert_eq!(jobs(&["engine/src/lib.rs", "engine/tests/worlds/outage.rs"]), expected, "one of them is among all");
    assert_eq!(jobs(&["engine/tests/worlds/outage.rs", "engine/Cargo.toml"]), expected);
}

#[test]
fn a_file_belongs_to_the_innermost_package() {
    let of = |file: &str| jobs(&[file]).pop();
    assert_eq!(of("sidecar/platform/src/lib.rs").as_deref(), Some("cargo test -p realmgate-platform"));
    assert_eq!(of("sidecar/src/lib.rs").as_deref(), Some("cargo test -p realmgate-sidecar"));
    assert_eq!(of("tests/skip/src/lib.rs").as_deref(), Some("cargo test -p realmgate-skip"));
}

#[test]
fn a_file_of_one_test_leads_to_that_test() {
    let last = |file: &str| jobs(&[file]).pop();
    let expected = "cargo test -p realmgate-engine --test worlds";
    assert_eq!(last("engine/tests/worlds/outage.rs").as_deref(), Some(expected));
    assert_eq!(last("engine/tests/worlds.rs").as_deref(), Some(expected));
    let expected = "cargo test -p realmgate-sidecar";
    assert_eq!(last("sidecar/tests/testing/mod.rs").as_deref(), Some(expected), "several tests share it");
}

#[test]
fn a_long_test_is_checked_by_name() {
    let expected = [
        "cargo fmt --check -p realmgate-tests",
        "cargo clippy -p realmgate-tests --all-targets -- --deny warnings",
        "cargo clippy -p realmgate-tests --test model --test realms -- --deny warnings",
        "cargo test -p realmgate-tests --test model",
    ];
    assert_eq!(jobs(&["tests/tests/model/state.rs"]), expected);
}

#[test]
fn files_of_no_package_lead_to_the_tests_that_read_them() {
    assert_eq!(jobs(&["scripts/start-dev.sh"]), ["cargo test -p realmgate-tests --test processes start_dev"]);
    let expected = [
        "cargo xtask bundle --check",
        "cargo test -p realmgate-sidecar --test api",
        "cargo test -p realmgate-tests --test realms page",
    ];
    assert_eq!(jobs(&["clients/page/src/main.js"]), expected);
    let both = ["scripts/start-dev.sh", "tests/tests/processes/fleet.rs"];
    let expected = Some("cargo test -p realmgate-tests --test processes");
    assert_eq!(jobs(&both).pop().as_deref(), expected, "a part of what runs whole is not run twice");
}

#[test]
fn documents_lead_to_tidy_and_to_what_reads_them() {
    assert_eq!(jobs(&["docs/model.md"]), ["cargo xtask tidy"]);
    assert_eq!(jobs(&["docs/protocol.md"]), ["cargo xtask tidy", "cargo test -p realmgate-protocol --test golden"]);
}

#[test]
fn files_of_packages_lead_to_their_check() {
    assert_eq!(jobs(&["LICENSE-MIT"]), ["cargo xtask packages"]);
    let expected = ["cargo xtask packages", "cargo check --manifest-path clients/godot/Cargo.toml"];
    assert_eq!(jobs(&["clients/godot/addons/realmgate/plugin.cfg"]), expected);
}

#[test]
fn workspaces_beside_are_compiled() {
    let expected =
        ["cargo check --manifest-path art/Cargo.toml", "cargo check --manifest-path clients/godot/Cargo.toml"];
    assert_eq!(jobs(&["clients/godot/src/lib.rs", "art/src/main.rs"]), expected);
}

#[test]
fn what_nothing_covers_is_named() {
    let files = ["Cargo.lock", "engine/src/lib.rs"].map(str::to_owned);
    assert_eq!(Plan::of_files(&packages(), &files).uncovered, ["Cargo.lock"]);
}

#[test]
fn named_packages_are_checked_whole() {
    let plan = Plan::named(&["realmgate-skip".to_owned()]);
    let jobs: Vec<_> = plan.jobs(&packages()).iter().map(Job::to_string).collect();
    let expected = [
        "cargo fmt --check -p realmgate-skip",
        "cargo clippy -p realmgate-skip --all-targets -- --deny warnings",
        "cargo test -p realmgate-skip",
    ];
    assert_eq!(jobs, expected);
}
