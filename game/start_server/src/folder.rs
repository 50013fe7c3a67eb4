//! The folder of a server, `DATA_DIR/<server_id>/`: its lock, log, cookie and `ready.json`.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::Context;
use realmgate_protocol::ids::ServerId;
use rustix::fs::{FlockOperation, flock};

use crate::cookie::CookieJar;

const READY: &str = "ready.json";

/// The folder of a server, locked while this value lives.
pub struct ServerFolder {
    path: PathBuf,
    ready_files: Vec<PathBuf>,
    _lock: File,
}

impl ServerFolder {
    /// Makes and locks the folder. `None` if another process holds it.
    ///
    /// # Errors
    ///
    /// Fails if the folder or its lock file cannot be made, or a stale `ready.json` cannot be removed.
    pub fn lock(data_dir: &Path, server: &ServerId) -> anyhow::Result<Option<Self>> {
        let path = data_dir.join(server.as_str());
        fs::create_dir_all(&path).with_context(|| format!("cannot create the folder {} (DATA_DIR)", path.display()))?;
        let lock_path = path.join("lock");
        let lock = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(&lock_path);
        let lock = lock.with_context(|| format!("cannot open {}", lock_path.display()))?;
        match flock(&lock, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {
                // A killed process has left it behind, and scripts would take it for ours.
                forget(&path.join(READY))?;
                Ok(Some(Self { path, ready_files: Vec::new(), _lock: lock }))
            }
            Err(rustix::io::Errno::WOULDBLOCK) => Ok(None),
            Err(error) => Err(error).with_context(|| format!("cannot lock {}", lock_path.display())),
        }
    }

    /// Opens the log file for appending.
    ///
    /// # Errors
    ///
    /// Fails if the file cannot be opened.
    pub fn open_log(&self) -> anyhow::Result<File> {
        let path = self.path.join("map_server.log");
        OpenOptions::new()
            .create(true)
            .append(true)
            .mode(0o600)
            .open(&path)
            .with_context(|| format!("cannot write {}", path.display()))
    }

    /// The jar for the cookie that the directory gives this server.
    ///
    /// # Errors
    ///
    /// Fails if the cookie file exists and cannot be read.
    pub fn cookie(&self) -> anyhow::Result<CookieJar> {
        CookieJar::open(self.path.join("cookie"))
    }

    /// Writes `ready.json`, and a second copy if asked for: the server is up. Scripts and tests wait for this file. Only its owner
    /// can read it: it may have the code that makes an administrator.
    ///
    /// # Errors
    ///
    /// Fails if one of the files cannot be written.
    pub fn write_ready(&mut self, ready: &serde_json::Value, second: Option<&Path>) -> anyhow::Result<()> {
        self.ready_files = std::iter::once(self.path.join(READY)).chain(second.map(Path::to_owned)).collect();
        let text = serde_json::to_vec_pretty(ready)?;
        self.ready_files.iter().try_for_each(|path| write_atomically(path, &text, 0o600))
    }
}

impl Drop for ServerFolder {
    fn drop(&mut self) {
        for path in &self.ready_files {
            let _ = fs::remove_file(path);
        }
    }
}

/// Removes a file of an earlier run, if there is one.
///
/// # Errors
///
/// Fails if the file exists and cannot be removed.
pub fn forget(file: &Path) -> anyhow::Result<()> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", file.display()))
        }
        _ => Ok(()),
    }
}

/// Writes to a file beside it and renames that, so that a reader finds all or nothing.
///
/// # Errors
///
/// Fails if the file cannot be written or renamed.
pub fn write_atomically(path: &Path, bytes: &[u8], mode: u32) -> anyhow::Result<()> {
    let beside = path.with_extension(format!("new-{}", std::process::id()));
    let write = || -> std::io::Result<()> {
        let mut file = OpenOptions::new().create(true).truncate(true).write(true).mode(mode).open(&beside)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&beside, path)
    };
    write().with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_held_by_one_and_its_ready_file_goes_with_it() {
        let dir = tempfile::tempdir().unwrap();
        let server: ServerId = "map-server-1".parse().unwrap();
        let mut folder = ServerFolder::lock(dir.path(), &server).unwrap().unwrap();
        assert!(ServerFolder::lock(dir.path(), &server).unwrap().is_none(), "it is held");
        let second = dir.path().join("second.json");
        folder.write_ready(&serde_json::json!({"pid": 1}), Some(&second)).unwrap();
        let first = dir.path().join("map-server-1/ready.json");
        assert!(ServerFolder::lock(dir.path(), &server).unwrap().is_none(), "it is still held");
        for file in [&first, &second] {
            let written: serde_json::Value = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
            assert_eq!(written, serde_json::json!({"pid": 1}), "{}: who tried takes nothing away", file.display());
        }
        drop(folder);
        assert!(!second.exists() && !first.exists());
        assert!(ServerFolder::lock(dir.path(), &server).unwrap().is_some());
    }

    #[test]
    fn what_is_in_a_folder_is_for_its_owner_alone() {
        use std::os::unix::fs::PermissionsExt;

        let dir = tempfile::tempdir().unwrap();
        let mut folder = ServerFolder::lock(dir.path(), &"map-server-1".parse().unwrap()).unwrap().unwrap();
        folder.open_log().unwrap();
        folder.write_ready(&serde_json::json!({}), None).unwrap();
        let files: Vec<_> = fs::read_dir(&folder.path).unwrap().map(|file| file.unwrap()).collect();
        assert_eq!(files.len(), 3, "the lock, the log and ready.json");
        for file in files {
            assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{:?}", file.path());
        }
    }

    #[test]
    fn a_ready_file_that_a_killed_process_left_goes_at_the_next_start() {
        let dir = tempfile::tempdir().unwrap();
        let stale = dir.path().join("map-server-1/ready.json");
        fs::create_dir(dir.path().join("map-server-1")).unwrap();
        fs::write(&stale, "{}").unwrap();
        let _folder = ServerFolder::lock(dir.path(), &"map-server-1".parse().unwrap()).unwrap().unwrap();
        assert!(!stale.exists());
    }
}
