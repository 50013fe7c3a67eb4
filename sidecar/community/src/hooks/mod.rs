//! Scripts that players call, and what they may ask and change.

mod after;
mod args;
mod ask;
mod before;
mod callers;
mod fetch;
mod life;
mod names;
mod schedules;
mod states;
mod values;
mod work;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use realmgate_hooks::{By, Call, CallError, FunctionInfo, Plugins, Rules};
use realmgate_platform::background::Background;
use realmgate_platform::error::Error;
use realmgate_platform::gates::Gates;
use realmgate_protocol::cron::Cron;
use realmgate_protocol::ids::AccountId;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::accounts::shapes::Brief;
use crate::events::{Events, Passage};
use crate::field_limits::{FieldLimits, size};
use crate::notifications::Notifications;
use crate::store::{Committed, Effects, Journal};
pub(crate) use args::is_key;
pub(crate) use before::Vetoed;
use callers::Callers;
pub(crate) use fetch::Fetcher;
pub use fetch::MayCall;
use life::{BY_NAME, Lives, by_name};
use names::is_reserved;
use schedules::Schedule;
use states::Failures;
pub(crate) use states::{Failure, PluginState, ScheduleState};
use work::{FUNCTIONS, Work};
pub(crate) use work::{Sources, lobby_shape};

/// How often the folder is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How often those calls are made that are due.
const DUE_EVERY: Duration = Duration::from_millis(500);
/// How often those are forgotten that nobody makes.
const FORGET_EVERY: Duration = Duration::from_secs(60 * 60);
/// How often a call is done whose reads others change before it can be committed. Each time, one of those others was done.
const TRIES: usize = 32;

/// The scripts, and who calls them.
pub struct Hooks {
    plugins: Arc<Plugins>,
    sources: Arc<Sources>,
    notifications: Notifications,
    events: Events,
    /// Of calls that others were faster than, one at a time tries again.
    again: Gates<String>,
    /// The last times of schedules that the database knows.
    slots: Mutex<BTreeMap<Schedule, u64>>,
    callers: Callers,
    failures: Failures,
    lives: Lives,
    /// Whether players are told what is wrong with a script: where it is developed.
    shows_faults: bool,
}

/// What a player asks for.
#[derive(Debug, Default, Deserialize)]
pub struct Wish {
    #[serde(default)]
    plugin: Value,
    #[serde(default, rename = "fn")]
    function: Value,
    #[serde(default)]
    args: Value,
}

/// Why a call is not done, or has no result.
#[derive(Debug)]
pub enum HookError {
    /// Plugin or function is missing, or is no text.
    Invalid,
    /// More arguments than so many.
    TooManyArgs(u32),
    /// More bytes of arguments than so many.
    ArgsTooLarge(u32),
    /// The server calls this function itself, or will.
    Reserved,
    /// The caller's account is gone.
    Gone,
    /// The caller has as many calls as it may have.
    TooManyCalls,
    /// The script has failed.
    Exception {
        /// By what the log and administrators name it.
        reference: String,
        /// What was wrong, with file and line, where players are told.
        details: Option<String>,
    },
    /// What the script made of it.
    Call(CallError),
    /// The database cannot be asked.
    Store(sqlx::Error),
}

/// A function that players may call.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Callable {
    /// Name of the plugin.
    plugin: String,
    /// Name of the function.
    name: String,
    /// Whether the script announced the function when it was loaded, and handles it by name.
    dynamic: bool,
    /// Possible numbers of arguments; empty for any number.
    arities: Vec<u8>,
    /// The signatures of the function.
    signatures: Vec<Signature>,
    /// What the script announced with a dynamic function.
    #[serde(skip_serializing_if = "Option::is_none")]
    meta: Option<Map<String, Value>>,
}

/// A signature of a function.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Signature {
    /// Number of arguments; null for any number.
    arity: Option<u8>,
    /// Name and parameters.
    signature: String,
    /// Description from the script.
    doc: String,
    /// Example arguments.
    example_args: Vec<Value>,
}

impl Hooks {
    /// The scripts of a folder, whose faults players are told or not.
    pub(crate) fn new(
        folder: PathBuf,
        sources: Sources,
        notifications: Notifications,
        events: Events,
        shows_faults: bool,
    ) -> Self {
        let check_schedule = |when: &str| when.parse::<Cron>().map(|_| ()).map_err(|fault| fault.to_string());
        let plugins = Arc::new(Plugins::new(folder, Rules { may_ask: FUNCTIONS, check_schedule }));
        Self {
            plugins,
            sources: Arc::new(sources),
            notifications,
            events,
            again: Gates::default(),
            slots: Mutex::default(),
            callers: Callers::default(),
            failures: Failures::default(),
            lives: Lives::default(),
            shows_faults,
        }
    }

    /// Loads the scripts, and goes on to look for changes until the shutdown.
    pub(crate) fn start(self: &Arc<Self>, background: &Background) {
        let hooks = self.clone();
        background.keep(Duration::ZERO, LOOK_EVERY, "loading scripts failed", move || {
            let hooks = hooks.clone();
            async move { hooks.refresh().await }
        });
        let hooks = self.clone();
        background.keep(DUE_EVERY, DUE_EVERY, "running due calls of scripts failed", move || {
            let hooks = hooks.clone();
            async move { hooks.make_due().await.map_err(Error::from) }
        });
        let hooks = self.clone();
        background.keep(FORGET_EVERY, FORGET_EVERY, "deleting calls of removed scripts failed", move || {
            let hooks = hooks.clone();
            async move { hooks.sources.store.forget_due(hooks.now_ms()).await.map_err(Error::from) }
        });
        let (hooks, shutdown) = (self.clone(), background.shutdown.clone());
        background.tasks.spawn(async move {
            shutdown.cancelled().await;
            hooks.tell_ending().await;
        });
    }

    /// Loads what has changed.
    ///
    /// # Errors
    /// When the folder cannot be read, or the database cannot be asked.
    pub(crate) async fn refresh(self: &Arc<Self>) -> Result<(), Error> {
        let hooks = self.clone();
        // It goes on when whoever has asked for it has gone: what was loaded has to be told so.
        tokio::spawn(async move { hooks.load().await }).await.map_err(Error::internal)?
    }

    async fn load(&self) -> Result<(), Error> {
        let (plugins, mut waiting) = (self.plugins.clone(), self.lives.loaded.lock().await);
        // Scripts may run for seconds when they are loaded.
        let refreshed = tokio::task::spawn_blocking(move || plugins.refresh()).await;
        waiting.extend(refreshed.map_err(Error::internal)?.map_err(Error::internal)?);
        metrics::gauge!("realmgate_hook_plugins_off").set(self.plugins.off().len() as f64);
        self.subscribe();
        self.keep_schedules().await?;
        self.tell_loaded(&mut waiting).await.map_err(Error::from)
    }

    fn now_ms(&self) -> u64 {
        self.sources.clock.now_ms()
    }

    /// All that players may call, by plugin and name.
    pub fn list(&self) -> Vec<Callable> {
        let states = self.plugins.states().into_iter();
        let all = states.flat_map(|state| state.functions.into_iter().map(move |of| (state.name.clone(), of)));
        let returned = all.filter(|(_, of)| !is_reserved(&of.name) && of.schedule.is_none());
        let mut all: Vec<Callable> = returned.map(|(plugin, of)| Callable::new(plugin, of)).collect();
        all.extend(self.list_known());
        all.sort_by(|a, b| (&a.plugin, &a.name).cmp(&(&b.plugin, &b.name)));
        all
    }

    /// Calls a function for an account.
    ///
    /// # Errors
    /// [`HookError`].
    pub async fn call(&self, account: AccountId, wish: Wish) -> Result<Value, HookError> {
        let (Value::String(plugin), Value::String(function)) = (wish.plugin, wish.function) else {
            return Err(HookError::Invalid);
        };
        let args = args(wish.args, &self.sources.limits)?;
        let is_scheduled = |of: FunctionInfo| of.schedule.is_some();
        if is_reserved(&function) || self.plugins.info(&plugin, &function).is_some_and(is_scheduled) {
            return Err(HookError::Reserved);
        }
        let _turn = self.callers.pass(account).await.ok_or(HookError::TooManyCalls)?;
        let (function, args) = match self.is_known(&plugin, &function, args.len()) {
            true => (BY_NAME, self.fitting(&plugin, BY_NAME, by_name(&function, args))),
            false => (&*function, args),
        };
        let by = By::Player(account.to_string());
        let call = Call { by, plugin: &plugin, function, args, caller: None, realm: None };
        self.run(call, account).await
    }

    /// Does a call, and then what it wants done. Where others have changed what it has read, it is done again.
    async fn run(&self, call: Call<'_>, account: AccountId) -> Result<Value, HookError> {
        let mut _alone = None;
        for _ in 0..TRIES {
            let profile = self.sources.accounts.profile(account).await.map_err(HookError::Store)?;
            let profile = profile.ok_or(HookError::Gone)?;
            let work = Work::begin(self.sources.clone(), Some(&profile));
            let (caller, realm) = (serde_json::to_value(Brief::from(profile)).ok(), Arc::new(work.clone()));
            let answer = self.ask(Call { caller, realm: Some(realm), ..call.clone() }).await;
            let answer = answer.map_err(|error| self.failed(&call, error))?;
            if self.commit(&call, &work.journal()).await? {
                return Ok(answer);
            }
            if _alone.is_none() {
                _alone = Some(self.again.pass(call.plugin.to_owned()).await);
            }
        }
        Err(HookError::Call(CallError::Busy))
    }

    /// What a function of a script is called with by the server: it may have fewer parameters.
    fn fitting(&self, plugin: &str, function: &str, mut args: Vec<Value>) -> Vec<Value> {
        let arity = self.plugins.info(plugin, function).and_then(|info| info.arity);
        args.truncate(arity.map_or(args.len(), usize::from));
        args
    }

    /// Does what a call wants done, and tells of it. Returns `false`, and does nothing, where something that the call has read is
    /// not so any more.
    async fn commit(&self, call: &Call<'_>, journal: &Journal) -> Result<bool, HookError> {
        if journal.is_empty() {
            return Ok(true);
        }
        let committed = self.sources.store.commit(journal, None, self.now_ms()).await;
        match committed.map_err(HookError::Store)? {
            Committed::Done(effects) => {
                self.tell(effects).await;
                Ok(true)
            }
            Committed::Changed => Ok(false),
            Committed::Refused(why) => Err(self.failed(call, CallError::Exception(why.to_owned()))),
        }
    }

    /// What a player is told of a call that has failed. What is wrong with a script is its makers' business: they find it by a reference.
    fn failed(&self, call: &Call<'_>, error: CallError) -> HookError {
        let Some(reference) = self.note(call.plugin, call.function, &error) else { return HookError::Call(error) };
        tracing::warn!(plugin = call.plugin, function = call.function, reference, %error, "script failed in a player's call");
        match error {
            CallError::Exception(text) => {
                HookError::Exception { reference, details: self.shows_faults.then_some(text) }
            }
            other => HookError::Call(other),
        }
    }

    /// Whether any plugin is off, since too many of its calls did not end.
    pub fn are_off(&self) -> bool {
        !self.plugins.off().is_empty()
    }

    /// Turns a plugin off until its file changes.
    pub fn turn_off(&self, plugin: &str) {
        self.plugins.turn_off(plugin);
    }

    async fn tell(&self, effects: Effects) {
        effects.users.into_iter().for_each(|user| self.events.changed(user));
        effects.lobbies.into_iter().for_each(|lobby| self.events.lobby_changed(lobby, Passage::default()));
        for (lobby, is_hidden) in effects.new_lobbies {
            self.events.lobby_changed(lobby, Passage { came: !is_hidden, left: false });
        }
        effects.notifications.into_iter().for_each(|notification| self.notifications.tell(notification));
        for moved in &effects.records {
            self.sources.boards.told(moved).await;
        }
    }
}

/// The arguments of a call: a list; anything else is one argument.
fn args(said: Value, limits: &FieldLimits) -> Result<Vec<Value>, HookError> {
    let args = match said {
        Value::Array(args) => args,
        Value::Null => Vec::new(),
        one => vec![one],
    };
    if args.len() > size(limits.max_hook_args_count) {
        return Err(HookError::TooManyArgs(limits.max_hook_args_count));
    }
    let bytes: usize = args.iter().map(|arg| arg.to_string().len()).sum();
    let most = limits.max_hook_args_size;
    if bytes > size(most) { Err(HookError::ArgsTooLarge(most)) } else { Ok(args) }
}

impl Callable {
    fn new(plugin: String, of: FunctionInfo) -> Self {
        let FunctionInfo { name, arity, signature, doc, .. } = of;
        let signature = Signature { arity, signature, doc, example_args: Vec::new() };
        Self {
            plugin,
            name,
            dynamic: false,
            arities: arity.into_iter().collect(),
            signatures: vec![signature],
            meta: None,
        }
    }
}

impl HookError {
    /// Its code.
    pub fn code(&self) -> &str {
        match self {
            Self::Invalid => "invalid_request",
            Self::TooManyArgs(_) => "too_many_args",
            Self::ArgsTooLarge(_) => "args_too_large",
            Self::Reserved => "reserved_hook_name",
            Self::Gone => "Failed.",
            Self::Call(CallError::NoPlugin) => "plugin_not_found",
            Self::Call(CallError::NoFunction) => "not_implemented",
            Self::Call(CallError::Timeout) => "timeout",
            Self::Call(CallError::Refused(why)) => why,
            Self::TooManyCalls => "too_many_calls",
            Self::Exception { .. } | Self::Call(CallError::Exception(_)) => "exception",
            Self::Call(CallError::Off) => "plugin_off",
            Self::Call(CallError::Busy) | Self::Store(_) => "overloaded",
        }
    }
}
