//! New rules in a running world.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use bevy_app::App;
use bevy_ecs::prelude::*;
use serde::{Deserialize, Serialize};

use super::inbox::Inbox;

/// New rules for a world, which it plays by from its next tick on. A recording has the files; a replay makes the rules from them
/// again.
#[derive(Clone, Serialize, Deserialize)]
pub struct Reload {
    /// What the rules are made from: the name and the text of each file.
    pub files: Vec<(String, String)>,
    /// The rules, so that a channel need not make them within a tick. A recording does not have them.
    #[serde(skip)]
    rules: Option<Arc<dyn Any + Send + Sync>>,
}

impl Reload {
    /// New rules that were made from these files.
    pub fn new<T: Any + Send + Sync>(files: Vec<(String, String)>, rules: Arc<T>) -> Self {
        Self { files, rules: Some(rules) }
    }

    /// The rules; `None` in a replay, or if they are of another type.
    pub fn rules<T: Any + Send + Sync>(&self) -> Option<Arc<T>> {
        self.rules.clone()?.downcast().ok()
    }
}

impl fmt::Debug for Reload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.files.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_tuple("Reload").field(&names).finish()
    }
}

impl PartialEq for Reload {
    fn eq(&self, other: &Self) -> bool {
        self.files == other.files
    }
}

/// Gives a world new rules, between two ticks.
pub type ApplyReload = fn(&mut World, &Reload);

/// Worlds that take new rules.
pub trait ReloadApp {
    /// Calls this when the world gets new rules, in place of what was set before. Without it, a world ignores them.
    fn on_reload(&mut self, apply: ApplyReload) -> &mut Self;
}

impl ReloadApp for App {
    fn on_reload(&mut self, apply: ApplyReload) -> &mut Self {
        self.world_mut().resource_mut::<Inbox>().on_reload = Some(apply);
        self
    }
}
