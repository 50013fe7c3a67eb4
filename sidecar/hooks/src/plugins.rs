//! All plugins: loaded, loaded anew when their files change, and called.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockWriteGuard};

use serde_json::Value;

use crate::error::CallError;
use crate::folder;
use crate::queue::By;
use crate::realm::{Realm, Rules};
use crate::script::{FunctionInfo, Run};
use crate::worker::Worker;

/// How often a plugin gets another thread because one is stuck. Then it is off until its file changes.
const STUCK_MOST: u32 = 3;

/// All plugins of a folder.
pub struct Plugins {
    folder: PathBuf,
    rules: Rules,
    loaded: RwLock<BTreeMap<String, Arc<Plugin>>>,
    faults: Mutex<BTreeMap<String, Fault>>,
    /// One refresh at a time. Scripts run meanwhile, so nobody else waits for it.
    refreshing: Mutex<()>,
}

/// One that is loaded.
struct Plugin {
    name: String,
    source: Arc<str>,
    rules: Rules,
    worker: RwLock<Arc<Worker>>,
    stuck: Mutex<u32>,
}

/// A call.
#[derive(Clone)]
pub struct Call<'a> {
    /// Whose it is.
    pub by: By,
    /// The plugin.
    pub plugin: &'a str,
    /// Its function.
    pub function: &'a str,
    /// What it gets.
    pub args: Vec<Value>,
    /// What the script sees as `caller`.
    pub caller: Option<Value>,
    /// Whom it asks; without one, it may ask nothing.
    pub realm: Option<Arc<dyn Realm>>,
}

/// Why a file is not what runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// What is wrong, with file and line.
    pub text: String,
    /// Of what; `None` where the file could not be read.
    source: Option<String>,
}

/// A plugin, as operators see it.
#[derive(Debug, Clone)]
pub struct State {
    /// Its name.
    pub name: String,
    /// Its functions; none where nothing is loaded.
    pub functions: Vec<FunctionInfo>,
    /// Why its file is not what runs.
    pub fault: Option<Fault>,
}

impl Plugins {
    /// Those of a folder. None is loaded before the first [`Self::refresh`].
    pub fn new(folder: PathBuf, rules: Rules) -> Self {
        Self { folder, rules, loaded: RwLock::default(), faults: Mutex::default(), refreshing: Mutex::default() }
    }

    /// Loads what is new or has changed, and unloads what is gone. Returns the names of those that it has loaded. It reads files and runs scripts: call it where that may
    /// block. Faults of a script are logged once, and kept for [`Self::states`].
    ///
    /// # Errors
    /// When the folder is there and cannot be read. Nothing is changed then.
    pub fn refresh(&self) -> io::Result<Vec<String>> {
        let _alone = lock(&self.refreshing);
        let found = folder::read(&self.folder)?;
        let gone = |name: &String| !found.contains_key(name);
        lock(&self.faults).retain(|name, _| !gone(name));
        write(&self.loaded).retain(|name, _| {
            let stays = !gone(name);
            if !stays {
                tracing::info!(plugin = name, "plugin unloaded");
            }
            stays
        });
        let is_new = |(name, source): (String, _)| self.renew(&name, source).then_some(name);
        Ok(found.into_iter().filter_map(is_new).collect())
    }

    /// Returns whether it was loaded.
    fn renew(&self, name: &str, source: Result<String, String>) -> bool {
        let text = source.as_deref().ok();
        if self.plugin(name).is_some_and(|before| Some(&*before.source) == text) {
            lock(&self.faults).remove(name);
            return false;
        }
        if lock(&self.faults).get(name).is_some_and(|fault| fault.source.as_deref() == text) {
            return false;
        }
        let loaded = source.clone().and_then(|source| Plugin::load(name, source.into(), self.rules));
        match loaded {
            Ok(plugin) => {
                tracing::info!(plugin = name, functions = plugin.worker().functions.len(), "plugin loaded");
                lock(&self.faults).remove(name);
                write(&self.loaded).insert(name.to_owned(), Arc::new(plugin));
                true
            }
            Err(fault) => {
                tracing::error!(plugin = name, "loading a plugin failed: {fault}");
                lock(&self.faults).insert(name.to_owned(), Fault { text: fault, source: source.ok() });
                false
            }
        }
    }

    /// Every plugin, by name.
    pub fn states(&self) -> Vec<State> {
        let faults = lock(&self.faults).clone();
        let loaded = self.loaded.read().unwrap_or_else(PoisonError::into_inner).clone();
        let mut states: BTreeMap<String, State> = BTreeMap::new();
        let blank = |name: &String| State { name: name.clone(), functions: Vec::new(), fault: None };
        for (name, plugin) in loaded {
            states.entry(name.clone()).or_insert_with(|| blank(&name)).functions = plugin.worker().functions.clone();
        }
        for name in self.off() {
            let text = format!("{name}.lua: off, since its calls did not end: change the file, or restart the server");
            states.entry(name.clone()).or_insert_with(|| blank(&name)).fault = Some(Fault { text, source: None });
        }
        for (name, fault) in faults {
            states.entry(name.clone()).or_insert_with(|| blank(&name)).fault = Some(fault);
        }
        states.into_values().collect()
    }

    /// The plugins that are off: too many of their calls did not end.
    pub fn off(&self) -> Vec<String> {
        let loaded = self.loaded.read().unwrap_or_else(PoisonError::into_inner);
        loaded.iter().filter(|(_, plugin)| plugin.worker().is_off()).map(|(name, _)| name.clone()).collect()
    }

    /// Turns a plugin off until its file changes: its calls are refused.
    pub fn turn_off(&self, plugin: &str) {
        if let Some(plugin) = self.plugin(plugin) {
            plugin.turn_off();
        }
    }

    /// The plugins that have a function of this name, in their order.
    pub fn having(&self, function: &str) -> Vec<String> {
        let loaded = self.loaded.read().unwrap_or_else(PoisonError::into_inner);
        let has = |plugin: &Plugin| plugin.worker().functions.iter().any(|known| known.name == function);
        loaded.iter().filter(|(_, plugin)| has(plugin)).map(|(name, _)| name.clone()).collect()
    }

    /// What is known of a function; `None` if there is no such one.
    pub fn info(&self, plugin: &str, function: &str) -> Option<FunctionInfo> {
        self.plugin(plugin)?.worker().functions.iter().find(|known| known.name == function).cloned()
    }

    /// Calls a function of a plugin.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn call(&self, call: Call<'_>) -> Result<Value, CallError> {
        let Call { by, plugin, function, args, caller, realm } = call;
        let plugin = self.plugin(plugin).ok_or(CallError::NoPlugin)?;
        let worker = plugin.worker();
        let result = worker.call(&by, Run { function: function.to_owned(), args, caller, realm }).await;
        if result == Err(CallError::Timeout) && worker.is_stuck() {
            // It loads the script again, which may take seconds.
            let replaced = tokio::task::spawn_blocking(move || plugin.replace(&worker)).await;
            replaced.unwrap_or_else(|error| tracing::error!(%error, "restarting a plugin failed"));
        }
        result
    }

    fn plugin(&self, name: &str) -> Option<Arc<Plugin>> {
        self.loaded.read().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }
}

impl Plugin {
    fn load(name: &str, source: Arc<str>, rules: Rules) -> Result<Self, String> {
        let worker = Worker::start(name, source.clone(), rules)?;
        Ok(Self {
            name: name.to_owned(),
            source,
            rules,
            worker: RwLock::new(Arc::new(worker)),
            stuck: Mutex::default(),
        })
    }

    fn worker(&self) -> Arc<Worker> {
        self.worker.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Starts the plugin on another thread, or turns it off where that was done too often. The stuck one ends by itself, if ever.
    fn replace(&self, stuck: &Arc<Worker>) {
        let mut count = lock(&self.stuck);
        if !Arc::ptr_eq(&self.worker(), stuck) {
            return;
        }
        if *count == STUCK_MOST {
            return self.turn_off();
        }
        *count += 1;
        tracing::error!(plugin = self.name, times = *count, "a call does not end: restarting the plugin");
        match Worker::start(&self.name, self.source.clone(), self.rules) {
            Ok(worker) => *write(&self.worker) = Arc::new(worker),
            Err(fault) => tracing::error!(plugin = self.name, "restarting a plugin failed: {fault}"),
        }
    }

    fn turn_off(&self) {
        if self.worker().turn_off() {
            tracing::error!(plugin = self.name, "plugin turned off until its file changes: its calls do not end");
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn write<T>(lock: &RwLock<T>) -> RwLockWriteGuard<'_, T> {
    lock.write().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[tokio::test]
    async fn a_plugin_that_was_stuck_too_often_is_off_until_its_file_changes() {
        let folder = tempfile::tempdir().unwrap();
        let write = |version: u32| {
            std::fs::write(folder.path().join("it.lua"), format!("return {{ f = function() return {version} end }}"))
                .unwrap();
        };
        write(1);
        let rules = Rules { may_ask: &[], check_schedule: |_| Ok(()) };
        let plugins = Plugins::new(folder.path().to_owned(), rules);
        plugins.refresh().unwrap();
        let call = || Call { by: By::Server, plugin: "it", function: "f", args: vec![], caller: None, realm: None };
        let plugin = plugins.plugin("it").unwrap();
        for _ in 0..STUCK_MOST {
            plugin.replace(&plugin.worker());
            assert_eq!(plugins.call(call()).await, Ok(json!(1)), "on another thread");
        }
        assert_eq!(plugins.off(), Vec::<String>::new());
        plugin.replace(&plugin.worker());
        assert_eq!(plugins.call(call()).await, Err(CallError::Off));
        assert_eq!(plugins.off(), ["it"]);
        assert!(plugins.states()[0].fault.as_ref().unwrap().text.starts_with("it.lua: off"));
        plugins.refresh().unwrap();
        assert_eq!(plugins.off(), ["it"], "the same file does not help");
        write(2);
        plugins.refresh().unwrap();
        assert_eq!(plugins.call(call()).await, Ok(json!(2)));
        assert_eq!((plugins.off(), plugins.states()[0].fault.clone()), (vec![], None));
    }
}
