//! Programs that are installed beside us: found, or missed by name, and run as somebody with few rights.

use std::fmt;
use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use realmgate_skip::skip;
use tempfile::TempDir;

/// Where programs lie. Debian keeps PostgreSQL's own in a folder for each version.
const FOLDERS: [&str; 5] = ["/usr/local/bin", "/usr/bin", "/usr/local/sbin", "/usr/sbin", "/bin"];
const POSTGRES_VERSIONS: &str = "/usr/lib/postgresql";

/// A program that is not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// Its name.
    pub program: &'static str,
    /// The package that brings it.
    pub package: &'static str,
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is not installed (package {})", self.program, self.package)
    }
}

impl std::error::Error for Missing {}

/// Finds a program.
///
/// # Errors
/// When it is in none of the usual folders.
pub fn find(program: &'static str, package: &'static str) -> Result<PathBuf, Missing> {
    let usual = FOLDERS.iter().map(PathBuf::from);
    let found = usual.chain(postgres_folders()).map(|folder| folder.join(program)).find(|path| path.is_file());
    found.ok_or(Missing { program, package })
}

/// The newest version first.
fn postgres_folders() -> Vec<PathBuf> {
    let versions = fs::read_dir(POSTGRES_VERSIONS).into_iter().flatten().flatten();
    let mut versions: Vec<(u32, PathBuf)> = versions
        .filter_map(|version| Some((version.file_name().to_str()?.parse().ok()?, version.path().join("bin"))))
        .collect();
    versions.sort_unstable();
    versions.into_iter().rev().map(|(_, folder)| folder).collect()
}

/// What a test goes on with. Without the program it is skipped, which stderr says; on CI that is a failure.
///
/// # Panics
/// When the program is missing where `CI` is set.
pub fn or_skip<T>(there: Result<T, Missing>) -> Option<T> {
    there.map_err(skip).ok()
}

/// Somebody with few rights, whom a service runs as. Only root can run anything as somebody else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServiceUser {
    uid: u32,
    gid: u32,
}

impl ServiceUser {
    /// The first of these users that the machine knows; `None` where we are not root, and run everything as ourselves.
    pub fn of(names: &[&str]) -> Option<Self> {
        if !rustix::process::getuid().is_root() {
            return None;
        }
        let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
        names.iter().find_map(|name| Self::parse(&users, name))
    }

    fn parse(users: &str, name: &str) -> Option<Self> {
        let line = users.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut fields = line.split(':').skip(2);
        Some(Self { uid: fields.next()?.parse().ok()?, gid: fields.next()?.parse().ok()? })
    }

    /// The user's number.
    pub fn uid(self) -> u32 {
        self.uid
    }

    /// The number of the user's group.
    pub fn gid(self) -> u32 {
        self.gid
    }

    /// The command as this user.
    pub fn runs(self, command: &mut Command) {
        command.uid(self.uid).gid(self.gid);
    }
}

/// A temporary folder that a service's user may write to; removed with its value.
#[derive(Debug)]
pub struct ServiceFolder(TempDir);

impl ServiceFolder {
    /// An empty one.
    ///
    /// # Panics
    /// When it cannot be made.
    pub fn new(owner: Option<ServiceUser>) -> Self {
        let folder =
            tempfile::Builder::new().prefix("realmgate-service-").tempdir().expect("there is room for a folder");
        if let Some(owner) = owner {
            chown(folder.path(), Some(owner.uid), Some(owner.gid)).expect("root may give folders away");
        }
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o700)).expect("the folder is ours");
        Self(folder)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.0.path()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_named() {
        assert_eq!(
            find("no-such-server", "no-such-package").unwrap_err().to_string(),
            "no-such-server is not installed (package no-such-package)"
        );
        assert!(find("sh", "dash").is_ok());
    }

    #[test]
    fn users_are_read() {
        let users = "root:x:0:0:root:/root:/bin/sh\nredis2:x:7:8::/:/bin/sh\nredis:x:102:105::/var/lib/redis:/bin/no\n";
        assert_eq!(ServiceUser::parse(users, "redis"), Some(ServiceUser { uid: 102, gid: 105 }));
        assert_eq!(ServiceUser::parse(users, "postgres"), None);
    }
}
