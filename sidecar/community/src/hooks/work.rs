//! What a call of a script asks of the realm. It reads at once; what it wants done is kept until the call has ended well.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use realmgate_hooks::Realm;
use realmgate_platform::clock::Clock;
use realmgate_protocol::ids::AccountId;
use serde_json::{Map, Value, json};
use tokio::runtime::Handle;
use uuid::Uuid;

use super::args::{Args, Fault, value_key};
use super::fetch::Fetcher;
use crate::accounts::rules::metadata_fault;
use crate::accounts::shapes::{Brief, Public};
use crate::field_limits::{FieldLimits, LONGEST_SLUG, size};
use crate::http::Input;
use crate::leaderboards::Leaderboards;
use crate::lobbies::shapes::Lobby;
use crate::lobbies::wishes::{self, METADATA_FIELDS};
use crate::store::{
    Access, AccountStore, Journal, Kept, LobbyRow, LobbyStore, NewLobby, NoAccess, Notice, ProfileRow, Score,
    ScriptStore, is_score,
};

/// What scripts find in the table `realm`.
pub(super) const FUNCTIONS: &[&str] = &[
    "create_lobby",
    "fetch",
    "lobby",
    "notify",
    "now_ms",
    "set_lobby_metadata",
    "set_user_metadata",
    "set_value",
    "submit_score",
    "user",
    "value",
];
/// How often a call may ask.
const MOST_ASKED: usize = 256;
/// Most things that a call may want done.
const MOST_WANTED: usize = 64;
/// Most bytes of a value, as JSON.
const VALUE_BYTES: usize = 16_384;
/// Most characters of a notification's title, and of what it says.
const TITLE_CHARS: u32 = 80;
const CONTENT_CHARS: usize = 500;

/// What scripts ask about.
pub(crate) struct Sources {
    pub(crate) store: ScriptStore,
    pub(crate) accounts: AccountStore,
    pub(crate) lobbies: LobbyStore,
    pub(crate) boards: Arc<Leaderboards>,
    pub(crate) fetcher: Fetcher,
    pub(crate) clock: Clock,
    pub(crate) limits: FieldLimits,
}

/// A call under way. Copies are the same one.
#[derive(Clone)]
pub(super) struct Work(Arc<Inner>);

struct Inner {
    sources: Arc<Sources>,
    /// Where the database is asked: the thread of a plugin is none of its own.
    runtime: Handle,
    caller: Option<AccountId>,
    may_write: bool,
    journal: Mutex<Journal>,
    asked: AtomicUsize,
}

impl Work {
    /// A call for a user, whose metadata the script sees as `caller.metadata`; or for nobody.
    ///
    /// # Panics
    /// Outside of a runtime.
    pub(super) fn begin(sources: Arc<Sources>, caller: Option<&ProfileRow>) -> Self {
        Self::new(sources, caller, true)
    }

    /// A call that may only look: what it is asked about has not happened yet.
    ///
    /// # Panics
    /// Outside of a runtime.
    pub(super) fn looking(sources: Arc<Sources>) -> Self {
        Self::new(sources, None, false)
    }

    fn new(sources: Arc<Sources>, caller: Option<&ProfileRow>, may_write: bool) -> Self {
        let mut journal = Journal::default();
        if let Some(caller) = caller {
            journal.users.note(caller.account, Some(caller.metadata.clone()));
        }
        let caller = caller.map(|caller| caller.account);
        let (runtime, journal) = (Handle::current(), Mutex::new(journal));
        Self(Arc::new(Inner { sources, runtime, caller, may_write, journal, asked: AtomicUsize::new(0) }))
    }

    /// What the call wants done.
    pub(super) fn journal(&self) -> Journal {
        self.0.journal().clone()
    }
}

impl Realm for Work {
    fn ask(&self, function: &str, args: Vec<Value>, left: Duration) -> Result<Value, String> {
        if self.0.asked.fetch_add(1, Ordering::Relaxed) >= MOST_ASKED {
            return Err(format!("a call may use `realm` at most {MOST_ASKED} times"));
        }
        let (call, function) = (self.0.clone(), function.to_owned());
        let (answer, answered) = sync_channel(1);
        let asked = self.0.runtime.spawn(async move { answer.send(call.answer(&function, Args::of(args)).await) });
        match answered.recv_timeout(left) {
            Ok(answer) => answer.map_err(|Fault(words)| words),
            Err(RecvTimeoutError::Disconnected) => Err("the server is shutting down".to_owned()),
            Err(RecvTimeoutError::Timeout) => {
                // Nobody waits for it any more: a call of another program would go on.
                asked.abort();
                Err("no response in time".to_owned())
            }
        }
    }
}

impl Inner {
    async fn answer(&self, function: &str, mut args: Args) -> Result<Value, Fault> {
        match function {
            "fetch" => self.sources.fetcher.fetch(&args.table("request")?).await,
            "now_ms" => Ok(json!(self.sources.clock.now_ms())),
            "user" => self.user(args.id("user")?).await,
            "lobby" => self.lobby(args.id("lobby")?).await,
            "value" => self.value(args).await,
            "create_lobby" => self.create_lobby(&mut args),
            "set_user_metadata" => self.set_user_metadata(args),
            "set_lobby_metadata" => self.set_lobby_metadata(args),
            "set_value" => self.set_value(args).await,
            "submit_score" => self.submit_score(args).await,
            "notify" => self.notify(args),
            _ => Err("unknown function".into()),
        }
    }

    async fn user(&self, id: AccountId) -> Result<Value, Fault> {
        let found = self.sources.accounts.profile(id).await?;
        let metadata = self.journal().users.note(id, found.as_ref().map(|found| found.metadata.clone()));
        let (Some(mut found), Some(metadata)) = (found, metadata) else { return Ok(Value::Null) };
        found.metadata = metadata;
        Ok(json!(Public::from(found)))
    }

    async fn lobby(&self, id: Uuid) -> Result<Value, Fault> {
        let made = self.journal().new_lobbies.iter().find(|new| new.id == id).cloned();
        if let Some(NewLobby { id, settings, .. }) = made {
            let mut lobby = LobbyRow { id, host: None, host_name: String::new(), settings, spectators: 0 };
            if let Some(Some(metadata)) = self.journal().lobbies.known(&id) {
                lobby.settings.metadata = metadata;
            }
            return Ok(lobby_shape(lobby, Vec::new()));
        }
        let found = self.sources.lobbies.with_members(id).await?;
        let metadata = found.as_ref().map(|(lobby, _)| lobby.settings.metadata.clone());
        let metadata = self.journal().lobbies.note(id, metadata);
        let (Some((mut lobby, members)), Some(metadata)) = (found, metadata) else { return Ok(Value::Null) };
        lobby.settings.metadata = metadata;
        Ok(lobby_shape(lobby, members))
    }

    async fn value(&self, mut args: Args) -> Result<Value, Fault> {
        let key = value_key(args.key()?, &args.table("third argument")?)?;
        let known = self.journal().values.known(&key);
        let kept = match known {
            Some(kept) => kept,
            None => {
                let found = self.sources.store.value(&key).await?;
                self.journal().values.note(key, found)
            }
        };
        Ok(kept.map_or(Value::Null, |kept| kept.value))
    }

    /// `nil` removes it. Who may read it stays as it was where the script does not say; of a new one, only scripts.
    async fn set_value(&self, mut args: Args) -> Result<Value, Fault> {
        let (key, value, of) = (args.key()?, args.value(), args.table("third argument")?);
        let access = match of.get("access") {
            None | Some(Value::Null) => None,
            Some(word) => Some(word.as_str().unwrap_or_default().parse().map_err(words)?),
        };
        let key = value_key(key, &of)?;
        if value.is_null() {
            return self.want(|journal| journal.values.write(key, None));
        }
        if value.to_string().len() > VALUE_BYTES {
            return Err(Fault(format!("the value has more than {VALUE_BYTES} bytes")));
        }
        let access = match access {
            Some(access) => access,
            None => {
                let known = self.journal().values.known(&key);
                let there = match known {
                    Some(kept) => kept,
                    None => self.sources.store.value(&key).await?,
                };
                there.map_or(Access::ServerOnly, |there| there.access)
            }
        };
        self.want(|journal| journal.values.write(key, Some(Kept { value, access })))
    }

    /// A lobby without a host. Returns its id, by which the same call may go on with it.
    fn create_lobby(&self, args: &mut Args) -> Result<Value, Fault> {
        let attrs = args.table("first argument")?;
        if attrs.contains_key("password") {
            return Err("a lobby created by a script cannot have a password: use `before_lobby_join`".into());
        }
        let limits = &self.sources.limits;
        let wanted = wishes::read(&Input::from(attrs), limits).map_err(|faults| {
            let faults =
                faults.iter().flat_map(|(field, faults)| faults.iter().map(move |fault| format!("{field} {fault}")));
            Fault(faults.collect::<Vec<_>>().join(", "))
        })?;
        let id = Uuid::now_v7();
        let settings = wanted.settings(id, None, limits);
        let new = NewLobby { id, host: None, settings, at_ms: self.sources.clock.now_ms() };
        self.want(|journal| journal.new_lobbies.push(new))?;
        Ok(json!(id.to_string()))
    }

    fn set_user_metadata(&self, mut args: Args) -> Result<Value, Fault> {
        let (user, metadata) = (args.id("user")?, metadata(&mut args, &self.sources.limits)?);
        self.want(|journal| journal.users.write(user, Some(metadata)))
    }

    fn set_lobby_metadata(&self, mut args: Args) -> Result<Value, Fault> {
        let (lobby, metadata) = (args.id("lobby")?, metadata(&mut args, &self.sources.limits)?);
        if metadata.len() > METADATA_FIELDS {
            return Err(Fault(format!("the metadata has more than {METADATA_FIELDS} fields")));
        }
        self.want(|journal| journal.lobbies.write(lobby, Some(metadata)))
    }

    async fn submit_score(&self, mut args: Args) -> Result<Value, Fault> {
        let (board, user, score) =
            (args.text("leaderboard", size(LONGEST_SLUG))?, args.id("user")?, args.number("score")?);
        let metadata = metadata(&mut args, &self.sources.limits)?;
        if !is_score(score) {
            return Err("the score is out of range".into());
        }
        let board = self.sources.boards.look_up(&board).await?.ok_or("unknown leaderboard")?;
        self.want(|journal| journal.scores.push(Score { board: board.id, user, score, metadata }))
    }

    fn notify(&self, mut args: Args) -> Result<Value, Fault> {
        let recipient = args.id("user")?;
        let (title, content) = (args.line("title", TITLE_CHARS)?, args.text("content", CONTENT_CHARS)?);
        let metadata = Value::Object(metadata(&mut args, &self.sources.limits)?);
        // Nobody has called: it is from whom it is for.
        let sender = self.caller.unwrap_or(recipient);
        self.want(|journal| journal.notices.push(Notice { sender, recipient, title, content, metadata }))
    }

    fn want(&self, note: impl FnOnce(&mut Journal)) -> Result<Value, Fault> {
        if !self.may_write {
            return Err("a `before_` function cannot change anything".into());
        }
        let mut journal = self.journal();
        if journal.len() >= MOST_WANTED {
            return Err(Fault(format!("a call may make at most {MOST_WANTED} changes")));
        }
        note(&mut journal);
        Ok(Value::Null)
    }

    fn journal(&self) -> MutexGuard<'_, Journal> {
        self.journal.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A lobby as scripts see it.
pub(crate) fn lobby_shape(lobby: LobbyRow, members: Vec<ProfileRow>) -> Value {
    let mut lobby = json!(Lobby::from(lobby));
    lobby["members"] = members.into_iter().map(|member| json!(Brief::from(member))).collect();
    lobby
}

fn metadata(args: &mut Args, limits: &FieldLimits) -> Result<Map<String, Value>, Fault> {
    let metadata = Value::Object(args.table("metadata")?);
    match (metadata_fault(&metadata, limits), metadata) {
        (None, Value::Object(fields)) => Ok(fields),
        (fault, _) => Err(Fault(format!("the metadata {}", fault.unwrap_or("is invalid".into())))),
    }
}

fn words(error: NoAccess) -> Fault {
    Fault(error.to_string())
}
