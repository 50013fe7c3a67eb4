//! New rules for a running map server.

use std::sync::mpsc;

use crate::channel::{BuildWorld, Reload};

/// New rules, for the worlds that run and for those that are built later.
pub(super) struct NewRules {
    pub(super) reload: Reload,
    pub(super) build: BuildWorld,
    /// Called when all worlds have run a tick by the new rules.
    pub(super) done: Box<dyn FnOnce() + Send>,
}

/// Gives a running map server new rules, from any thread.
#[derive(Debug, Clone)]
pub struct Reloader(pub(super) mpsc::Sender<NewRules>);

impl Reloader {
    /// Gives every channel new rules before its next tick, all channels in the same one. Worlds that are built later are built
    /// by `build`. `done` is called after that tick; if the map server has ended, it is dropped.
    pub fn reload(&self, reload: Reload, build: BuildWorld, done: impl FnOnce() + Send + 'static) {
        // Without a receiver the server has ended, and `done` is dropped with the message.
        let _ = self.0.send(NewRules { reload, build, done: Box::new(done) });
    }
}
