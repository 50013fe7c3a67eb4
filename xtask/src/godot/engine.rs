//! Getting Godot: Debian's package of its unstable suite, unpacked with all libraries that it needs into the tools' folder. The
//! system stays as it is: apt gets folders of its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

use crate::binaries::output;
use crate::workspace::Workspace;

/// The suite that has the newest Godot 4. Older suites have 3.
const SUITE: &str = "sid";
/// With what Debian signs its packages.
const KEYRING: &str = "usr/share/keyrings/debian-archive-keyring.gpg";
/// Where the libraries lie in a Debian root, and those of Pulse's client, which are elsewhere.
const LIBRARIES: [&str; 2] = ["usr/lib/x86_64-linux-gnu", "usr/lib/x86_64-linux-gnu/pulseaudio"];
/// Written last, so that half an installation is not taken for a whole one.
const LAUNCHER: &str = "godot";

/// A Godot that runs.
pub struct Engine {
    program: PathBuf,
}

impl Engine {
    /// The one in the folder of tools; it is made first if it is not there.
    pub fn get(workspace: &Workspace, folder: &Path) -> Result<Self> {
        let engine = Self { program: folder.join(LAUNCHER) };
        if !engine.program.is_file() {
            install(workspace, folder)
                .context("cannot get Godot from Debian; use your own (4.4 or newer) with --godot PATH or GODOT=PATH")?;
        }
        engine.checked(workspace)
    }

    /// One that is there already.
    pub fn at(workspace: &Workspace, program: &Path) -> Result<Self> {
        Self { program: program.to_owned() }.checked(workspace)
    }

    /// A headless run of it, with arguments to follow.
    pub fn command(&self, workspace: &Workspace) -> Command {
        let mut command = workspace.command(&self.program);
        command.arg("--headless");
        command
    }

    /// Where its program is.
    pub fn program(&self) -> &Path {
        &self.program
    }

    fn checked(self, workspace: &Workspace) -> Result<Self> {
        let version = output(self.command(workspace).arg("--version"))?;
        let version = String::from_utf8_lossy(&version).trim().to_owned();
        ensure!(is_new_enough(&version), "{} is Godot {version}, but 4.4 or newer is required", self.program.display());
        println!("Godot {version}, {}", self.program.display());
        Ok(self)
    }
}

/// Whether it is 4.4 or a newer 4.
fn is_new_enough(version: &str) -> bool {
    let mut parts = version.split('.').map(str::parse::<u32>);
    matches!((parts.next(), parts.next()), (Some(Ok(4)), Some(Ok(minor))) if minor >= 4)
}

fn install(workspace: &Workspace, folder: &Path) -> Result<()> {
    ensure!(cfg!(all(target_os = "linux", target_arch = "x86_64")), "this is not Linux on x86_64");
    for tool in ["apt-get", "dpkg-deb"] {
        ensure!(workspace.answers(tool, &["--version"]), "{tool} is not installed: this is not Debian");
    }
    println!("fetching Godot from Debian's {SUITE} into {} (160 MB)", folder.display());
    let apt = Apt::new(workspace, &folder.join("apt"))?;
    apt.run(&["update", "--quiet"])?;
    apt.run(&["install", "--quiet", "--yes", "--no-install-recommends", "--download-only", "godot"])?;
    let root = folder.join("root");
    unpack(workspace, &apt.packages(), &root)?;
    fs::remove_dir_all(&apt.folder)?;
    launch_from(&root, &folder.join(LAUNCHER))
}

/// An apt that knows nothing of this system, and leaves it alone.
struct Apt<'a> {
    workspace: &'a Workspace,
    folder: PathBuf,
}

impl<'a> Apt<'a> {
    fn new(workspace: &'a Workspace, folder: &Path) -> Result<Self> {
        for part in ["etc/apt.conf.d", "etc/preferences.d", "state/lists/partial", "cache/archives/partial"] {
            fs::create_dir_all(folder.join(part))?;
        }
        let keyring = Path::new("/").join(KEYRING);
        let (mirror, keyring) = (mirror(workspace)?, keyring.display());
        fs::write(folder.join("etc/sources.list"), format!("deb [signed-by={keyring}] {mirror} {SUITE} main\n"))?;
        fs::write(folder.join("status"), "")?;
        let at = folder.display();
        let configuration = format!(
            "Dir \"{at}\";\nDir::State \"state\";\nDir::State::status \"{at}/status\";\nDir::Cache \"cache\";\n\
             Dir::Etc \"etc\";\nAPT::Architecture \"amd64\";\nAcquire::Languages \"none\";\nAPT::Sandbox::User \"root\";\n\
             // A mirror that stands still is signed all the same.\nAcquire::Check-Valid-Until \"false\";\n"
        );
        fs::write(folder.join("apt.conf"), configuration)?;
        Ok(Self { workspace, folder: folder.to_owned() })
    }

    fn run(&self, arguments: &[&str]) -> Result<()> {
        let mut apt = self.workspace.command("apt-get");
        apt.env("APT_CONFIG", self.folder.join("apt.conf")).args(arguments);
        output(&mut apt).map(|_| ())
    }

    fn packages(&self) -> PathBuf {
        self.folder.join("cache/archives")
    }
}

/// Where this system gets Debian's packages from.
fn mirror(workspace: &Workspace) -> Result<String> {
    let mut targets = workspace.command("apt-get");
    targets.args(["indextargets", "--format", "$(LABEL) $(REPO_URI)", "Created-By: Packages"]);
    let targets = String::from_utf8(output(&mut targets)?)?;
    let mirror = targets.lines().find_map(|line| line.strip_prefix("Debian "));
    Ok(mirror.context("apt has no Debian mirror: run `apt-get update` first")?.to_owned())
}

fn unpack(workspace: &Workspace, packages: &Path, root: &Path) -> Result<()> {
    if root.exists() {
        fs::remove_dir_all(root)?;
    }
    fs::create_dir_all(root)?;
    for package in fs::read_dir(packages)? {
        let package = package?.path();
        if package.extension().is_some_and(|ending| ending == "deb") {
            output(workspace.command("dpkg-deb").arg("-x").arg(package).arg(root))?;
        }
    }
    Ok(())
}

/// Writes a program that starts Godot with the root's own loader and libraries: this system's are older.
fn launch_from(root: &Path, launcher: &Path) -> Result<()> {
    let libraries = LIBRARIES.map(|folder| root.join(folder));
    let loader = libraries[0].join("ld-linux-x86-64.so.2");
    let (godot, paths) = (root.join("usr/bin/godot"), libraries.map(|folder| folder.display().to_string()).join(":"));
    if !loader.is_file() || !godot.is_file() {
        bail!("the packages have no {} or no {}", loader.display(), godot.display());
    }
    let script =
        format!("#!/bin/sh\nexec '{}' --library-path '{paths}' '{}' \"$@\"\n", loader.display(), godot.display());
    fs::write(launcher, script)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(launcher, fs::Permissions::from_mode(0o755))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::is_new_enough;

    #[test]
    fn four_point_four_is_the_oldest() {
        for version in ["4.4.stable", "4.6.3.stable.debian4.6.3+ds-3", "4.10.1"] {
            assert!(is_new_enough(version), "{version} is new enough");
        }
        for version in ["3.6.stable", "4.3.stable", "5.0.stable", "", "Godot"] {
            assert!(!is_new_enough(version), "{version} is not");
        }
    }
}
