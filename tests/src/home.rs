//! A folder of its own for what a test runs.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use realmgate_protocol::ticket::KeyRing;
use realmgate_services::run;
use tempfile::TempDir;

use crate::binaries::workspace;

/// A temporary folder with a `DATA_DIR` in it; removed with the last clone.
#[derive(Debug, Clone)]
pub struct Home {
    folder: Arc<TempDir>,
    files: Arc<AtomicU32>,
}

impl Default for Home {
    fn default() -> Self {
        let folder = tempfile::tempdir_in(run().folder()).expect("there is room for a folder");
        Self { folder: Arc::new(folder), files: Arc::default() }
    }
}

impl Home {
    /// An empty home.
    pub fn new() -> Self {
        Self::default()
    }

    /// What is given as `DATA_DIR`.
    pub fn data_dir(&self) -> PathBuf {
        self.path("data")
    }

    /// A path in the home.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A path in the home that nobody else uses.
    pub fn fresh_path(&self, name: &str) -> PathBuf {
        self.path(&format!("{}-{name}", self.files.fetch_add(1, Ordering::Relaxed)))
    }

    /// A copy of a folder's files, to be broken.
    ///
    /// # Panics
    /// When a file cannot be copied.
    pub fn copy_of(&self, folder: &Path, name: &str) -> PathBuf {
        let copy = self.path(name);
        fs::create_dir_all(&copy).expect("a folder can be made");
        for entry in fs::read_dir(folder).expect("the folder is there") {
            let file = entry.expect("the folder can be read").path();
            if let (true, Some(name)) = (file.is_file(), file.file_name()) {
                fs::copy(&file, copy.join(name)).expect("a file can be copied");
            }
        }
        copy
    }

    /// A copy of the shipped data in which one file says something else.
    ///
    /// # Panics
    /// When a file cannot be read or written, or does not say any more what is to be replaced.
    pub fn assets_with(&self, file: &str, shipped: &str, ours: &str) -> PathBuf {
        let assets = self.copy_of(&workspace().join("assets"), "assets");
        let changed = assets.join(file);
        let text = read(&changed);
        assert!(text.contains(shipped), "assets/{file} has changed: {text}");
        fs::write(&changed, text.replace(shipped, ours)).expect("it can be written");
        assets
    }

    /// A secret that was generated: `service_token`, `ticket_key` or `jwt_secret`.
    ///
    /// # Panics
    /// When there is none.
    pub fn secret(&self, name: &str) -> String {
        let path = self.data_dir().join("secrets").join(name);
        read(&path).trim().to_owned()
    }

    /// The keys that tickets are signed with.
    ///
    /// # Panics
    /// When they cannot be read.
    pub fn ticket_keys(&self) -> KeyRing {
        self.secret("ticket_key").parse().expect("the generated key is a key")
    }
}

/// The text of a file.
///
/// # Panics
/// When it cannot be read; the message names it.
pub fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{} cannot be read: {error}", path.display()))
}
