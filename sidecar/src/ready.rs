//! `ready.json`: tells scripts and tests that the process is up, and where it listens.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::config::Roles;
use crate::state::Addrs;

/// The content of the file.
#[derive(Serialize)]
struct Ready {
    pid: u32,
    /// `null` for a role that the process does not have; the same holds for the next two.
    api_addr: Option<String>,
    directory_addr: Option<String>,
    gateway_addr: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    redirect_addr: Option<String>,
}

/// Ready files of a running process. They are removed when this is dropped.
pub struct ReadyFiles(Vec<PathBuf>);

impl ReadyFiles {
    /// Removes files that a killed process has left: scripts would take them for ours.
    ///
    /// # Errors
    /// When a file is there and cannot be removed.
    pub fn forget(files: &[PathBuf]) -> io::Result<()> {
        files.iter().try_for_each(|file| match fs::remove_file(file) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        })
    }

    /// Writes the files; each appears whole or not at all.
    ///
    /// # Errors
    /// When a file or its folder cannot be written.
    pub fn write(files: Vec<PathBuf>, addrs: Addrs, roles: Roles) -> io::Result<Self> {
        let ready = Ready {
            pid: std::process::id(),
            api_addr: roles.api.then(|| addrs.api.to_string()),
            directory_addr: roles.directory.then(|| addrs.directory.to_string()),
            gateway_addr: roles.gateway.then(|| addrs.gateway.to_string()),
            redirect_addr: addrs.redirect.map(|addr| addr.to_string()),
        };
        let text = serde_json::to_vec_pretty(&ready)?;
        let mut written = Self(Vec::new());
        for file in files {
            write_whole(&file, &text)?;
            written.0.push(file);
        }
        Ok(written)
    }
}

impl Drop for ReadyFiles {
    fn drop(&mut self) {
        for file in &self.0 {
            if let Err(error) = fs::remove_file(file) {
                tracing::debug!(file = %file.display(), %error, "the ready file is gone already");
            }
        }
    }
}

fn write_whole(file: &Path, text: &[u8]) -> io::Result<()> {
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    let draft = file.with_extension(format!("draft-{}", std::process::id()));
    let mut out = fs::File::create(&draft)?;
    out.write_all(text)?;
    out.sync_all()?;
    fs::rename(&draft, file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ready_files_come_and_go() {
        let dir = tempfile::tempdir().unwrap();
        let addr = "127.0.0.1:3000".parse().unwrap();
        let addrs = Addrs { api: addr, directory: addr, gateway: addr, redirect: None };
        let files = vec![dir.path().join("sidecar/ready.json"), dir.path().join("second.json")];
        let roles = Roles { gateway: false, ..Roles::ALL };
        let ready = ReadyFiles::write(files.clone(), addrs, roles).unwrap();
        let json: serde_json::Value = serde_json::from_slice(&fs::read(&files[1]).unwrap()).unwrap();
        assert_eq!(json["api_addr"], "127.0.0.1:3000");
        assert_eq!(json["gateway_addr"], serde_json::Value::Null, "a role that it does not have");
        assert_eq!(json["pid"], std::process::id());
        drop(ready);
        assert!(!files[0].exists() && !files[1].exists());
        fs::write(&files[1], "stale").unwrap();
        ReadyFiles::forget(&files).unwrap();
        assert!(!files[1].exists());
        assert_eq!(fs::read_dir(dir.path().join("sidecar")).unwrap().count(), 0, "no drafts are left");
    }
}
