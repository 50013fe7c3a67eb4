//! Tools from outside that chores need, in a folder of the user's cache.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use crate::workspace::Workspace;

/// The folder of all tools, in the user's cache or in `cache`.
pub fn folder(cache: Option<&Path>) -> Result<PathBuf> {
    let cache = match cache {
        Some(cache) if !cache.as_os_str().is_empty() => cache.to_owned(),
        _ => std::env::home_dir().context("no home folder: set XDG_CACHE_HOME")?.join(".cache"),
    };
    Ok(cache.join("realmgate-tools"))
}

/// Installs what a file of requirements names into a folder, unless it is there. With `--target`, pip leaves Debian's own packages
/// alone.
pub fn install_python(workspace: &Workspace, requirements: &str, folder: &Path) -> Result<()> {
    let (wanted, installed) = (workspace.root.join(requirements), folder.join("installed.txt"));
    let requirements = fs::read(&wanted)?;
    if fs::read(&installed).is_ok_and(|text| text == requirements) {
        return Ok(());
    }
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    println!("installing the packages of {} into {}", wanted.display(), folder.display());
    let mut pip = workspace.command("python3");
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--root-user-action=ignore"]);
    let done =
        pip.arg("--target").arg(folder).arg("--requirement").arg(&wanted).status().context("pip did not start")?;
    ensure!(done.success(), "pip ended with {done}");
    // Last, so that half an installation is not taken for a whole one.
    fs::write(installed, requirements)?;
    Ok(())
}
