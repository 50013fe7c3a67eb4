//! The machine: its cores, its name, and the programs that were built.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use realmgate_tests::backends::program::find;
use realmgate_tests::binaries::workspace;
use realmgate_tests::load::server::Program;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// The server's core.
pub const SERVER_CORE: usize = 0;
const LOAD_CORE: &str = "1";

/// Keeps this process, and what it starts from now on, on the load's core.
pub fn stay_on_load_core() -> Result<()> {
    let taskset = find("taskset", "util-linux")?;
    let pinned = Command::new(taskset).args(["-cp", LOAD_CORE, &std::process::id().to_string()]).output()?;
    ensure!(pinned.status.success(), "no core {LOAD_CORE}: {}", String::from_utf8_lossy(&pinned.stderr).trim());
    Ok(())
}

/// Lets this process have as many sockets as the machine allows.
pub fn allow_many_sockets() -> Result<()> {
    let limit = getrlimit(Resource::Nofile);
    Ok(setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum })?)
}

/// The map server that was built beside this program, on the server's core.
pub fn server() -> Result<Program> {
    let path = profile_folder()?.join("start_server");
    ensure!(path.is_file(), "{} is not built: start this by `cargo xtask bench world`", path.display());
    Ok(Program { path, core: Some(SERVER_CORE) })
}

/// `target/release` of `target/release/deps/world-0123`.
pub fn profile_folder() -> Result<PathBuf> {
    let program = std::env::current_exe()?;
    let folder = program.parent().and_then(Path::parent);
    Ok(folder.context("a bench lies in a folder of a profile's folder")?.to_owned())
}

/// The commit, the date, the processor.
pub fn provenance() -> [(&'static str, String); 3] {
    let said = |program: &str, arguments: &[&str]| {
        let output = Command::new(program).args(arguments).current_dir(workspace()).output().ok();
        let text = output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
        text.filter(|text| !text.is_empty()).unwrap_or_else(|| "unknown".to_owned())
    };
    let cpuinfo = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpuinfo.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    // This process is kept on one core; the machine has as many as it lists.
    let cores = cpuinfo.matches("processor\t").count().max(cores);
    let machine = format!("{cores} × {}", model.map_or("unknown", |(_, name)| name));
    [
        ("commit", said("git", &["rev-parse", "--short", "HEAD"])),
        ("date", said("date", &["-u", "+%F"])),
        ("machine", machine),
    ]
}
