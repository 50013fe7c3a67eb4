//! `cargo xtask godot`: gets Godot, builds the add-on, checks its scripts, and plays it headless on real servers.

mod engine;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use clap::Args;

use crate::binaries::output;
use crate::tools;
use crate::workspace::Workspace;
use engine::Engine;

/// The add-on: a workspace of its own, and a project of Godot.
const PROJECT: &str = "clients/godot";
/// Where cargo puts what it builds of it: out of the project, which Godot searches whole.
const TARGET: &str = "target/godot";
/// What cargo builds, and where the project expects it.
const LIBRARY: (&str, &str) = ("librealmgate_godot.so", "addons/realmgate/bin/librealmgate.linux.x86_64.so");
/// The list of extensions that Godot writes once it has found them, and what is in it. Without it, a headless import of classes
/// that are documented crashes as it ends (<https://github.com/godotengine/godot/issues/111048>).
const EXTENSIONS: (&str, &str) = (".godot/extension_list.cfg", "res://addons/realmgate/realmgate.gdextension\n");
/// What scripts are checked with, every version pinned.
const REQUIREMENTS: &str = "xtask/gdtoolkit.txt";
/// The steps, in their order.
const STEPS: [&str; 4] = ["lint", "build", "import", "play"];

/// What is done.
#[derive(Args)]
pub struct Arguments {
    /// Use this Godot (4.4 or newer) instead of Debian's
    #[arg(long, env = "GODOT", value_name = "PATH")]
    godot: Option<PathBuf>,
    /// Build the extension and the servers in release mode, for measurements and exports
    #[arg(long)]
    release: bool,
    /// Run only these steps
    #[arg(long, value_name = "STEP", value_delimiter = ',', value_parser = STEPS)]
    only: Vec<String>,
    /// Run only these plays
    #[arg(long, value_name = "PLAY", value_delimiter = ',')]
    play: Vec<String>,
    /// Where tools are kept
    #[arg(long, env = "XDG_CACHE_HOME", hide = true)]
    cache: Option<PathBuf>,
}

/// Does everything, or the steps that are asked for.
pub fn run(workspace: &Workspace, arguments: &Arguments) -> Result<()> {
    let folder = tools::folder(arguments.cache.as_deref())?;
    let engine = match &arguments.godot {
        Some(program) => Engine::at(workspace, program)?,
        None => Engine::get(workspace, &folder.join("godot"))?,
    };
    let is_wanted = |step: &str| arguments.only.is_empty() || arguments.only.iter().any(|only| only == step);
    if is_wanted("lint") {
        lint(workspace, &folder.join("gdtoolkit"))?;
        lint_rust(workspace)?;
    }
    if is_wanted("build") {
        build(workspace, arguments.release)?;
        cargo(workspace, "test", arguments.release)?;
    }
    if is_wanted("import") {
        import(workspace, &engine)?;
    }
    if is_wanted("play") {
        play(workspace, &engine, arguments)?;
    }
    Ok(())
}

/// Makes a Godot that can play: Debian's, with the extension built. Where it is.
pub fn ready(workspace: &Workspace, cache: Option<&Path>, release: bool) -> Result<PathBuf> {
    let engine = Engine::get(workspace, &tools::folder(cache)?.join("godot"))?;
    build(workspace, release)?;
    import(workspace, &engine)?;
    Ok(engine.program().to_owned())
}

/// Builds the extension for this system, as it is shipped. Where it is.
pub fn library(workspace: &Workspace) -> Result<PathBuf> {
    cargo(workspace, "build", true)?;
    Ok(workspace.root.join(TARGET).join("release").join(LIBRARY.0))
}

/// Checks rules and format of all scripts.
fn lint(workspace: &Workspace, tools: &Path) -> Result<()> {
    tools::install_python(workspace, REQUIREMENTS, tools)?;
    let scripts = scripts(workspace)?;
    for checker in [&["gdlint"][..], &["gdformat", "--check"]] {
        let mut check = workspace.command("python3");
        check.current_dir(workspace.root.join(PROJECT)).env("PYTHONPATH", tools);
        check.arg(tools.join("bin").join(checker[0])).args(&checker[1..]).args(&scripts);
        let status = check.status().context("python3 did not start")?;
        ensure!(status.success(), "{} found faults in the scripts of {PROJECT}", checker.join(" "));
    }
    Ok(())
}

/// Checks the extension's own Rust as `cargo xtask lint` checks the rest: format, clippy, and what comes from outside.
fn lint_rust(workspace: &Workspace) -> Result<()> {
    let (manifest, target) = (format!("{PROJECT}/Cargo.toml"), workspace.root.join(TARGET).display().to_string());
    workspace.run("cargo", &["fmt", "--check", "--manifest-path", &manifest])?;
    let mut clippy = vec!["clippy", "--quiet", "--locked", "--all-targets", "--manifest-path", &manifest];
    clippy.extend(["--target-dir", &target, "--", "--deny", "warnings"]);
    workspace.run("cargo", &clippy)?;
    if !workspace.answers("cargo-deny", &["--version"]) {
        println!("cargo-deny is not installed: the licences of the add-on's dependencies are not checked");
        return Ok(());
    }
    let rules = workspace.root.join(PROJECT).join("deny.toml").display().to_string();
    let checks = ["check", "--hide-inclusion-graph", "--allow", "duplicate", "bans", "licenses", "sources"];
    workspace
        .run("cargo-deny", &[&["--locked", "--manifest-path", &manifest, "--config", &rules][..], &checks].concat())
}

/// The scripts of the project, from its folder.
fn scripts(workspace: &Workspace) -> Result<Vec<String>> {
    let mut listing = workspace.command("git");
    listing.current_dir(workspace.root.join(PROJECT));
    listing.args(["-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "*.gd"]);
    let listed = String::from_utf8(output(&mut listing)?)?;
    // One that is deleted is listed until that is committed.
    let is_there = |script: &&str| workspace.root.join(PROJECT).join(script).is_file();
    Ok(listed.split_terminator('\0').filter(is_there).map(str::to_owned).collect())
}

/// Builds the extension, and puts it where the project looks for it.
fn build(workspace: &Workspace, release: bool) -> Result<()> {
    cargo(workspace, "build", release)?;
    let folder = if release { "release" } else { "debug" };
    let built = workspace.root.join(TARGET).join(folder).join(LIBRARY.0);
    let wanted = workspace.root.join(PROJECT).join(LIBRARY.1);
    let folder = wanted.parent().context("it lies in a folder")?;
    fs::create_dir_all(folder)?;
    // Not over the old one, which a Godot that runs has mapped.
    let fresh = wanted.with_extension("fresh");
    fs::copy(&built, &fresh).with_context(|| format!("{} does not exist", built.display()))?;
    fs::rename(fresh, wanted)?;
    Ok(())
}

/// Lets cargo do something with the extension.
fn cargo(workspace: &Workspace, command: &str, release: bool) -> Result<()> {
    let (manifest, target) = (format!("{PROJECT}/Cargo.toml"), workspace.root.join(TARGET).display().to_string());
    let profile = if release { "release" } else { "dev" };
    let mut arguments = vec![command, "--quiet", "--locked", "--profile", profile];
    arguments.extend(["--manifest-path", &manifest, "--target-dir", &target]);
    workspace.run("cargo", &arguments)
}

/// Lets Godot find the extension and the classes of scripts.
fn import(workspace: &Workspace, engine: &Engine) -> Result<()> {
    let extensions = workspace.root.join(PROJECT).join(EXTENSIONS.0);
    if !extensions.is_file() {
        fs::create_dir_all(extensions.parent().context("it lies in a folder")?)?;
        fs::write(extensions, EXTENSIONS.1)?;
    }
    let mut import = engine.command(workspace);
    let done = import.arg("--path").arg(workspace.root.join(PROJECT)).arg("--import").output()?;
    let said = [done.stdout, done.stderr].map(|said| String::from_utf8_lossy(&said).into_owned()).join("\n");
    if !done.status.success() || said.contains("SCRIPT ERROR") || said.contains("Can't open dynamic library") {
        bail!("Godot cannot import {PROJECT}:\n{said}");
    }
    Ok(())
}

/// Plays; the servers' side is in the package of whole-system tests, built as the extension is.
fn play(workspace: &Workspace, engine: &Engine, arguments: &Arguments) -> Result<()> {
    let mut rest = vec!["--godot".to_owned(), engine.program().display().to_string()];
    if !arguments.play.is_empty() {
        rest.extend(["--only".to_owned(), arguments.play.join(",")]);
    }
    workspace.long_run("godot", !arguments.release, &rest)
}
