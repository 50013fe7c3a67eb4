//! The programs under test, built once for each test process.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// Where the programs lie.
#[derive(Debug)]
pub struct Binaries {
    /// The map server.
    pub start_server: PathBuf,
    /// The sidecar on its own.
    pub sidecar: PathBuf,
    /// The bots.
    pub bot: PathBuf,
    /// The example of the Rust client.
    pub minimal: PathBuf,
    /// The example that has stock renet and nothing of the Rust client.
    pub renet: PathBuf,
}

/// The programs, built in the profile of the running test, with clocks that a test can set. They are in a folder of their
/// own, where no other build replaces them while tests run; the compiled crates are those of `cargo test --workspace`.
///
/// Cargo's own lock on the target folder makes several test processes wait for each other; all but the first find that
/// nothing is left to do.
///
/// # Panics
/// When they cannot be built; what cargo said is in the message.
pub fn binaries() -> &'static Binaries {
    static BUILT: OnceLock<Binaries> = OnceLock::new();
    BUILT.get_or_init(|| {
        let folder = build(&profile_folder());
        let program = |name: &str| {
            let path = folder.join(name);
            assert!(path.is_file(), "cargo has built no {}", path.display());
            path
        };
        Binaries {
            start_server: program("start_server"),
            sidecar: program("sidecar"),
            bot: program("bot"),
            minimal: program("examples/minimal"),
            renet: program("examples/renet"),
        }
    })
}

/// The root of the repository, where maps and designers' data lie.
pub fn workspace() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// `target/debug` of `target/debug/deps/some_test-0123` and of `target/debug/some_program`.
fn profile_folder() -> PathBuf {
    let program = std::env::current_exe().expect("a running program has a path");
    let folder = program.parent().expect("a program lies in a folder");
    match folder.file_name() {
        Some(name) if name == "deps" => {
            folder.parent().expect("cargo puts tests into <target>/<profile>/deps").to_owned()
        }
        _ => folder.to_owned(),
    }
}

/// Where the programs of a test lie, in the target folder.
const FOLDER: &str = "under-test";

/// Builds them; the folder in which they are then.
fn build(profile_folder: &Path) -> PathBuf {
    let target = profile_folder.parent().expect("a profile's folder lies in the target folder");
    let profile = match profile_folder.file_name().and_then(|name| name.to_str()) {
        // The one profile whose folder is not named after it.
        Some("debug") | None => "dev",
        Some(name) => name,
    };
    let mut cargo = Command::new(env!("CARGO"));
    // All packages together, so that everything has the features it has in `cargo test --workspace`, and nothing is
    // compiled for this alone.
    cargo.current_dir(workspace()).args([
        "build",
        "--quiet",
        "--workspace",
        "--example",
        "minimal",
        "--example",
        "renet",
    ]);
    cargo.args(["--bin", "start_server", "--bin", "sidecar", "--bin", "bot", "--profile", profile, "--target-dir"]);
    cargo.arg(target.join(FOLDER)).env("CARGO_BUILD_BUILD_DIR", target);
    // Set for `--report-time` of the running test, it would have cargo compile half of the crates again.
    cargo.env_remove("RUSTC_BOOTSTRAP");
    let built = cargo.stdin(Stdio::null()).output().expect("cargo, which has built this test, runs");
    assert!(built.status.success(), "the programs cannot be built:\n{}", String::from_utf8_lossy(&built.stderr));
    let profile = profile_folder.file_name().expect("it was just read");
    target.join(FOLDER).join(profile)
}
