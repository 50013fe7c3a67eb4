//! Unpacks what was packed and starts it, as whoever downloads it does.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use super::PROGRAMS;
use crate::binaries::output;
use crate::packages::addon::{FOLDER, LIBRARIES, PLACE, files};
use crate::workspace::Workspace;

/// How soon a world has to be up in a fresh folder.
const UP_WITHIN: Duration = Duration::from_secs(2);
/// How long anything may take before it counts as hung.
const PATIENCE: Duration = Duration::from_secs(60);
/// What sets the clock of a test build.
const TEST_CLOCK: &[u8] = b"REALMGATE_CHAOS_CLOCK";
/// Often enough that what is measured is right to a hundredth of the limit.
const POLL: Duration = Duration::from_millis(20);

/// Tries the tarball and the package.
pub fn run(workspace: &Workspace, tarball: &Path, package: &Path) -> Result<()> {
    let scratch = tempfile::tempdir()?;
    output(
        workspace
            .command("tar")
            .args(["--extract", "--strip-components=1", "--file"])
            .arg(tarball)
            .args(["--directory".as_ref(), scratch.path().as_os_str()]),
    )?;
    let took = start(scratch.path())?;
    println!("the tarball: up {:.2} s after ./start_server.sh, and stopped cleanly", took.as_secs_f32());
    ensure!(took < UP_WITHIN, "a world in a new folder must be up within {} s", UP_WITHIN.as_secs());

    let root = scratch.path().join("root");
    output(workspace.command("dpkg-deb").arg("--extract").args([package, &root]))?;
    let home = root.join("opt/realmgate");
    for program in PROGRAMS {
        let packed = fs::read(home.join(program))?;
        let is_same = packed == fs::read(scratch.path().join(program))?;
        ensure!(is_same, "{program} in the package is not the one in the tarball");
        let has_clock_of_tests = packed.windows(TEST_CLOCK.len()).any(|bytes| bytes == TEST_CLOCK);
        ensure!(!has_clock_of_tests, "{program} was built with the feature `testing`: its clock can be set");
    }
    output(Command::new(home.join("start_server")).arg("--check").current_dir(&root))?;
    for unit in fs::read_dir(workspace.root.join("deploy/systemd"))? {
        let unit = unit?.file_name();
        ensure!(root.join("usr/lib/systemd/system").join(&unit).is_file(), "the package has no {}", unit.display());
    }
    println!("the package: the same programs, which find its data and maps, and every unit");
    Ok(())
}

/// Unpacks the zip of the add-on as Godot does, into a project.
pub fn run_addon(workspace: &Workspace, addon: &Path) -> Result<()> {
    let scratch = tempfile::tempdir()?;
    let mut unzip = workspace.command("unzip");
    output(unzip.arg("-q").arg(addon).arg("-d").arg(scratch.path())).context("apt-get install unzip")?;
    let place = scratch.path().join(PLACE);
    for file in files(&workspace.root)? {
        let is_same = fs::read(place.join(&file)).ok() == Some(fs::read(workspace.root.join(FOLDER).join(&file))?);
        ensure!(is_same, "{file} in the zip is not the one in {FOLDER}");
    }
    let libraries = fs::read_dir(place.join(LIBRARIES))?.count();
    println!("the add-on: every file in {PLACE}, with {libraries} libraries");
    Ok(())
}

/// Starts a world as the README says, but on free ports; waits until it is up, and ends it.
fn start(folder: &Path) -> Result<Duration> {
    let ready = folder.join("ready.json");
    let began = now();
    let mut server = Command::new("./start_server.sh")
        .args(["1", "0", "--ready-file"])
        .arg(&ready)
        .current_dir(folder)
        // Without cargo on the path, so that nothing but the program beside it can be what runs.
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .envs(["API_ADDR", "DIRECTORY_ADDR", "GATEWAY_ADDR"].map(|setting| (setting, "127.0.0.1:0")))
        .stdout(Stdio::null())
        .spawn()
        .context("./start_server.sh did not start")?;
    let took = await_ready(&mut server, &ready, began);
    if took.is_err() {
        server.kill()?;
    }
    let took = took?;
    output(Command::new("kill").arg(server.id().to_string()))?;
    ensure!(ends_well(&mut server)?, "the server did not stop cleanly");
    Ok(took)
}

fn await_ready(server: &mut Child, ready: &Path, began: Instant) -> Result<Duration> {
    while !ready.exists() {
        ensure!(server.try_wait()?.is_none(), "the server stopped before it was up");
        ensure!(now() - began < PATIENCE, "the server is not up after {} s", PATIENCE.as_secs());
        thread::sleep(POLL);
    }
    Ok(now() - began)
}

/// Whether it ends with success.
fn ends_well(server: &mut Child) -> Result<bool> {
    let began = now();
    while now() - began < PATIENCE {
        if let Some(status) = server.try_wait()? {
            return Ok(status.success());
        }
        thread::sleep(POLL);
    }
    server.kill()?;
    bail!("the server does not stop")
}

#[expect(clippy::disallowed_methods, reason = "how long a start takes is what is measured")]
fn now() -> Instant {
    Instant::now()
}
