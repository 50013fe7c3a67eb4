//! `cargo xtask dist`: what is handed out, as a tarball and as a Debian package: the programs, data, maps and units.

mod debian;
mod folder;
mod trial;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Args;

use crate::binaries::{Binaries, output};
use crate::workspace::Workspace;

#[derive(Args)]
pub struct Arguments {
    /// Where both are put [default: target/dist]
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
    /// Unpack both afterwards, start what is in them, and fail if that is not up in two seconds
    #[arg(long)]
    check: bool,
    /// The time that all files get, in seconds since 1970 [default: that of the commit]
    #[arg(long, env = "SOURCE_DATE_EPOCH", value_name = "SECONDS")]
    time: Option<u64>,
}

/// What both are made of.
struct Release {
    version: String,
    /// The time that all files get, so that the same source gives the same bytes.
    time: u64,
    binaries: Binaries,
}

/// The programs that players, operators and testers run.
const PROGRAMS: [&str; 3] = ["start_server", "sidecar", "bot"];

/// Builds, packs and, if that is asked for, tries out.
pub fn run(workspace: &Workspace, arguments: &Arguments) -> Result<()> {
    let time = arguments.time.map_or_else(|| commit_time(workspace), Ok)?;
    let release = Release { version: version(workspace)?, time, binaries: Binaries::dist(workspace, &PROGRAMS)? };
    let out = std::path::absolute(arguments.out.clone().unwrap_or_else(|| workspace.root.join("target/dist")))?;
    fs::create_dir_all(&out)?;

    let tarball = tarball(workspace, &release, &out)?;
    println!("{}", tarball.display());
    let package = debian::package(workspace, &release, &out)?;
    println!("{}", package.display());
    if arguments.check { trial::run(workspace, &tarball, &package) } else { Ok(()) }
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

/// The version of the workspace, which all its packages have.
fn version(workspace: &Workspace) -> Result<String> {
    let manifest: toml::Table = fs::read_to_string(workspace.root.join("Cargo.toml"))?.parse()?;
    let package = manifest.get("workspace").and_then(|it| it.get("package"));
    let version = package.and_then(|it| it.get("version")?.as_str());
    version.map(ToOwned::to_owned).context("Cargo.toml has no workspace.package.version")
}

fn commit_time(workspace: &Workspace) -> Result<u64> {
    // A checkout that belongs to another user, as in containers, is no reason for git to refuse.
    let mut git = workspace.command("git");
    let said = output(git.args(["-c", "safe.directory=*", "log", "-1", "--format=%ct"]));
    let said = said.context("git does not know the commit's time: give one with --time")?;
    String::from_utf8(said)?.trim().parse().context("git did not say the commit's time")
}
