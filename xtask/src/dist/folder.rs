//! A folder from which everything runs, wherever it lies.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use anyhow::{Context, Result};

use super::{PROGRAMS, Release};
use crate::binaries::output;
use crate::workspace::Workspace;

/// What is in it beside the programs: files and folders, from the root.
const REST: [&str; 16] = [
    "start_server.sh",
    "assets",
    "maps",
    "hooks",
    "deploy/caddy",
    "deploy/grafana",
    "deploy/logrotate",
    "deploy/nginx",
    "deploy/prometheus",
    "deploy/systemd",
    "docs",
    "README.md",
    "CHANGELOG.md",
    "SECURITY.md",
    "LICENSE-APACHE",
    "LICENSE-MIT",
];

/// Fills a folder that is not there yet.
pub fn fill(workspace: &Workspace, release: &Release, folder: &Path) -> Result<()> {
    programs(release, folder)?;
    REST.iter().try_for_each(|path| copy(&workspace.root.join(path), &folder.join(path)))
}

/// The programs, without what only a debugger reads.
pub fn programs(release: &Release, folder: &Path) -> Result<()> {
    make(folder)?;
    for program in PROGRAMS {
        let (from, to) = (release.binaries.path(program)?, folder.join(program));
        output(std::process::Command::new("strip").arg("-o").arg(&to).arg(from))?;
        fs::set_permissions(&to, Permissions::from_mode(0o755))?;
    }
    Ok(())
}

/// Copies a file, or a folder and all below it, with the permissions that git keeps.
pub fn copy(from: &Path, to: &Path) -> Result<()> {
    let metadata = fs::metadata(from).with_context(|| from.display().to_string())?;
    if !metadata.is_dir() {
        to.parent().map_or(Ok(()), make)?;
        fs::copy(from, to)?;
        let mode = if metadata.permissions().mode() & 0o100 == 0 { 0o644 } else { 0o755 };
        return Ok(fs::set_permissions(to, Permissions::from_mode(mode))?);
    }
    for entry in fs::read_dir(from)? {
        let name = entry?.file_name();
        copy(&from.join(&name), &to.join(&name))?;
    }
    Ok(())
}

/// Makes a folder that everybody may read, and those above it.
pub fn make(folder: &Path) -> Result<()> {
    for missing in folder.ancestors().take_while(|above| !above.exists()).collect::<Vec<_>>().into_iter().rev() {
        fs::create_dir(missing)?;
        fs::set_permissions(missing, Permissions::from_mode(0o755))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_copied_with_what_may_be_run() {
        let scratch = tempfile::tempdir().unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let from = scratch.path().join("from");
        fs::create_dir_all(from.join("below")).unwrap();
        for (name, mode) in [("run.sh", 0o700), ("below/read.md", 0o600)] {
            fs::write(from.join(name), name).unwrap();
            fs::set_permissions(from.join(name), Permissions::from_mode(mode)).unwrap();
        }
        let to = scratch.path().join("a/to");
        copy(&from, &to).unwrap();
        let modes = [mode(&to.join("run.sh")), mode(&to.join("below")), mode(&to.join("below/read.md"))];
        assert_eq!(modes, [0o755, 0o755, 0o644]);
        for name in ["run.sh", "below/read.md"] {
            assert_eq!(fs::read_to_string(to.join(name)).unwrap(), name);
        }
    }
}
