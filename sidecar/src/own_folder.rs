//! Ensures that no other process of this machine runs as the same sidecar in the same folder.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use rustix::fs::{FlockOperation, flock};

/// `DATA_DIR/<GATEWAY_ID>.lock`, locked while this value lives. The lock ends with the process, however that ends.
#[derive(Debug)]
pub struct OwnFolder {
    _lock: File,
    place: Option<String>,
}

impl OwnFolder {
    /// Locks the file; `None` where another process holds the lock.
    ///
    /// # Errors
    /// When the folder cannot be created, or the file cannot be opened or locked.
    pub fn lock(data_dir: &Path, id: &str) -> io::Result<Option<Self>> {
        fs::create_dir_all(data_dir)?;
        let file = data_dir.join(format!("{id}.lock"));
        let lock = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(file)?;
        match flock(&lock, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Some(Self { place: place_of(&lock)?, _lock: lock })),
            Err(rustix::io::Errno::WOULDBLOCK) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Identifies the locked file on this machine, since the machine's last boot; `None` where that cannot be known.
    /// Two processes of one place never run at once: the process with the lock knows that every earlier holder is gone.
    /// A copy of the folder is another place, and so is the same disk in another machine.
    pub fn place(&self) -> Option<&str> {
        self.place.as_deref()
    }
}

fn place_of(lock: &File) -> io::Result<Option<String>> {
    let metadata = lock.metadata()?;
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok();
    Ok(boot.map(|boot| format!("{}:{}:{}", boot.trim(), metadata.dev(), metadata.ino())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_one_process_s_at_a_time_for_each_id() {
        let (folder, copy) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let lock = |folder: &tempfile::TempDir, id| OwnFolder::lock(folder.path(), id).unwrap();
        let first = lock(&folder, "a").unwrap();
        assert!(lock(&folder, "a").is_none());
        let (other, elsewhere) = (lock(&folder, "b").unwrap(), lock(&copy, "a").unwrap());
        let place = first.place().map(str::to_owned);
        assert!(place.is_some() && other.place() != place.as_deref() && elsewhere.place() != place.as_deref());
        drop(first);
        assert_eq!(lock(&folder, "a").unwrap().place(), place.as_deref());
    }
}
