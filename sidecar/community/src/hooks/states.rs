//! How scripts are, as administrators see it.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use realmgate_hooks::{CallError, FunctionInfo};
use realmgate_protocol::cron::Cron;
use serde::Serialize;
use uuid::Uuid;

use super::Hooks;
use crate::time::iso;

/// Failures that are kept.
const KEPT: usize = 50;

/// A plugin.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct PluginState {
    /// Name of the plugin.
    name: String,
    /// Its functions; empty if nothing is loaded.
    functions: Vec<FunctionState>,
    /// Why the current file is not loaded, with file and line; null if it is loaded.
    fault: Option<String>,
}

/// A function of a plugin.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct FunctionState {
    /// Name and parameters.
    signature: String,
    /// Description from the script.
    doc: String,
    /// The schedule; null for none.
    schedule: Option<String>,
}

/// A failed call.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct Failure {
    /// Name of the plugin.
    plugin: String,
    /// Name of the function.
    function: String,
    /// The error, with file and line.
    error: String,
    /// The reference of the failure, also in the log and in the player's error.
    reference: String,
    /// Time of the failure, ISO 8601.
    inserted_at: String,
}

/// A function with a schedule.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ScheduleState {
    /// Name of the plugin.
    plugin: String,
    /// Name of the function.
    function: String,
    /// The schedule, as in the script.
    cron: String,
    /// The last due time, ISO 8601; for a new schedule, the last one before it was loaded.
    last_at: String,
    /// The next due time, ISO 8601; null for never.
    next_at: Option<String>,
}

/// The newest failures.
#[derive(Debug, Default)]
pub(super) struct Failures(Mutex<VecDeque<Failure>>);

impl Failures {
    fn add(&self, failure: Failure) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.push_front(failure);
        all.truncate(KEPT);
    }
}

impl Hooks {
    /// Every plugin, by name.
    pub(crate) fn states(&self) -> Vec<PluginState> {
        let of = |FunctionInfo { signature, doc, schedule, .. }| FunctionState { signature, doc, schedule };
        let states = self.plugins.states().into_iter().map(|state| PluginState {
            name: state.name,
            functions: state.functions.into_iter().map(of).collect(),
            fault: state.fault.map(|fault| fault.text),
        });
        states.collect()
    }

    /// The newest failures, the newest first.
    pub(crate) fn failures(&self) -> Vec<Failure> {
        self.failures.0.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    /// What is called again and again.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub(crate) async fn schedules(&self) -> sqlx::Result<Vec<ScheduleState>> {
        let now_ms = self.now_ms();
        let rows = self.sources.store.schedules().await?.into_iter();
        // Of functions that are gone, only the row is there.
        let live = rows.filter(|row| {
            let info = self.plugins.info(&row.plugin, &row.hook);
            info.is_some_and(|info| info.schedule.as_deref() == Some(&row.cron))
        });
        let states = live.map(|row| {
            let next = row.cron.parse::<Cron>().ok().and_then(|cron| cron.after(now_ms));
            let (last_at, next_at) = (iso(row.last_ms), next.map(iso));
            ScheduleState { plugin: row.plugin, function: row.hook, cron: row.cron, last_at, next_at }
        });
        Ok(states.collect())
    }

    /// Keeps what was wrong with a call, if it was the script. Returns its reference.
    pub(super) fn note(&self, plugin: &str, function: &str, error: &CallError) -> Option<String> {
        let error = match error {
            CallError::Exception(_) | CallError::Timeout => error.to_string(),
            CallError::NoPlugin | CallError::NoFunction | CallError::Refused(_) | CallError::Busy | CallError::Off => {
                return None;
            }
        };
        let reference = format!("{:012x}", Uuid::new_v4().as_u128() & 0xffff_ffff_ffff);
        let (plugin, function, inserted_at) = (plugin.to_owned(), function.to_owned(), iso(self.now_ms()));
        self.failures.add(Failure { plugin, function, error, reference: reference.clone(), inserted_at });
        Some(reference)
    }
}
