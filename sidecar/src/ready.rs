//! `ready.json`: tells scripts and tests that the process is up, and where it listens.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
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
    door_addr: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    redirect_addr: Option<String>,
    /// Makes an account the administrator of a realm that has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    administrator_code: Option<String>,
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

    /// Writes the files; each appears whole or not at all, and only its owner can read it.
    ///
    /// # Errors
    /// When a file or its folder cannot be written.
    pub fn write(
        files: Vec<PathBuf>,
        addrs: Addrs,
        roles: Roles,
        administrator_code: Option<&str>,
    ) -> io::Result<Self> {
        let ready = Ready {
            pid: std::process::id(),
            api_addr: roles.has_public_listener().then(|| addrs.api.to_string()),
            directory_addr: roles.directory.then(|| addrs.directory.to_string()),
            gateway_addr: roles.gateway.then(|| addrs.gateway.to_string()),
            door_addr: addrs.door.map(|addr| addr.to_string()),
            redirect_addr: addrs.redirect.map(|addr| addr.to_string()),
            administrator_code: administrator_code.map(str::to_owned),
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
                tracing::debug!(file = %file.display(), %error, "cannot remove the ready file");
            }
        }
    }
}

fn write_whole(file: &Path, text: &[u8]) -> io::Result<()> {
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    let draft = file.with_extension(format!("draft-{}", std::process::id()));
    let renamed = write_draft(&draft, text).and_then(|()| fs::rename(&draft, file));
    if renamed.is_err() {
        // It may hold the administrator's code. Why there is none is the error.
        let _ = fs::remove_file(&draft);
    }
    renamed
}

fn write_draft(file: &Path, text: &[u8]) -> io::Result<()> {
    let mut out = OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(file)?;
    out.write_all(text)?;
    out.sync_all()
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;
    use std::os::unix::fs::PermissionsExt;

    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn ready_files_come_and_go() {
        let dir = tempfile::tempdir().unwrap();
        let files = vec![dir.path().join("sidecar/ready.json"), dir.path().join("second.json")];
        let said = || files.iter().map(|file| serde_json::from_slice(&fs::read(file).unwrap()).unwrap());
        let addr = |port: u16| SocketAddr::from(([127, 0, 0, 1], port));
        let addrs = Addrs { api: addr(3000), directory: addr(3001), gateway: addr(3002), door: None, redirect: None };
        let ready = ReadyFiles::write(files.clone(), addrs, Roles { gateway: false, ..Roles::ALL }, None).unwrap();
        let (api, directory, gateway) = ("127.0.0.1:3000", "127.0.0.1:3001", "127.0.0.1:3002");
        let mut expected =
            json!({"pid": std::process::id(), "api_addr": api, "directory_addr": directory, "gateway_addr": null});
        assert!(said().all(|said: Value| said == expected), "null for a role that it does not have");
        drop(ready);
        assert!(!files[0].exists() && !files[1].exists());

        let addrs = Addrs { redirect: Some(addr(80)), ..addrs };
        let ready = ReadyFiles::write(
            files.clone(),
            addrs,
            Roles { api: false, directory: false, community: false, ..Roles::ALL },
            Some("a code"),
        );
        expected["redirect_addr"] = "127.0.0.1:80".into();
        expected["administrator_code"] = "a code".into();
        (expected["api_addr"], expected["directory_addr"]) = (Value::Null, Value::Null);
        expected["gateway_addr"] = gateway.into();
        assert!(said().all(|said: Value| said == expected));
        let mode = |file: &PathBuf| fs::metadata(file).unwrap().permissions().mode() & 0o777;
        assert!(files.iter().all(|file| mode(file) == 0o600), "a code is a secret");
        drop(ready.unwrap());

        fs::write(&files[1], "stale").unwrap();
        ReadyFiles::forget(&files).unwrap();
        assert!(!files[1].exists());
        // A folder is in its place.
        let taken = dir.path().join("taken");
        fs::create_dir(&taken).unwrap();
        assert!(ReadyFiles::write(vec![taken.clone()], addrs, Roles::ALL, Some("a code")).is_err());
        fs::remove_dir(&taken).unwrap();
        let left = |folder: &Path| fs::read_dir(folder).unwrap().count();
        assert_eq!((left(dir.path()), left(&dir.path().join("sidecar"))), (1, 0), "no drafts are left");
    }
}
