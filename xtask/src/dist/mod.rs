//! `cargo xtask dist`: what is handed out: a tarball and a Debian package of the programs, data, maps and units, and a zip of the
//! add-on for Godot.

mod addon;
mod debian;
mod folder;
mod trial;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Args;

use crate::binaries::{Binaries, output};
use crate::workspace::Workspace;

/// What can be packed: the tarball and the Debian package, and the zip for Godot.
const KINDS: [&str; 2] = ["programs", "addon"];

#[derive(Args)]
pub struct Arguments {
    /// Build only these: programs (the tarball and the Debian package), addon (the zip for Godot)
    #[arg(long, value_name = "KIND", value_delimiter = ',', value_parser = KINDS)]
    only: Vec<String>,
    /// Output folder [default: target/dist]
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
    /// Folder with libraries of the add-on for other systems, named as in realmgate.gdextension
    #[arg(long, value_name = "FOLDER")]
    libraries: Option<PathBuf>,
    /// Unpack the files, start the programs, and fail if a world is not up within two seconds
    #[arg(long)]
    check: bool,
    /// Modification time of all files, in seconds since 1970 [default: the time of the commit]
    #[arg(long, env = "SOURCE_DATE_EPOCH", value_name = "SECONDS")]
    time: Option<u64>,
}

/// What the packages of programs are made of.
struct Release {
    version: String,
    /// The time that all files get, so that the same source gives the same bytes.
    time: u64,
    binaries: Binaries,
}

/// The programs that players, operators and testers run.
const PROGRAMS: [&str; 3] = ["start_server", "sidecar", "bot"];

/// Builds, packs and, with `--check`, tries out.
pub fn run(workspace: &Workspace, arguments: &Arguments) -> Result<()> {
    let time = arguments.time.map_or_else(|| commit_time(workspace), Ok)?;
    let version = workspace.version()?;
    let out = std::path::absolute(arguments.out.clone().unwrap_or_else(|| workspace.root.join("target/dist")))?;
    fs::create_dir_all(&out)?;
    let is_wanted = |kind: &str| arguments.only.is_empty() || arguments.only.iter().any(|only| only == kind);

    if is_wanted("addon") {
        let addon = addon::package(workspace, &version, time, arguments.libraries.as_deref(), &out)?;
        println!("{}", addon.display());
        if arguments.check {
            trial::run_addon(workspace, &addon)?;
        }
    }
    if is_wanted("programs") {
        let release = Release { version, time, binaries: Binaries::dist(workspace, &PROGRAMS)? };
        let tarball = tarball(workspace, &release, &out)?;
        println!("{}", tarball.display());
        let package = debian::package(workspace, &release, &out)?;
        println!("{}", package.display());
        if arguments.check {
            trial::run(workspace, &tarball, &package)?;
        }
    }
    Ok(())
}

fn tarball(workspace: &Workspace, release: &Release, out: &Path) -> Result<PathBuf> {
    let name = format!("realmgate-{}-linux-{}", release.version, std::env::consts::ARCH);
    let staging = tempfile::tempdir_in(out)?;
    folder::fill(workspace, release, &staging.path().join(&name))?;
    let tarball = out.join(format!("{name}.tar.gz"));
    let mut tar = workspace.command("tar");
    tar.args(["--create", "--gzip", "--sort=name", "--owner=0", "--group=0", "--numeric-owner"]);
    tar.arg(format!("--mtime=@{}", release.time)).arg("--file").arg(&tarball);
    output(tar.arg("--directory").arg(staging.path()).arg(&name))?;
    Ok(tarball)
}

fn commit_time(workspace: &Workspace) -> Result<u64> {
    // A checkout that belongs to another user, as in containers, is no reason for git to refuse.
    let mut git = workspace.command("git");
    let said = output(git.args(["-c", "safe.directory=*", "log", "-1", "--format=%ct"]));
    let said = said.context("git does not know the commit's time: give one with --time")?;
    String::from_utf8(said)?.trim().parse().context("git did not say the commit's time")
}
