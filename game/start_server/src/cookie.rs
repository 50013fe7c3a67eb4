//! The cookie that the directory gave this server. It proves the server's identity on the map link and at the next
//! registration.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::Context;

use crate::folder::{forget, write_atomically};

/// The cookie, in memory and in the server's folder, where only its owner can read it. Clones share one jar.
#[derive(Clone)]
pub struct CookieJar {
    path: Arc<PathBuf>,
    cookie: Arc<Mutex<Option<String>>>,
}

impl CookieJar {
    /// Opens the jar at a path, with the cookie that an earlier process left there.
    ///
    /// # Errors
    ///
    /// Fails if the file exists and cannot be read.
    pub fn open(path: PathBuf) -> anyhow::Result<Self> {
        let left = match std::fs::read_to_string(&path) {
            Ok(text) => Some(text.trim().to_owned()).filter(|cookie| !cookie.is_empty()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
        };
        Ok(Self { path: Arc::new(path), cookie: Arc::new(Mutex::new(left)) })
    }

    /// The cookie; `None` if the server is not registered.
    pub fn get(&self) -> Option<String> {
        self.lock().clone()
    }

    /// Stores a cookie in place of the previous one.
    ///
    /// # Errors
    ///
    /// Fails if the file cannot be written. The cookie is then kept in memory only.
    pub fn keep(&self, cookie: &str) -> anyhow::Result<()> {
        let mut kept = self.lock();
        if kept.as_deref() != Some(cookie) {
            *kept = Some(cookie.to_owned());
            write_atomically(&self.path, cookie.as_bytes(), 0o600)?;
        }
        Ok(())
    }

    /// Removes the cookie, which is no longer valid.
    ///
    /// # Errors
    ///
    /// Fails if the file cannot be removed. The cookie is then removed from memory only.
    pub fn forget(&self) -> anyhow::Result<()> {
        *self.lock() = None;
        forget(&self.path)
    }

    fn lock(&self) -> MutexGuard<'_, Option<String>> {
        self.cookie.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn the_next_process_finds_the_cookie_until_it_is_forgotten() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("cookie");
        let jar = CookieJar::open(path.clone()).unwrap();
        assert_eq!(jar.get(), None);
        jar.keep("first").unwrap();
        jar.keep("second").unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let next = CookieJar::open(path.clone()).unwrap();
        assert_eq!(next.get().as_deref(), Some("second"));
        next.forget().unwrap();
        assert!(next.get().is_none() && !path.exists());
        assert_eq!(CookieJar::open(path).unwrap().get(), None);
        next.forget().unwrap();
    }
}
