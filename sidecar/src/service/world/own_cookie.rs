//! The file of this sidecar's own cookie, `DATA_DIR/<GATEWAY_ID>.cookie`.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use realmgate_platform::error::Error;

use super::replica::NotAllowed;
use crate::directory::Cookie;
use crate::lock::CookieHash;

/// The files of the cookie. Every process gets a new one, so that of two processes with the same cookie the first
/// becomes unknown. The next cookie is kept beside the last until the store knows it.
pub(super) struct CookieJar {
    pub(super) file: PathBuf,
    next: PathBuf,
}

impl CookieJar {
    /// The files of the sidecar with this id.
    pub(super) fn of(data_dir: &Path, id: &str) -> Self {
        let file = data_dir.join(format!("{id}.cookie"));
        Self { next: file.with_extension("cookie.next"), file }
    }

    /// Hashes of the cookies that an earlier process may show: its own, and the one that it was about to get.
    pub(super) fn read(&self) -> Vec<CookieHash> {
        let texts = [&self.file, &self.next].into_iter().filter_map(|file| fs::read_to_string(file).ok());
        texts.filter_map(|text| Cookie::shown(text.trim())).map(|cookie| cookie.hash()).collect()
    }

    /// Makes a new cookie, which is on disk before anybody else knows it.
    pub(super) fn bake(&self) -> Result<CookieHash, NotAllowed> {
        let cookie = Cookie::random().map_err(Error::internal)?;
        let write = || -> io::Result<()> {
            let mut open =
                fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&self.next)?;
            open.write_all(cookie.expose().as_bytes())?;
            open.sync_all()
        };
        write().map_err(|source| NotAllowed::Cookie { file: self.next.clone(), source })?;
        Ok(cookie.hash())
    }

    /// Makes the next cookie the current one, once the store knows it.
    pub(super) fn keep(&self) -> Result<(), NotAllowed> {
        fs::rename(&self.next, &self.file).map_err(|source| NotAllowed::Cookie { file: self.file.clone(), source })
    }
}
