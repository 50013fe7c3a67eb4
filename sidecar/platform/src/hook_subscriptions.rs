//! Which scripts are to hear of what, and the rows that tell them: those are written in the transaction in which it
//! happens. Whoever does what the scripts want deletes them in the transaction of that. So each script hears of each
//! thing once, and late rather than never.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError, RwLock};

use realmgate_protocol::ids::AccountId;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::database::SqlConnection;
use crate::database::rows::Values;

/// Which plugins want to hear of what. Copies are the same one.
#[derive(Clone, Default)]
pub struct HookSubscriptions(Arc<RwLock<BTreeMap<String, Vec<String>>>>);

/// What a script's function is given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Arg {
    /// A user, as it is when the function is called.
    User(String),
    /// A lobby, as it is when the function is called.
    Lobby(Uuid),
    /// This.
    Value(Value),
}

impl Arg {
    /// A user.
    pub fn user(account: AccountId) -> Self {
        Self::User(account.to_string())
    }
}

impl HookSubscriptions {
    /// Sets which plugins want to hear of what: by the name of their function.
    pub fn subscribe(&self, plugins: BTreeMap<String, Vec<String>>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = plugins;
    }

    /// Whether any plugin wants to hear of this.
    pub fn is_heard(&self, hook: &str) -> bool {
        self.0.read().unwrap_or_else(PoisonError::into_inner).contains_key(hook)
    }

    /// The plugins that want to hear of anything.
    pub fn subscribers(&self) -> BTreeSet<String> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).values().flatten().cloned().collect()
    }

    /// Notes for each plugin that has such a function that it is to be called.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn note(&self, db: &mut SqlConnection, hook: &'static str, args: &[Arg]) -> sqlx::Result<()> {
        let plugins = self.0.read().unwrap_or_else(PoisonError::into_inner).get(hook).cloned();
        match plugins {
            Some(plugins) => note_for(db, &plugins, hook, args).await,
            None => Ok(()),
        }
    }
}

/// Notes for these plugins that their function is to be called.
///
/// # Errors
/// When the database cannot be asked.
pub async fn note_for(db: &mut SqlConnection, plugins: &[String], hook: &str, args: &[Arg]) -> sqlx::Result<()> {
    const INSERT: Values =
        Values { before: "INSERT INTO due_hooks (id, plugin, hook, args, due_at_ms)", columns: 5, after: "" };
    let args = serde_json::to_string(args).map_err(|error| sqlx::Error::Encode(error.into()))?;
    let bound = INSERT.execute(db, plugins, |statement, plugin| {
        let id = Uuid::now_v7().to_string();
        statement.bind(id).bind(plugin.clone()).bind(hook.to_owned()).bind(args.clone()).bind(0_i64)
    });
    bound.await.map(|_| ())
}
