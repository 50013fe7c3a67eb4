//! One server for several tests of a file, for as long as any of them runs.
//!
//! A plain static would never be dropped, and its process would outlive the tests.

use std::ops::Deref;
use std::sync::{Arc, Weak};

use tokio::sync::Mutex;

/// Whatever shows its output when a test that uses it fails.
pub trait Tells {
    /// The end of its output.
    fn told(&self) -> String;
}

/// Where a file keeps its shared server.
#[derive(Debug)]
pub struct SharedOnce<T>(Mutex<Weak<T>>);

/// A test's hold on the shared server.
#[derive(Debug)]
pub struct Shared<T: Tells>(Arc<T>);

impl<T: Tells> SharedOnce<T> {
    /// Nothing runs yet.
    pub const fn new() -> Self {
        Self(Mutex::const_new(Weak::new()))
    }

    /// The one that runs, or a new one.
    pub async fn get(&self, start: impl AsyncFnOnce() -> T) -> Shared<T> {
        let mut held = self.0.lock().await;
        if let Some(running) = held.upgrade() {
            return Shared(running);
        }
        let started = Arc::new(start().await);
        *held = Arc::downgrade(&started);
        Shared(started)
    }
}

impl<T: Tells> Default for SharedOnce<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Tells> Deref for Shared<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: Tells> Drop for Shared<T> {
    #[expect(clippy::print_stderr, reason = "a failed test shows what the server had to say")]
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}", self.0.told());
        }
    }
}
