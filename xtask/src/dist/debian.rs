//! The Debian package. What is configured when it is installed is in `deploy/debian/`.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::{Release, folder};
use crate::binaries::output;
use crate::workspace::Workspace;

/// Where the units expect programs, data and maps.
const HOME: &str = "opt/realmgate";
const DOCUMENTS: &str = "usr/share/doc/realmgate";
/// What goes where, beside the programs: from the root, and in the package.
const CONTENTS: [(&str, &str); 15] = [
    ("start_server.sh", "opt/realmgate/start_server.sh"),
    ("assets", "opt/realmgate/assets"),
    ("maps", "opt/realmgate/maps"),
    ("hooks", "opt/realmgate/hooks"),
    ("deploy/systemd", "usr/lib/systemd/system"),
    ("deploy/logrotate/realmgate", "etc/logrotate.d/realmgate"),
    ("docs", DOCUMENTS),
    ("deploy/caddy", "usr/share/doc/realmgate/examples/caddy"),
    ("deploy/grafana", "usr/share/doc/realmgate/examples/grafana"),
    ("deploy/nginx", "usr/share/doc/realmgate/examples/nginx"),
    ("deploy/prometheus", "usr/share/doc/realmgate/examples/prometheus"),
    ("deploy/debian/copyright", "usr/share/doc/realmgate/copyright"),
    ("deploy/debian/conffiles", "DEBIAN/conffiles"),
    ("deploy/debian/postinst", "DEBIAN/postinst"),
    ("deploy/debian/prerm", "DEBIAN/prerm"),
];

/// Writes it into a folder.
pub fn package(workspace: &Workspace, release: &Release, out: &Path) -> Result<PathBuf> {
    let staging = tempfile::tempdir_in(out)?;
    let root = staging.path().join("root");
    folder::programs(release, &root.join(HOME))?;
    for (from, to) in CONTENTS {
        folder::copy(&workspace.root.join(from), &root.join(to))?;
    }
    // Settings; the units read what is there.
    folder::make(&root.join("etc/realmgate"))?;

    let architecture = architecture()?;
    let control = control(&release.version, architecture, &libc_version(workspace)?, kilobytes(&root)?);
    fs::write(root.join("DEBIAN/control"), control)?;
    fs::set_permissions(root.join("DEBIAN/control"), Permissions::from_mode(0o644))?;

    let package = out.join(format!("realmgate_{}_{architecture}.deb", release.version));
    let mut dpkg = workspace.command("dpkg-deb");
    dpkg.env("SOURCE_DATE_EPOCH", release.time.to_string());
    output(dpkg.args(["--root-owner-group", "-Zxz", "--build"]).arg(&root).arg(&package))?;
    Ok(package)
}

fn control(version: &str, architecture: &str, libc: &str, kilobytes: u64) -> String {
    format!(
        "Package: realmgate
Version: {version}
Architecture: {architecture}
Maintainer: Realmgate <realmgate@localhost>
Installed-Size: {kilobytes}
Depends: libc6 (>= {libc}), passwd
Recommends: ca-certificates, logrotate
Section: games
Priority: optional
Description: server for an online action RPG
 The map server, the sidecar that keeps accounts and characters, a bot that
 plays, data and maps of a small world, and units for systemd.
"
    )
}

/// Debian's word for what this is compiled for.
fn architecture() -> Result<&'static str> {
    match std::env::consts::ARCH {
        "x86_64" => Ok("amd64"),
        "aarch64" => Ok("arm64"),
        other => bail!("there is no Debian package for {other}"),
    }
}

/// The C library here. The programs may run with an older one, but nobody has tried.
fn libc_version(workspace: &Workspace) -> Result<String> {
    let said = String::from_utf8(output(workspace.command("getconf").arg("GNU_LIBC_VERSION"))?)?;
    said.trim().strip_prefix("glibc ").map(ToOwned::to_owned).context("this is not built with the GNU C library")
}

fn kilobytes(folder: &Path) -> Result<u64> {
    let mut sum = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        sum += if entry.file_type()?.is_dir() {
            kilobytes(&entry.path())?
        } else {
            entry.metadata()?.len().div_ceil(1024)
        };
    }
    Ok(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_control_file_is_a_field_or_goes_on_with_one() {
        let control = control("0.1.0", "amd64", "2.36", 12);
        assert!(control.contains("\nInstalled-Size: 12\nDepends: libc6 (>= 2.36), passwd\n"), "{control}");
        assert!(control.starts_with("Package: realmgate\nVersion: 0.1.0\nArchitecture: amd64\n"), "{control}");
        let fields = control.lines().filter(|line| !line.starts_with(' '));
        let names: Vec<&str> = fields.map(|line| line.split_once(": ").map_or(line, |(name, _)| name)).collect();
        let of_debian = ["Package", "Version", "Architecture", "Maintainer", "Installed-Size", "Depends", "Recommends"];
        assert_eq!(names[..7], of_debian);
        assert_eq!(names[7..], ["Section", "Priority", "Description"], "the last one goes on below");
        assert!(control.ends_with('\n'), "dpkg wants the last line ended");
    }
}
